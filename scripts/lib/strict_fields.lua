--- Checks the fields of a strict JSON object; messages name the field, e.g. `phases[2].file`.

local strict = require "lib.strict"

local NULL <const> = strict.null

local DESCRIPTIONS <const> = {
  string = "a string", ["string?"] = "a string or null", ["string|null"] = "a string or null",
  boolean = "true or false", ["boolean?"] = "true or false",
}
local REQUIRED <const> = { string = true, ["string|null"] = true, boolean = true }
local IS_BOOLEAN <const> = { boolean = true, ["boolean?"] = true }

---@class mighost.StrictSpec
---@field kinds table<string, string>
---@field required string[]

---Whether a value is of a kind; "any" leaves the question to the caller.
local function fits(value, kind)
  if kind == "any" then
    return true
  elseif IS_BOOLEAN[kind] then
    return type(value) == "boolean"
  end
  return type(value) == "string" or (value == NULL and kind ~= "string")
end

---The first thing that is wrong, in an order that does not depend on the run.
local function explain(object, spec, where, is_open)
  local keys = {}
  for key in next, object do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local kind = spec.kinds[key]
    if not kind and not is_open then
      return nil, ("unknown key '%s%s'"):format(where, key)
    elseif kind and not fits(object[key], kind) then
      return nil, ("'%s%s' must be %s, found %s"):format(where, key, DESCRIPTIONS[kind],
        strict.kind(object[key]))
    end
  end
end

local M = {}

---@param field string
---@param wanted string e.g. "a string"
---@param value any
---@return nil
---@return string message
function M.wrong_type(field, wanted, value)
  return nil, ("'%s' must be %s, found %s"):format(field, wanted, strict.kind(value))
end

---The beginnings of messages about the items of a list, "phases[0]." and so on, each made once.
---@param list string
---@return table<integer, string> prefixes by index, from 1
function M.item_prefixes(list)
  return setmetatable({}, {
    __index = function(prefixes, index)
      prefixes[index] = ("%s[%d]."):format(list, index - 1)
      return prefixes[index]
    end,
  })
end

---Describes an object's fields: `string`, `string?` (may be null or absent), `string|null` (may be
---null, not absent), `boolean`, `boolean?` (may be absent, not null), `any` (left to the caller).
---@param kinds table<string, string>
---@return mighost.StrictSpec
function M.spec(kinds)
  local required = {}
  for key, kind in pairs(kinds) do
    if REQUIRED[kind] then
      required[#required + 1] = key
    end
  end
  table.sort(required)
  return { kinds = kinds, required = required }
end

---Checks an object; null becomes nil in it. Every `list` does this thousands of times, so it is one
---walk over the fields, and only what is wrong is looked at again.
---@param object table a strict object
---@param spec mighost.StrictSpec
---@param where string what stands before a field in a message, e.g. "feedback[0]."
---@param extra table<string, any>|nil receives unknown keys; without it they are errors
---@return true|nil
---@return string|nil message
function M.check(object, spec, where, extra)
  local kinds, required = spec.kinds, spec.required
  for index = 1, #required do
    if object[required[index]] == nil then
      local name = required[index]
      return M.wrong_type(where .. name, DESCRIPTIONS[kinds[name]], nil)
    end
  end
  for key, value in next, object do
    local kind = kinds[key]
    if not kind then
      if not extra then
        return explain(object, spec, where, extra)
      end
      extra[key] = value
    elseif kind ~= "any" and (type(value) ~= "string" or IS_BOOLEAN[kind]) then
      if not fits(value, kind) then
        return explain(object, spec, where, extra)
      elseif value == NULL then
        object[key] = nil
      end
    end
  end
  return true
end

---What stands for a value that may be absent.
---@param value any
---@return any value strict.null for nil
function M.or_null(value)
  if value == nil then
    return NULL
  end
  return value
end

return M
