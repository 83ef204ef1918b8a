--- Generated input: the same seed gives the same values, so that a failure can be run again.
---   for seed = 1, 200 do local random = generate.random(seed) ... end

local strict = require "lib.strict"

local MASK <const> = 0x7fffffffffffffff

-- Pieces that texts are put together from: what tends to be handled wrongly.
local PIECES <const> = {
  "", "a", "Z9", " ", "  ", "\n", "\r\n", "\t", "\0", "\27[31m", "\127", "\\", "\"", "/", "é",
  "日本", "😀", "\u{202E}", "\u{2028}", "\u{FEFF}", "\xED\xA0\x80", "\xED\xB0\x80", "null",
  "\\u0041", "{", "]", ",",
}
local LEXEMES <const> = {
  "1.0", "-0", "-0.0", "1e0", "1E+10", "0.10", "12345678901234567890", "-98765432109876543210",
  "1e999",
}

local M = {}

---A source of numbers: `random(n)` is from 1 to n.
---@param seed integer
---@return fun(n: integer): integer
function M.random(seed)
  local state = (seed * 0x9E3779B97F4A7C15) ~ 0x2545F4914F6CDD1D
  return function(n)
    state = state ~ (state << 13)
    state = state ~ (state >> 7)
    state = state ~ (state << 17)
    return (state & MASK) % n + 1
  end
end

---One of a list.
---@param random fun(n: integer): integer
---@param list table
---@return any
function M.pick(random, list)
  return list[random(#list)]
end

---A text of few pieces; as a strict string it may hold half a surrogate pair.
---@param random fun(n: integer): integer
---@return string
function M.text(random)
  local pieces = {}
  for index = 1, random(6) - 1 do
    pieces[index] = M.pick(random, PIECES)
  end
  -- a high half in front of a low one is one character, never two
  return (table.concat(pieces):gsub("\xED\xA0\x80\xED\xB0\x80", "\u{10000}"))
end

---A value as lib.strict reads and writes them.
---@param random fun(n: integer): integer
---@param depth integer how deep it may nest
---@return any
function M.strict(random, depth)
  local kind = random(depth > 0 and 8 or 6)
  if kind == 1 then
    return strict.null
  elseif kind == 2 then
    return random(2) == 1
  elseif kind == 3 then
    return M.pick(random, { math.maxinteger, math.mininteger, 0, random(1000) - 500 })
  elseif kind == 4 then
    return strict.decode(M.pick(random, LEXEMES))
  elseif kind <= 6 then
    return M.text(random)
  end
  local value = kind == 7 and strict.array() or strict.object()
  for index = 1, random(5) - 1 do
    value[kind == 7 and index or M.text(random)] = M.strict(random, depth - 1)
  end
  return value
end

return M
