--- Checks a table that a person wrote (a stage, a rule, a setting) against its declared fields.

local nearest = require "lib.nearest"

local function is_list_of(value, kind)
  if type(value) ~= "table" then
    return false
  end
  local count = 0
  for key, item in next, value do
    count = count + 1
    if math.type(key) ~= "integer" or kind and type(item) ~= kind then
      return false
    end
  end
  return count == #value
end

local function is_map(value)
  if type(value) ~= "table" then
    return false
  end
  for key in next, value do
    if type(key) ~= "string" then
      return false
    end
  end
  return true
end

local PREDICATES <const> = {
  integer = function(value)
    return math.type(value) == "integer"
  end,
  list = function(value)
    return is_list_of(value)
  end,
  strings = function(value)
    return is_list_of(value, "string")
  end,
  map = is_map,
}

local DESCRIPTIONS <const> = {
  list = "a list", strings = "a list of strings", map = "a table with named fields",
  integer = "a whole number", ["function"] = "a function",
}

local function fits(value, kind)
  local predicate = PREDICATES[kind]
  if predicate then
    return predicate(value)
  end
  return type(value) == kind
end

local function sorted_names(fields)
  local names = {}
  for name in next, fields do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b)
    return tostring(a) < tostring(b)
  end)
  return names
end

local function suggestion(name, spec)
  local near = nearest.find(name, sorted_names(spec))
  return near and (" (did you mean '%s'?)"):format(near) or ""
end

local M = {}

---Checks that `fields` has the declared fields, of the declared types, and no others.
---A type is one of Lua's (`string` `number` `boolean` `function` `table`) or `integer`, `list`,
---`strings` (a list of strings), `map` (string keys); with a `?` behind it the field may be absent.
---
---   check.fields(rule, { modes = "strings", check = "function", note = "string?" }, "rules/x.lua")
---@param fields table
---@param spec table<string, string>
---@param where string the file, named in the message
---@return true|nil
---@return string|nil message
function M.fields(fields, spec, where)
  for _, name in ipairs(sorted_names(fields)) do
    if type(name) ~= "string" then
      return nil, ("%s: a field's name must be a string, not %s"):format(where, tostring(name))
    end
    if not spec[name] then
      return nil, ("%s: unknown field '%s'%s"):format(where, name, suggestion(name, spec))
    end
  end
  for _, name in ipairs(sorted_names(spec)) do
    local kind, optional = spec[name]:match("^(%l+)(%??)$")
    local value = rawget(fields, name)
    if value == nil and optional == "" then
      return nil, ("%s: field '%s' is missing"):format(where, name)
    end
    if value ~= nil and not fits(value, kind) then
      return nil, ("%s: field '%s' must be %s, not a %s"):format(where, name,
        DESCRIPTIONS[kind] or "a " .. kind, type(value))
    end
  end
  return true
end

return M
