--- .planning/state.json as text: strict types, no unknown keys, a history that leads to its cursor.

local fields = require "lib.strict_fields"
local lists = require "planning.state_lists"
local pipelines = require "planning.pipeline"
local replay = require "planning.replay"
local strict = require "lib.strict"

local SCHEMA_VERSION <const> = 1

local STATE <const> = fields.spec {
  schema_version = "any", target = "string", next_step = "string", completed_steps = "any",
  started_at = "string", updated_at = "string", feedback = "any", review_findings = "string|null",
  final_decision = "string|null", final_reason = "string|null", revision_base_step_counts = "any",
  revision_base_step_count = "any", pipeline = "any",
}

local function check_scalars(object)
  local ok, message = fields.check(object, STATE, "")
  if not ok then
    return nil, message
  elseif strict.kind(object.schema_version) ~= "integer" then
    return fields.wrong_type("schema_version", "the integer 1", object.schema_version)
  elseif object.schema_version ~= SCHEMA_VERSION then
    return nil, "a schema_version that this version of mighost does not know"
  end
  return true
end

local function differs(field, written, replayed)
  if written == replayed then
    return false
  end
  return ("%s is %s, but the accepted steps lead to %s"):format(field,
    written and "'" .. written .. "'" or "null", replayed and "'" .. replayed .. "'" or "null")
end

---Whether what the state says about itself is what its history leads to.
local function check_replay(state)
  local position, message = replay.run(state.graph, state.completed_steps,
    state.revision_base_step_counts)
  if not position then
    return nil, message
  end
  local difference = differs("next_step", state.next_step, position.cursor)
    or differs("review_findings", state.review_findings, position.review_findings)
    or differs("final_decision", state.final_decision, position.final_decision)
  if difference then
    return nil, difference
  end
  local has_reason = state.final_reason ~= nil and state.final_reason ~= ""
  if state.final_decision and not has_reason then
    return nil, "final_reason must be given with a final decision"
  elseif not state.final_decision and state.final_reason then
    return nil, "final_reason must be null without a final decision"
  end
  return true
end

---The lists and the graph of a state whose scalars are sound.
local function decode_parts(object, env)
  local steps, feedback, reopenings, recorded, message
  steps, message = lists.decode_steps(object.completed_steps, env)
  if not steps then
    return nil, message
  end
  feedback, message = lists.decode_feedback(object.feedback)
  if not feedback then
    return nil, message
  end
  reopenings, message = lists.decode_reopenings(object, #steps)
  if not reopenings then
    return nil, message
  end
  if object.pipeline ~= nil then
    recorded, message = pipelines.from_record(object.pipeline)
    if not recorded then
      return nil, message
    end
  end
  return {
    target = object.target,
    next_step = object.next_step,
    completed_steps = steps,
    started_at = object.started_at,
    updated_at = object.updated_at,
    feedback = feedback,
    review_findings = object.review_findings,
    final_decision = object.final_decision,
    final_reason = object.final_reason,
    revision_base_step_counts = reopenings,
    pipeline = recorded,
    graph = recorded or env.pipeline,
  }
end

local M = {}

---@class mighost.StateEnv what a state is checked against
---@field pipeline mighost.Pipeline the one that counts where the state records none
---@field published string the migration's published directory, relative to the repository's root
---@field exists fun(path: string): boolean whether a path inside the migration is a file of it

---@param text string
---@param env mighost.StateEnv
---@return mighost.State|nil
---@return string|nil message
function M.decode(text, env)
  local object, why = strict.decode(text)
  if object == nil then
    return nil, why
  elseif not strict.is_object(object) then
    return nil, "the state must be an object, found " .. strict.kind(object)
  end
  local ok, message = check_scalars(object)
  if not ok then
    return nil, message
  end
  local state, problem = decode_parts(object, env)
  if not state then
    return nil, problem
  end
  ok, message = check_replay(state)
  if not ok then
    return nil, message
  end
  return state
end

---@param state mighost.State
---@return string|nil text of state.json
---@return string|nil message where a string is not UTF-8
function M.encode(state)
  local counts = state.revision_base_step_counts
  return strict.encode(strict.object {
    schema_version = SCHEMA_VERSION,
    target = state.target,
    next_step = state.next_step,
    completed_steps = lists.encode_steps(state.completed_steps),
    started_at = state.started_at,
    updated_at = state.updated_at,
    feedback = lists.encode_feedback(state.feedback),
    review_findings = fields.or_null(state.review_findings),
    final_decision = fields.or_null(state.final_decision),
    final_reason = fields.or_null(state.final_reason),
    revision_base_step_counts = strict.array(table.move(counts, 1, #counts, 1, {})),
    pipeline = state.pipeline and pipelines.to_record(state.pipeline) or nil,
  })
end

return M
