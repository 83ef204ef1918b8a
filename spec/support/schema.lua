--- Checks JSON documents against the JSON Schema files in spec/fixtures/json.
---   schema.expect("list", result.stdout)
---
--- The words of a schema that this knows are the ones below; any other is an error, so that no part
--- of a schema is passed over.

local program = require "spec.support.program"
local strict = require "lib.strict"

local FOLDER <const> = program.root .. "/spec/fixtures/json/"
local NOTES <const> = { ["$schema"] = true, ["$defs"] = true, title = true }

local cache = {}

---@param file string
---@return table schema
local function load_schema(file)
  if not cache[file] then
    local handle <close> = assert(io.open(FOLDER .. file, "rb"))
    cache[file] = assert(strict.decode(handle:read("a")))
  end
  return cache[file]
end

--- Numbers that Lua cannot hold exactly keep their text.
local function number_of(value)
  return strict.integer(value) or type(value) == "table" and tonumber(value.lexeme) or nil
end

local function equals(a, b)
  return a == b or strict.kind(a) == strict.kind(b) and strict.kind(a) ~= "null"
    and number_of(a) ~= nil and number_of(a) == number_of(b)
end

local check

local function one_of(value, list)
  for _, item in ipairs(list) do
    if equals(value, item) then
      return true
    end
  end
  return false
end

--- Each keyword: whether the value keeps it, else what is wrong.
local KEYWORDS <const> = {
  type = function(value, types)
    local kind = strict.kind(value)
    for _, name in ipairs(strict.is_array(types) and types or { types }) do
      if kind == name then
        return nil
      end
    end
    return "is of the wrong type: " .. kind
  end,
  const = function(value, constant)
    return not equals(value, constant) and "is not " .. tostring(constant) or nil
  end,
  enum = function(value, list)
    return not one_of(value, list) and "is not one of the values that it may have" or nil
  end,
  minLength = function(value, least)
    return type(value) == "string" and #value < least and "is too short" or nil
  end,
  maxLength = function(value, most)
    return type(value) == "string" and #value > most and "is too long" or nil
  end,
  minimum = function(value, least)
    local number = number_of(value)
    return number and number < least and "is too small" or nil
  end,
  minItems = function(value, least)
    return strict.is_array(value) and #value < least and "has too few items" or nil
  end,
  required = function(value, names)
    for _, name in ipairs(strict.is_object(value) and names or {}) do
      if value[name] == nil then
        return "lacks " .. name
      end
    end
  end,
  additionalProperties = function(value, allowed, schema)
    assert(allowed == false, "additionalProperties must be false")
    for name in next, strict.is_object(value) and value or {} do
      if schema.properties[name] == nil then
        return "has an unknown " .. name
      end
    end
  end,
  properties = function(value, properties, _, where, file)
    for name, schema in next, strict.is_object(value) and properties or {} do
      local problem = value[name] ~= nil and check(value[name], schema, where .. "." .. name, file)
      if problem then
        return nil, problem
      end
    end
  end,
  items = function(value, schema, _, where, file)
    for index, item in ipairs(strict.is_array(value) and value or {}) do
      local problem = check(item, schema, ("%s[%d]"):format(where, index), file)
      if problem then
        return nil, problem
      end
    end
  end,
  oneOf = function(value, schemas, _, where, file)
    local fitting, problems = 0, {}
    for index, schema in ipairs(schemas) do
      local problem = check(value, schema, where, file)
      fitting = fitting + (problem and 0 or 1)
      problems[#problems + 1] = problem and ("  %d: %s"):format(index, problem)
    end
    if fitting ~= 1 then
      return ("fits %d of %d forms\n%s"):format(fitting, #schemas, table.concat(problems, "\n"))
    end
  end,
  ["$ref"] = function(value, target, _, where, file)
    local other, name = target:match("^([^#]*)#/%$defs/(.+)$")
    other = other ~= "" and other or file
    local schema = assert(load_schema(other)["$defs"][name], target)
    return nil, check(value, schema, where, other)
  end,
}

--- The first thing that is wrong with a value, nil when it keeps to the schema.
function check(value, schema, where, file)
  for keyword, argument in next, schema do
    local keeps = KEYWORDS[keyword]
    assert(keeps or NOTES[keyword], "unknown keyword in a schema: " .. keyword)
    if keeps then
      local broken, inside = keeps(value, argument, schema, where, file)
      if broken or inside then
        return inside or where .. " " .. broken
      end
    end
  end
end

local M = {}

--- What is wrong with a document, nil when it keeps to the schema.
---@param name string of a file in spec/fixtures/json, without .json
---@param text string
---@return string?
function M.problem(name, text)
  local value, why = strict.decode(text)
  if value == nil then
    return why
  end
  local file = name .. ".json"
  return check(value, load_schema(file), "document", file)
end

--- Raises unless the text is one document on one line that keeps to the schema.
---@param name string
---@param text string
---@return table document
function M.expect(name, text)
  local problem = not text:find("^[^\n]+\n$") and "not one line" or M.problem(name, text)
  if problem then
    error(("not what %s answers: %s\n%s"):format(name, problem, text), 2)
  end
  return strict.decode(text)
end

return M
