--- A pipeline with the stages that its names mean: what does not fit together, which stages were
--- surely accepted before which, how many calls it takes at worst.

local calls = require "planning.inspect_calls"
local pipelines = require "planning.pipeline"
local tables = require "lib.tables"
local workflow = require "planning.workflow"

---Whether a walk from the start comes to `name` without passing `without`.
local function is_reached(pipeline, name, without)
  local marks, waiting = {}, { pipeline.start }
  while #waiting > 0 do
    local cursor = table.remove(waiting)
    if cursor == name then
      return true
    end
    if not marks[cursor] and cursor ~= without then
      marks[cursor] = true
      for _, target in pairs(pipeline.edges[cursor] or {}) do
        waiting[#waiting + 1] = target
      end
      waiting[#waiting + 1] = pipelines.can_reopen(pipeline, cursor) and pipeline.refine.to or nil
    end
  end
  return false
end

---Why the file of a stage cannot be one; nil where it can, or says so itself.
local function check_file(found, name)
  if not found then
    return "missing-stage", ("there is no stage %s"):format(name),
      ("write stages/%s.lua, or remove the stage here"):format(name)
  elseif found.shape == "pipeline" then
    return "not-a-stage", ("%s is a pipeline, not a stage"):format(name), "name a stage"
  end
end

---Stages from which nothing leads on once the visits of others are used up.
local function find_dead_ends(pipeline)
  local found = {}
  for _, name in ipairs(tables.sorted_keys(pipeline.edges)) do
    local barred
    for _, outcome in ipairs(pipelines.outcomes(pipeline, name)) do
      local target = pipelines.edge(pipeline, name, outcome)
      if not (pipeline.max_visits[target] and pipelines.reachable(pipeline, target)[name]) then
        barred = nil
        break
      end
      barred = target
    end
    if barred and not pipelines.can_reopen(pipeline, name) then
      found[#found + 1] = {
        severity = "warning", code = "dead-end", at = { "edges", name },
        message = ("once %s has used up its visits, nothing leads on from %s, and feedback cannot "
          .. "reopen planning there"):format(barred, name),
        mend = ("add %q to refine.from"):format(name),
      }
    end
  end
  return found
end

local M = {}

---Checks a pipeline.
---@param pipeline mighost.Pipeline
---@param files table<string, mighost.InspectedFile> what serves each name in stages/
---@param report fun(problem: mighost.Problem)
function M.check(pipeline, files, report)
  local stages = {}
  for _, name in ipairs(tables.sorted_keys(pipeline.edges)) do
    local code, message, mend = check_file(files[name], name)
    if code then
      report { severity = "error", code = code, at = { "edges", name }, message = message,
        mend = mend }
    end
    stages[name] = files[name] and files[name].shape == "stage" and files[name].value or nil
  end
  for _, problem in ipairs(workflow.problems(pipeline, stages, {})) do
    report(problem)
  end
  for _, problem in ipairs(find_dead_ends(pipeline)) do
    report(problem)
  end
end

---The stages that were surely accepted before one runs, and those that may have been.
---@param pipeline mighost.Pipeline
---@param name string
---@return table<string, boolean> certain
---@return table<string, boolean> possible
function M.before(pipeline, name)
  local certain, possible = {}, {}
  for step in pairs(pipeline.edges) do
    possible[step] = true
    certain[step] = step ~= name and not is_reached(pipeline, name, step) or nil
  end
  return certain, possible
end

---@param pipeline mighost.Pipeline
---@return integer
M.calls = calls.worst

return M
