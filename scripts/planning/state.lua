--- A migration's planning state: the accepted steps and where they lead.
---
--- A state is never changed in place: each operation gives a new one, which replays.

local codec = require "planning.state_codec"
local durable = require "migration.durable"
local links = require "migration.links"
local pipelines = require "planning.pipeline"
local replay = require "planning.replay"
local tables = require "lib.tables"

local FILE <const> = ".planning/state.json"
local STAGES <const> = ".planning/stages"
local OUTPUT <const> = STAGES .. "/%s%s.stdout.md"

local function appended(list, item)
  local longer = table.move(list, 1, #list, 1, {})
  longer[#longer + 1] = item
  return longer
end

---The state with what its history leads to filled in.
local function settle(state)
  local position, message, name = replay.run(state.graph, state.completed_steps,
    state.revision_base_step_counts)
  if not position then
    return nil, message, name
  end
  state.next_step = position.cursor
  state.review_findings = position.review_findings
  state.final_decision = position.final_decision
  if not position.final_decision then
    state.final_reason = nil
  end
  return state
end

---The regular files in the folder of outputs, by path.
local function list_outputs(dir)
  local files = {}
  for _, entry in ipairs(dir:list(STAGES) or {}) do
    if entry.kind == "file" then
      files[STAGES .. "/" .. entry.name] = true
    end
  end
  return files
end

local M = { FILE = FILE, decode = codec.decode, encode = codec.encode }

---A state at the start of a pipeline, which it records unless it is mighost's own.
---@param about { target: string, now: string, pipeline: mighost.Pipeline|nil } `now` in ISO 8601
---@return mighost.State|nil
---@return string|nil message
---@return string|nil NAME
function M.new(about)
  local built_in, message, name = pipelines.built_in()
  if not built_in then
    return nil, message, name
  end
  local graph = about.pipeline or built_in
  return {
    target = about.target,
    next_step = graph.start,
    completed_steps = {},
    started_at = about.now,
    updated_at = about.now,
    feedback = {},
    revision_base_step_counts = {},
    pipeline = not pipelines.same(graph, built_in) and graph or nil,
    graph = graph,
  }
end

---Whether a path inside a migration names a file of it, links followed as long as they stay inside.
---The folder of outputs is listed once, so that many of them cost little.
---@param dir host.fs.Dir the migration
---@return fun(path: string): boolean
function M.files_of(dir)
  local outputs
  return function(path)
    outputs = outputs or list_outputs(dir)
    if outputs[path] then
      return true
    end
    local found = links.stat(dir, path)
    return found ~= nil and found.kind == "file"
  end
end

---Reads a migration's state; links are followed.
---@param dir host.fs.Dir the migration, wherever it is
---@param published string its published directory, relative to the repository's root
---@return mighost.State|nil
---@return string|nil message
---@return string|nil NAME ENOENT when there is none
function M.load(dir, published)
  local built_in, message, name = pipelines.built_in()
  if not built_in then
    return nil, message, name
  end
  local text, problem, why = durable.read(dir, FILE)
  if not text then
    return nil, problem, why
  end
  local state, trouble = codec.decode(text, {
    pipeline = built_in, published = published, exists = M.files_of(dir),
  })
  if not state then
    return durable.refuse(FILE, trouble)
  end
  return state
end

---@class mighost.AcceptedStep: mighost.CompletedStep
---@field reason string|nil why the judge decided so

---The state after an accepted step.
---@param state mighost.State
---@param step mighost.AcceptedStep
---@return mighost.State|nil
---@return string|nil message
---@return "EVISITS"|nil NAME when it would lead to a stage that may not run again
function M.accept(state, step)
  local accepted = tables.copy(state, {
    updated_at = step.completed_at,
    completed_steps = appended(state.completed_steps, {
      name = step.name, completed_at = step.completed_at, outcome = step.outcome,
      stdout = step.stdout, agent = step.agent, model = step.model, effort = step.effort,
    }),
  })
  local settled, message, name = settle(accepted)
  if not settled then
    return nil, message, name
  end
  if settled.final_decision then
    local reason = step.reason
    settled.final_reason = reason and reason ~= "" and reason or settled.final_decision
  end
  return settled
end

---The state with planning reopened, so that the next step revises the plan.
---@param state mighost.State
---@param now string
---@return mighost.State|nil
---@return string|nil message
function M.reopen(state, now)
  if #state.completed_steps == 0 then
    return nil, "planning cannot be reopened before its first step"
  end
  return settle(tables.copy(state, {
    updated_at = now,
    revision_base_step_counts = appended(state.revision_base_step_counts, #state.completed_steps),
  }))
end

---The state under another pipeline, with the cursor that its history leads to there.
---@param state mighost.State
---@param pipeline mighost.Pipeline
---@return mighost.State|nil
---@return string|nil message
---@return string|nil NAME
function M.adopt(state, pipeline)
  local built_in, message, name = pipelines.built_in()
  if not built_in then
    return nil, message, name
  end
  local adopted = tables.copy(state, { graph = pipeline })
  adopted.pipeline = not pipelines.same(pipeline, built_in) and pipeline or nil
  local settled, why, code = settle(adopted)
  if settled and settled.final_decision then
    settled.final_reason = settled.final_reason or settled.final_decision
  end
  return settled, why, code
end

---@param state mighost.State
---@param feedback mighost.Feedback
---@return mighost.State
function M.add_feedback(state, feedback)
  return tables.copy(state, {
    updated_at = feedback.received_at,
    feedback = appended(state.feedback, feedback),
  })
end

---Whether the step that is due can lead anywhere.
---@param state mighost.State
---@return true|nil
---@return string|nil message
---@return string|nil NAME `EVISITS` when every outcome leads to a stage that may not run again
function M.check_due(state)
  local position, message, name = replay.run(state.graph, state.completed_steps,
    state.revision_base_step_counts)
  if not position then
    return nil, message, name
  end
  return replay.check_due(state.graph, position)
end

---How often a stage was accepted so far, reopenings or not.
---@param state mighost.State
---@param step string
---@return integer
function M.visits(state, step)
  local count = 0
  for _, completed in ipairs(state.completed_steps) do
    if completed.name == step then
      count = count + 1
    end
  end
  return count
end

---Where the next output of a stage goes: the first name that is free, so none is ever rewritten.
---@param state mighost.State
---@param step string
---@param taken fun(path: string): boolean whether something is at a path inside the migration
---@return string path inside the migration
function M.output_path(state, step, taken)
  local named = {}
  for _, completed in ipairs(state.completed_steps) do
    named[completed.stdout:match("[^/]*$")] = true
  end
  local number = 1
  while true do
    local path = OUTPUT:format(step, number == 1 and "" or "-" .. number)
    if not named[path:match("[^/]*$")] and not taken(path) then
      return path
    end
    number = number + 1
  end
end

return M
