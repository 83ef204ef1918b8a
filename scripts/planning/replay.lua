--- Replays a history of accepted steps over a pipeline: the one place where a cursor moves.

local pipelines = require "planning.pipeline"
local prose = require "lib.prose"
local tables = require "lib.tables"

local FINDINGS <const> = "findings"
local DECISIONS <const> = {
  ["approve-auto"] = true, ["approve-needs-human"] = true, reject = true,
}

---@class mighost.Position where a history leads to
---@field cursor string
---@field review_findings string|nil output that the findings to revise are in
---@field final_decision string|nil
---@field visits table<string, integer> how often each stage was accepted since the last reopening

local function reopen(pipeline, position)
  if not pipelines.can_reopen(pipeline, position.cursor) then
    return nil, ("planning cannot be reopened at '%s'"):format(position.cursor)
  end
  position.cursor = pipeline.refine.to
  position.review_findings = nil
  position.final_decision = nil
  position.visits = {}
  return true
end

---Why a stage may not run again before planning is reopened; nil when it may.
local function limit_reached(pipeline, visits, cursor)
  local limit = pipeline.max_visits[cursor]
  if limit and (visits[cursor] or 0) >= limit then
    return ("visit-limit: '%s' has run %s, which is all it may"):format(cursor,
      prose.count(limit, "time"))
  end
end

local function join(outcomes)
  return #outcomes > 0 and table.concat(outcomes, ", ") or "none"
end

local function advance(pipeline, position, step)
  local name, outcome = step.name, step.outcome
  if name ~= position.cursor then
    return nil, ("step '%s' is accepted where '%s' is due"):format(name, position.cursor)
  end
  local cursor = pipelines.edge(pipeline, name, outcome)
  if not cursor then
    return nil, ("step '%s' has the outcome '%s', which is not among: %s"):format(name, outcome,
      join(pipelines.outcomes(pipeline, name)))
  end
  local visits = position.visits
  visits[name] = (visits[name] or 0) + 1
  local refusal = limit_reached(pipeline, visits, cursor)
  if refusal then
    return nil, refusal, "EVISITS"
  end
  if outcome == FINDINGS and pipeline.refine and cursor == pipeline.refine.to then
    position.review_findings = step.stdout
  end
  if pipelines.is_terminal(pipeline, cursor) then
    position.final_decision = DECISIONS[outcome] and outcome or nil
  end
  position.cursor = cursor
  return true
end

local M = {}

---Follows a history from the start. A count in `reopenings` says after how many steps planning was
---reopened; counts are strictly increasing, each from 1 to the number of steps.
---@param pipeline mighost.Pipeline
---@param steps mighost.CompletedStep[]
---@param reopenings integer[]
---@return mighost.Position|nil
---@return string|nil message
---@return "EVISITS"|nil NAME when a stage's limit of visits is reached
function M.run(pipeline, steps, reopenings)
  local position = { cursor = pipeline.start, visits = {} }
  local next_reopening = 1
  for done = 0, #steps do
    if reopenings[next_reopening] == done then
      local ok, message = reopen(pipeline, position)
      if not ok then
        return nil, message
      end
      next_reopening = next_reopening + 1
    end
    if done < #steps then
      local ok, message, name = advance(pipeline, position, steps[done + 1])
      if not ok then
        return nil, message, name
      end
    end
  end
  if reopenings[next_reopening] then
    return nil, ("planning cannot be reopened after %d steps"):format(reopenings[next_reopening])
  end
  return position
end

---Whether the stage at a position can lead anywhere: if each of its outcomes leads to a stage
---that may not run again, its answer would be paid for in vain.
---@param pipeline mighost.Pipeline
---@param position mighost.Position
---@return true|nil
---@return string|nil message
---@return "EVISITS"|nil NAME
function M.check_due(pipeline, position)
  local visits, refusal = tables.copy(position.visits), nil
  visits[position.cursor] = (visits[position.cursor] or 0) + 1
  for _, outcome in ipairs(pipelines.outcomes(pipeline, position.cursor)) do
    refusal = limit_reached(pipeline, visits, pipelines.edge(pipeline, position.cursor, outcome))
    if not refusal then
      return true
    end
  end
  return nil, refusal, "EVISITS"
end

return M
