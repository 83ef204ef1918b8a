--- Checks a table that a person wrote (a stage, a rule, a setting) against its declared fields.

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
  local near = require("lib.nearest").find(name, sorted_names(spec))
  return near and (" (did you mean '%s'?)"):format(near) or ""
end

---What is wrong with the names of the fields that are there.
local function find_unknown(fields, spec, problems)
  for _, name in ipairs(sorted_names(fields)) do
    if type(name) ~= "string" then
      problems[#problems + 1] = { code = "unknown-field", field = name,
        message = ("a field's name must be a string, not %s"):format(tostring(name)) }
    elseif not spec[name] then
      problems[#problems + 1] = { code = "unknown-field", field = name,
        message = ("unknown field '%s'%s"):format(name, suggestion(name, spec)) }
    end
  end
end

local M = {}

---@class mighost.FieldProblem
---@field code "unknown-field"|"missing-field"|"wrong-type"
---@field field any the field's key
---@field message string without the place

---Everything that `fields` has against its declared fields: unknown ones first, then those that are
---missing or of a wrong type.
---@param fields table
---@param spec table<string, string> as for `fields`
---@return mighost.FieldProblem[]
function M.problems(fields, spec)
  local problems = {}
  find_unknown(fields, spec, problems)
  for _, name in ipairs(sorted_names(spec)) do
    local kind, optional = spec[name]:match("^(%l+)(%??)$")
    local value = rawget(fields, name)
    if value == nil and optional == "" then
      problems[#problems + 1] = { code = "missing-field", field = name,
        message = ("field '%s' is missing"):format(name) }
    elseif value ~= nil and not fits(value, kind) then
      problems[#problems + 1] = { code = "wrong-type", field = name,
        message = ("field '%s' must be %s, not a %s"):format(name,
          DESCRIPTIONS[kind] or "a " .. kind, type(value)) }
    end
  end
  return problems
end

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
  local first = M.problems(fields, spec)[1]
  if first then
    return nil, ("%s: %s"):format(where, first.message)
  end
  return true
end

return M
