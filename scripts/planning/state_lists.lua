--- The lists of a state: accepted steps, feedback, reopenings.

local fields = require "lib.strict_fields"
local paths = require "lib.paths"
local strict = require "lib.strict"

local STAGES <const> = ".planning/stages/"

local STEP <const> = fields.spec {
  name = "string", completed_at = "string", outcome = "string", outputs = "any",
  agent = "string?", model = "string?", effort = "string?",
}
local FEEDBACK <const> = fields.spec { received_at = "string", source = "string", text = "string" }
local STEP_PREFIXES <const> = fields.item_prefixes("completed_steps")
local FEEDBACK_PREFIXES <const> = fields.item_prefixes("feedback")
local SOURCES <const> = { message = true, file = true }

---The part of an output's path that is inside the published migration; nil where it is elsewhere.
---Nearly every output lies in the one folder, which is seen at a glance.
local function path_inside(path, published)
  local prefix = published .. "/" .. STAGES
  if path:find(prefix, 1, true) == 1 and path:find("^[^/.][^/]*$", #prefix + 1) then
    return path:sub(#published + 2)
  end
  return paths.beneath(path, published)
end

---The path of a step's accepted output, as it is written.
local function decode_outputs(outputs, where, env)
  if not strict.is_object(outputs) then
    return fields.wrong_type(where .. "outputs", "an object", outputs)
  end
  local stdout = outputs.stdout
  if type(stdout) ~= "string" then
    return fields.wrong_type(where .. "outputs.stdout", "a string", stdout)
  end
  if next(outputs, next(outputs)) ~= nil then
    return nil, ("'%soutputs' must have the one key 'stdout'"):format(where)
  end
  local path = path_inside(stdout, env.published)
  if not path then
    return nil, ("%soutputs.stdout is not inside %s: %s"):format(where, env.published, stdout)
  elseif not env.exists(path) then
    return nil, ("%soutputs.stdout names no file of this migration: %s"):format(where, stdout)
  end
  return stdout
end

local function decode_step(object, index, env)
  local where = STEP_PREFIXES[index]
  if not strict.is_object(object) then
    return fields.wrong_type(where:sub(1, -2), "an object", object)
  end
  local ok, message = fields.check(object, STEP, where)
  if not ok then
    return nil, message
  end
  local stdout, why = decode_outputs(object.outputs, where, env)
  if not stdout then
    return nil, why
  end
  return {
    name = object.name, completed_at = object.completed_at, outcome = object.outcome,
    stdout = stdout, agent = object.agent, model = object.model, effort = object.effort,
  }
end

---A bare string is what an older version wrote.
local function decode_feedback(item, index)
  local where = FEEDBACK_PREFIXES[index]
  if type(item) == "string" then
    return { received_at = "", source = "message", text = item }
  elseif not strict.is_object(item) then
    return fields.wrong_type(where:sub(1, -2), "an object", item)
  end
  local ok, message = fields.check(item, FEEDBACK, where)
  if not ok then
    return nil, message
  elseif not SOURCES[item.source] then
    return nil, ("'%ssource' must be message or file, found %q"):format(where, item.source)
  end
  return { received_at = item.received_at, source = item.source, text = item.text }
end

local function decode_list(value, field, decode_item, env)
  if not strict.is_array(value) then
    return fields.wrong_type(field, "an array", value)
  end
  local list = {}
  for index, item in ipairs(value) do
    local decoded, message = decode_item(item, index, env)
    if not decoded then
      return nil, message
    end
    list[index] = decoded
  end
  return list
end

local M = {}

---The counts at which planning was reopened; an older version wrote a single one under another key.
---@param object table the strict state
---@param step_count integer
---@return integer[]|nil
---@return string|nil message
function M.decode_reopenings(object, step_count)
  local counts, single = object.revision_base_step_counts, object.revision_base_step_count
  if single ~= nil and single ~= strict.null then
    if counts ~= nil then
      return nil, "it has both revision_base_step_counts and revision_base_step_count"
    end
    counts = strict.array { single }
  end
  if counts == nil then
    return {}
  elseif not strict.is_array(counts) then
    return fields.wrong_type("revision_base_step_counts", "an array", counts)
  end
  local decoded, last = {}, 0
  for index, value in ipairs(counts) do
    local count = strict.integer(value)
    if not count then
      return fields.wrong_type("revision_base_step_counts[]", "an integer", value)
    elseif count <= last or count > step_count then
      return nil, "revision_base_step_counts must increase, each from 1 to the number of steps"
    end
    decoded[index], last = count, count
  end
  return decoded
end

---@param value any
---@param env mighost.StateEnv
---@return mighost.CompletedStep[]|nil
---@return string|nil message
function M.decode_steps(value, env)
  return decode_list(value, "completed_steps", decode_step, env)
end

---@param value any
---@return mighost.Feedback[]|nil
---@return string|nil message
function M.decode_feedback(value)
  return decode_list(value, "feedback", decode_feedback)
end

---@param steps mighost.CompletedStep[]
---@return table array a strict array
function M.encode_steps(steps)
  local array = strict.array()
  for index, step in ipairs(steps) do
    array[index] = strict.object {
      name = step.name,
      completed_at = step.completed_at,
      outcome = step.outcome,
      outputs = strict.object { stdout = step.stdout },
      agent = fields.or_null(step.agent),
      model = fields.or_null(step.model),
      effort = fields.or_null(step.effort),
    }
  end
  return array
end

---@param feedback mighost.Feedback[]
---@return table array a strict array
function M.encode_feedback(feedback)
  local array = strict.array()
  for index, item in ipairs(feedback) do
    array[index] = strict.object {
      received_at = item.received_at, source = item.source, text = item.text,
    }
  end
  return array
end

return M
