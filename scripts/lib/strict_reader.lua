--- The reading half of strict: text to values, with line and column where it is not JSON.
---
--- This is on the path of every `list`, so the grammar is matched with string.find from a position:
--- no step per byte, and one match for the commonest member, `"key": "text"`.

local byte, find, sub = string.byte, string.find, string.sub

local MAX_DEPTH <const> = 500
local MAX_INTEGER_DIGITS <const> = 4300

local WS <const> = "[ \n\r\t]*"
local PLAIN <const> = '"([^"\\\0-\31]*)"' -- a string without escapes
local MEMBER <const> = "^" .. WS .. PLAIN .. WS .. ":" .. WS .. PLAIN .. WS .. "([,}])"
local PLAIN_KEY <const> = "^" .. WS .. PLAIN .. WS .. ":" .. WS
local PLAIN_STRING <const> = "^" .. PLAIN
local QUOTE <const> = "^" .. WS .. '"'
local COLON <const> = "^" .. WS .. ":" .. WS
local SPACE <const> = "^" .. WS
local AFTER_MEMBER <const> = "^" .. WS .. "([,}])"
local AFTER_ITEM <const> = "^" .. WS .. "([,%]])" .. WS
local END_OF_OBJECT <const> = "^" .. WS .. "}"
local END_OF_ARRAY <const> = "^%]"

local OPEN_OBJECT <const>, OPEN_ARRAY <const>, DOUBLE_QUOTE <const> = string.byte('{["', 1, 3)

local UNESCAPED <const> = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}

local OBJECT <const> = { __name = "strict.object" }
local ARRAY <const> = { __name = "strict.array" }
local NUMBER <const> = { __name = "strict.number" }
local NULL <const> = setmetatable({}, { __name = "strict.null" })

local LITERALS <const> = {
  [string.byte("t")] = { "true", true },
  [string.byte("f")] = { "false", false },
  [string.byte("n")] = { "null", NULL },
}

-- The decoders call each other; each gives a value and the next position, or nil, position and why.
local decode_value

local function decode_unicode(text, pos)
  local _, stop, hex = find(text, "^(%x%x%x%x)", pos)
  if not stop then
    return nil, pos, "expected four hexadecimal digits after \\u"
  end
  local code = tonumber(hex, 16)
  if code >= 0xD800 and code <= 0xDBFF then
    local _, low_stop, low_hex = find(text, "^\\u([dD][c-fC-F]%x%x)", stop + 1)
    if low_stop then
      code = 0x10000 + ((code - 0xD800) << 10) + (tonumber(low_hex, 16) - 0xDC00)
      stop = low_stop
    end
  end
  return utf8.char(code), stop + 1
end

--- A string with escapes; `pos` is after the opening quote.
local function decode_escaped(text, pos)
  local parts, count = {}, 0
  while true do
    local _, stop, run, mark = find(text, '^([^"\\\0-\31]*)(["\\])', pos)
    if not stop then
      return nil, find(text, "[\0-\31]", pos) or #text + 1, "control character or end in a string"
    end
    count = count + 1
    parts[count] = run
    if mark == '"' then
      return table.concat(parts), stop + 1
    end
    local letter = sub(text, stop + 1, stop + 1)
    local char, next_pos, why = UNESCAPED[letter], stop + 2, nil
    if letter == "u" then
      char, next_pos, why = decode_unicode(text, stop + 2)
    elseif not char then
      why = "unknown escape in a string"
    end
    if not char then
      return nil, next_pos, why
    end
    count = count + 1
    parts[count] = char
    pos = next_pos
  end
end

local function decode_number(text, pos)
  local _, stop, lexeme = find(text, "^(-?%d+)", pos)
  if not stop then
    return nil, pos, "expected a value"
  end
  if find(lexeme, "^-?0%d") then
    return nil, pos, "a number must not begin with 0"
  end
  local _, fraction = find(text, "^%.%d+", stop + 1)
  local _, exponent = find(text, "^[eE][+-]?%d+", (fraction or stop) + 1)
  if fraction or exponent then
    stop = exponent or fraction
    return setmetatable({ lexeme = sub(text, pos, stop), integer = false }, NUMBER), stop + 1
  end
  if #lexeme - (byte(lexeme) == 45 and 1 or 0) > MAX_INTEGER_DIGITS then
    return nil, pos, "an integer of more than " .. MAX_INTEGER_DIGITS .. " digits"
  end
  local value = tonumber(lexeme)
  if math.type(value) ~= "integer" or lexeme == "-0" then
    return setmetatable({ lexeme = lexeme, integer = true }, NUMBER), stop + 1
  end
  return value, stop + 1
end

local function decode_key(text, pos)
  local _, stop, plain = find(text, PLAIN_KEY, pos)
  if stop then
    return plain, stop + 1
  end
  _, stop = find(text, QUOTE, pos)
  if not stop then
    return nil, pos, "expected a key in double quotes"
  end
  local key, after, why = decode_escaped(text, stop + 1)
  if not key then
    return nil, after, why
  end
  _, stop = find(text, COLON, after)
  if not stop then
    return nil, after, "expected ':' after a key"
  end
  return key, stop + 1
end

--- Most members are `"key": "text"`, which one match reads whole; the rest goes the long way.
local function decode_object(text, pos, depth)
  local object = setmetatable({}, OBJECT)
  local _, stop = find(text, END_OF_OBJECT, pos)
  if stop then
    return object, stop + 1
  end
  while true do
    local key, value, mark, why
    _, stop, key, value, mark = find(text, MEMBER, pos)
    if not stop then
      key, pos, why = decode_key(text, pos)
      if not key then
        return nil, pos, why
      end
      value, pos, why = decode_value(text, pos, depth)
      if value == nil then
        return nil, pos, why
      end
      _, stop, mark = find(text, AFTER_MEMBER, pos)
      if not stop then
        return nil, pos, "expected ',' or '}'"
      end
    end
    object[key] = value
    pos = stop + 1
    if mark == "}" then
      return object, pos
    end
  end
end

local function decode_array(text, pos, depth)
  local array, count = setmetatable({}, ARRAY), 0
  local _, stop = find(text, SPACE, pos)
  pos = stop + 1
  _, stop = find(text, END_OF_ARRAY, pos)
  if stop then
    return array, stop + 1
  end
  while true do
    local value, next_pos, why = decode_value(text, pos, depth)
    if value == nil then
      return nil, next_pos, why
    end
    count = count + 1
    array[count] = value
    local mark
    _, stop, mark = find(text, AFTER_ITEM, next_pos)
    if not stop then
      return nil, next_pos, "expected ',' or ']'"
    end
    pos = stop + 1
    if mark == "]" then
      return array, pos
    end
  end
end

local function decode_literal(text, pos, literal)
  local stop = pos + #literal[1]
  if sub(text, pos, stop - 1) ~= literal[1] then
    return nil, pos, "expected a value"
  end
  return literal[2], stop
end

function decode_value(text, pos, depth)
  local first = byte(text, pos)
  if first == DOUBLE_QUOTE then
    local _, stop, plain = find(text, PLAIN_STRING, pos)
    if stop then
      return plain, stop + 1
    end
    return decode_escaped(text, pos + 1)
  end
  if first == OPEN_OBJECT or first == OPEN_ARRAY then
    if depth == MAX_DEPTH then
      return nil, pos, "nested deeper than " .. MAX_DEPTH .. " levels"
    end
    return (first == OPEN_OBJECT and decode_object or decode_array)(text, pos + 1, depth + 1)
  end
  local literal = LITERALS[first]
  if literal then
    return decode_literal(text, pos, literal)
  end
  return decode_number(text, pos)
end

local function locate(text, pos, why)
  local line, line_start = 1, 1
  for after in string.gmatch(sub(text, 1, pos - 1), "\n()") do
    line, line_start = line + 1, after
  end
  return string.format("line %d column %d: %s", line, pos - line_start + 1, why)
end

local M = { object = OBJECT, array = ARRAY, number = NUMBER, null = NULL }

---@param text string
---@return any value nil on failure; `false` and `strict.null` are values
---@return string|nil message with line and column
function M.decode(text)
  local valid, bad = utf8.len(text)
  if not valid then
    return nil, locate(text, bad, "invalid UTF-8")
  end
  if sub(text, 1, 3) == "\u{FEFF}" then
    return nil, locate(text, 1, "a byte order mark")
  end
  local _, stop = find(text, SPACE)
  local value, pos, why = decode_value(text, stop + 1, 0)
  if value == nil then
    return nil, locate(text, pos, why)
  end
  _, stop = find(text, SPACE, pos)
  if stop < #text then
    return nil, locate(text, stop + 1, "unexpected text after the value")
  end
  return value
end

return M
