--- Strict JSON for the two durable files: RFC 8259 to the letter, any size of number, nothing lost.
---
--- Objects and arrays carry a metatable, so that an empty one is still told apart; null is
--- `strict.null`. An integer that fits is a Lua integer; every other number keeps its literal text,
--- so that a value nobody here understands is written back as it was read. An unpaired surrogate
--- escape becomes the three bytes that UTF-8 would give it if it could, and is written as that
--- escape again.

local reader = require "lib.strict_reader"

local byte = string.byte

local OBJECT <const>, ARRAY <const>, NUMBER <const>, NULL <const> =
  reader.object, reader.array, reader.number, reader.null
local SURROGATE <const> = "\xED[\xA0-\xBF][\x80-\xBF]"
local ESCAPED <const> = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r",
  ["\t"] = "\\t",
}

---@param text string
---@return string|nil literal without its quotes; nil where the text is not UTF-8
local function escape_string(text)
  local escaped = string.gsub(text, '[%c"\\]', function(char)
    return ESCAPED[char] or string.format("\\u%04x", byte(char))
  end)
  if utf8.len(escaped) then
    return escaped
  end
  escaped = string.gsub(escaped, SURROGATE, function(bytes)
    return string.format("\\u%04x", utf8.codepoint(bytes, 1, 1, true))
  end)
  return utf8.len(escaped) and escaped or nil
end

local encode_value

local function encode_object(value, indent, out)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  if #keys == 0 then
    out[#out + 1] = "{}"
    return true
  end
  table.sort(keys)
  local inner = indent .. "  "
  for index, key in ipairs(keys) do
    local name = escape_string(key)
    if not name then
      return nil, "a key is not valid UTF-8"
    end
    out[#out + 1] = (index == 1 and "{\n" or ",\n") .. inner .. '"' .. name .. '": '
    local ok, why = encode_value(value[key], inner, out)
    if not ok then
      return nil, key .. ": " .. why
    end
  end
  out[#out + 1] = "\n" .. indent .. "}"
  return true
end

local function encode_array(value, indent, out)
  if #value == 0 then
    out[#out + 1] = "[]"
    return true
  end
  local inner = indent .. "  "
  for index, item in ipairs(value) do
    out[#out + 1] = (index == 1 and "[\n" or ",\n") .. inner
    local ok, why = encode_value(item, inner, out)
    if not ok then
      return nil, "item " .. index - 1 .. ": " .. why
    end
  end
  out[#out + 1] = "\n" .. indent .. "]"
  return true
end

local function encode_table(value, indent, out)
  local kind = getmetatable(value)
  if kind == OBJECT then
    return encode_object(value, indent, out)
  end
  if kind == ARRAY then
    return encode_array(value, indent, out)
  end
  if kind ~= NUMBER and value ~= NULL then
    error("strict.encode: a table that is neither object nor array", 2)
  end
  out[#out + 1] = value == NULL and "null" or value.lexeme
  return true
end

function encode_value(value, indent, out)
  if type(value) == "table" then
    return encode_table(value, indent, out)
  end
  if type(value) == "string" then
    local literal = escape_string(value)
    if not literal then
      return nil, "the text is not valid UTF-8"
    end
    out[#out + 1] = '"' .. literal .. '"'
  elseif type(value) == "boolean" or math.type(value) == "integer" then
    out[#out + 1] = tostring(value)
  else
    error("strict.encode: cannot write a " .. (math.type(value) or type(value)), 2)
  end
  return true
end

local M = { null = NULL, decode = reader.decode }

--- Marks a table as a JSON object (the same table is returned).
---@param fields table|nil
---@return table
function M.object(fields) return setmetatable(fields or {}, OBJECT) end

--- Marks a sequence as a JSON array (the same table is returned).
---@param items table|nil
---@return table
function M.array(items) return setmetatable(items or {}, ARRAY) end

---@param value any
---@return boolean
function M.is_object(value) return getmetatable(value) == OBJECT end

---@param value any
---@return boolean
function M.is_array(value) return getmetatable(value) == ARRAY end

--- The integer a value stands for; one too large for Lua comes as the largest (smallest) there is,
--- which is enough to compare it with any count.
---@param value any
---@return integer|nil integer nil when the value is not an integer
function M.integer(value)
  if math.type(value) == "integer" then
    return value
  end
  if getmetatable(value) ~= NUMBER or not value.integer then
    return nil
  end
  if value.lexeme == "-0" then
    return 0
  end
  return byte(value.lexeme) == 45 and math.mininteger or math.maxinteger
end

--- What a value is, for messages: object array string integer number boolean null.
---@param value any
---@return string
function M.kind(value)
  if value == nil then
    return "nothing"
  end
  if value == NULL then
    return "null"
  end
  if M.is_object(value) then
    return "object"
  end
  if M.is_array(value) then
    return "array"
  end
  if type(value) == "string" or type(value) == "boolean" then
    return type(value)
  end
  return M.integer(value) and "integer" or "number"
end

--- Two-space indent, keys sorted by byte, one trailing newline.
---@param value any made of strict.object, strict.array, strict.null, strings, integers, booleans
---@return string|nil text
---@return string|nil message where a string is not UTF-8
function M.encode(value)
  local out = {}
  local ok, why = encode_value(value, "", out)
  if not ok then
    return nil, why
  end
  out[#out + 1] = "\n"
  return table.concat(out)
end

return M
