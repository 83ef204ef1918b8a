--- Checks of the fields of a strict JSON object; messages name the field, e.g. `phases[2].file`.

local strict = require "lib.strict"

local M = {}

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

---@param field string
---@param wanted string e.g. "a string"
---@param value any
---@return nil
---@return string message
function M.wrong_type(field, wanted, value)
  return nil, ("'%s' must be %s, found %s"):format(field, wanted, strict.kind(value))
end

---@param object table a strict object
---@param known table<string, any> the keys it may have
---@param where string what stands before the key in a message, e.g. "feedback[0]."
---@return true|nil
---@return string|nil message
function M.check_keys(object, known, where)
  for key in next, object do
    if not known[key] then
      return nil, ("unknown key '%s%s'"):format(where, key)
    end
  end
  return true
end

---@param object table
---@param names string[] fields that must be strings
---@param where string
---@return true|nil
---@return string|nil message
function M.check_strings(object, names, where)
  for index = 1, #names do
    local name = names[index]
    if type(object[name]) ~= "string" then
      return M.wrong_type(where .. name, "a string", object[name])
    end
  end
  return true
end

---Fields that may be null; null becomes nil in the object.
---@param object table
---@param names string[]
---@param where string
---@param is_required boolean|nil whether the key must be there all the same
---@return true|nil
---@return string|nil message
function M.check_nullable(object, names, where, is_required)
  for index = 1, #names do
    local name = names[index]
    local value = object[name]
    if value == strict.null then
      object[name] = nil
    elseif type(value) ~= "string" and (value ~= nil or is_required) then
      return M.wrong_type(where .. name, "a string or null", value)
    end
  end
  return true
end

---What stands for a value that may be absent.
---@param value any
---@return any value strict.null for nil
function M.or_null(value)
  if value == nil then
    return strict.null
  end
  return value
end

return M
