--- manifest.json: status, phases and schedule of one migration, read strictly, written back whole.

local durable = require "migration.durable"
local fields = require "lib.strict_fields"
local strict = require "lib.strict"

local FILE <const> = "manifest.json"

local STATUSES <const> = {
  planning = true, ready = true, ["in-progress"] = true, skipped = true, done = true,
}
local EFFORTS <const> = { low = true, medium = true, high = true, xhigh = true }

local PHASE_PREFIXES <const> = fields.item_prefixes("phases")

local MANIFEST <const> = fields.spec {
  name = "string", status = "string", created_at = "string", last_touch = "string",
  wake_up_on = "string?", cooldown_until = "string?", awaiting_human_review = "boolean?",
  human_review_reason = "string?", current_phase = "any", phases = "any",
}
local PHASE <const> = fields.spec {
  name = "string", file = "string", precondition = "string", ready_when = "any", done = "boolean",
  required_effort = "string?", effort_reason = "string?",
}

---@return mighost.Phase|nil
---@return string|nil message
local function decode_phase(object, index)
  local prefix = PHASE_PREFIXES[index]
  if not strict.is_object(object) then
    return fields.wrong_type(prefix:sub(1, -2), "an object", object)
  end
  if object.precondition == nil then
    object.precondition = object.ready_when
  end
  local extra = {}
  local ok, message = fields.check(object, PHASE, prefix, extra)
  if not ok then
    return nil, message
  end
  local effort = object.required_effort
  if effort and not EFFORTS[effort] then
    return nil, ("'%srequired_effort': unknown effort %q"):format(prefix, effort)
  end
  return {
    name = object.name,
    file = object.file,
    precondition = object.precondition,
    done = object.done,
    required_effort = effort,
    effort_reason = object.effort_reason,
    extra = extra,
  }
end

---The phases and the set of their names, or nil and a message.
local function decode_phases(value)
  local phases, names = {}, {}
  if value == nil or value == strict.null then
    return phases, names
  end
  if not strict.is_array(value) then
    return fields.wrong_type("phases", "an array", value)
  end
  for index, object in ipairs(value) do
    local phase, message = decode_phase(object, index)
    if not phase then
      return nil, message
    end
    if names[phase.name] then
      return nil, ("two phases with the name %q"):format(phase.name)
    end
    phases[index], names[phase.name] = phase, true
  end
  return phases, names
end

---A number is what an older version wrote: an index into the phases, counted from 0.
local function decode_current_phase(value, phases, names)
  local index = strict.integer(value)
  if index then
    local phase = index >= 0 and index < #phases and phases[index + 1]
    return phase and phase.name or ""
  end
  if type(value) ~= "string" then
    return fields.wrong_type("current_phase", "the name of a phase or empty", value)
  end
  if value ~= "" and not names[value] then
    return nil, ("'current_phase' names no phase: %q"):format(value)
  end
  return value
end

---A strict object of the unknown keys, to which the known ones are added.
local function with_extra(extra)
  local object = strict.object()
  for key, value in next, extra do
    object[key] = value
  end
  return object
end

local function encode_phase(phase)
  local object = with_extra(phase.extra or {})
  object.name = phase.name
  object.file = phase.file
  object.precondition = phase.precondition
  object.done = phase.done
  object.required_effort = fields.or_null(phase.required_effort)
  object.effort_reason = fields.or_null(phase.effort_reason)
  return object
end

local M = { FILE = FILE }

---A migration that has not been planned yet.
---@param about { slug: string, now: string } `now` in ISO 8601
---@return mighost.Manifest
function M.new(about)
  return {
    name = about.slug,
    status = "planning",
    created_at = about.now,
    last_touch = about.now,
    awaiting_human_review = false,
    current_phase = "",
    phases = {},
    extra = {},
  }
end

---@param text string
---@return mighost.Manifest|nil
---@return string|nil message naming the field
function M.decode(text)
  local object, why = strict.decode(text)
  if object == nil then
    return nil, why
  end
  if not strict.is_object(object) then
    return nil, "the manifest must be an object, found " .. strict.kind(object)
  end
  local extra = {}
  local ok, message = fields.check(object, MANIFEST, "", extra)
  if not ok then
    return nil, message
  elseif not STATUSES[object.status] then
    return nil, ("'status': unknown value %q"):format(object.status)
  end
  local phases, names = decode_phases(object.phases)
  if not phases then
    return nil, names
  end
  local current, unknown = decode_current_phase(object.current_phase, phases, names)
  if not current then
    return nil, unknown
  end
  return {
    name = object.name,
    status = object.status,
    created_at = object.created_at,
    last_touch = object.last_touch,
    wake_up_on = object.wake_up_on,
    cooldown_until = object.cooldown_until ~= "" and object.cooldown_until or nil,
    awaiting_human_review = object.awaiting_human_review or false,
    human_review_reason = object.human_review_reason,
    current_phase = current,
    phases = phases,
    extra = extra,
  }
end

---@param manifest mighost.Manifest
---@return string|nil text of manifest.json
---@return string|nil message where a string is not UTF-8
function M.encode(manifest)
  local object = with_extra(manifest.extra or {})
  object.name = manifest.name
  object.status = manifest.status
  object.created_at = manifest.created_at
  object.last_touch = manifest.last_touch
  object.wake_up_on = fields.or_null(manifest.wake_up_on)
  object.cooldown_until = fields.or_null(manifest.cooldown_until)
  object.awaiting_human_review = manifest.awaiting_human_review
  object.human_review_reason = fields.or_null(manifest.human_review_reason)
  object.current_phase = manifest.current_phase
  object.phases = strict.array()
  for index, phase in ipairs(manifest.phases) do
    object.phases[index] = encode_phase(phase)
  end
  return strict.encode(object)
end

---Reads a migration's manifest; links are followed.
---@param dir host.fs.Dir the migration
---@return mighost.Manifest|nil
---@return string|nil message
---@return string|nil NAME ENOENT when there is none
function M.load(dir)
  local text, message, name = durable.read(dir, FILE)
  if not text then
    return nil, message, name
  end
  local manifest, why = M.decode(text)
  if not manifest then
    return durable.refuse(FILE, why)
  end
  return manifest
end

return M
