--- Damages texts in the ways that files and answers get damaged.

local generate = require "spec.support.generate"
local text = require "lib.text"

local LARGEST <const> = 1 << 18

local PIECES <const> = {
  "\0", "\27[31m", "\27[2J", "\7", "\127", "\r", "\r\n", "\n\n", "\t", " ", "\u{FEFF}", "\u{202E}",
  "\u{200B}", "\u{2028}", "\255", "\xC3", "\xED\xA0\x80", "\xF4\x90\x80\x80", "é", "—", "–", "-",
  "`", "```", "**", "> ", "# ", "1. ", "2) ", ":", "%", "[", "]", "(", "\\", "\\u", '"', "'", "{",
  "}", ",", "null", "true", "1e5", "-0", "99999999999999999999", "review: clear",
  "review: findings", "no findings", "final-decision: approve-auto", "final-decision: reject - x",
  "chosen-approach: small", "approaches/", ".md", "..", "/", "*", "**/", "?", "T", "Z", "+00:00",
}

--- Two positions of a text in order; the second may be one behind its end.
local function span(random, value)
  local a, b = random(#value + 1), random(#value + 1)
  return math.min(a, b), math.max(a, b)
end

local function lines_of(value)
  local lines = {}
  for line in value:gmatch("[^\n]*\n?") do
    lines[#lines + 1] = line
  end
  return lines
end

local function swap_lines(random, value)
  local lines = lines_of(value)
  local a, b = random(#lines), random(#lines)
  lines[a], lines[b] = lines[b], lines[a]
  return table.concat(lines)
end

local function repeat_span(random, value)
  local from, to = span(random, value)
  local part = value:sub(from, to)
  local most = math.max(1, math.min(LARGEST // math.max(1, #part), 1 << random(16)))
  return value:sub(1, to) .. part:rep(most) .. value:sub(to + 1)
end

--- Every byte as a character of its own, as Latin-1 has it.
local function from_latin(value)
  return (value:gsub("[\x80-\xFF]", function(char)
    return utf8.char(char:byte())
  end))
end

local function to_utf16(value)
  local units = {}
  for _, code in utf8.codes(text.to_utf8(value)) do
    units[#units + 1] = code < 0x10000 and string.pack("<I2", code) or "?\0"
  end
  return "\xFF\xFE" .. table.concat(units)
end

local CHANGES <const> = {
  function(random, value) -- cut off
    return value:sub(1, random(#value + 1) - 1)
  end,
  function(random, value) -- a part is missing
    local from, to = span(random, value)
    return value:sub(1, from - 1) .. value:sub(to)
  end,
  repeat_span,
  swap_lines,
  function(random, value) -- one byte differs
    local at = random(#value + 1)
    return value:sub(1, at - 1) .. string.char(random(256) - 1) .. value:sub(at + 1)
  end,
  function(random, value)
    local at = random(#value + 1)
    return value:sub(1, at - 1) .. generate.pick(random, PIECES) .. value:sub(at)
  end,
  function(random, value)
    local piece = generate.pick(random, PIECES)
    return value .. "\n" .. piece:rep(random(3))
  end,
  function(random, value) -- one long run
    local at = random(#value + 1)
    local piece = generate.pick(random, PIECES):rep(1 << random(14))
    return value:sub(1, at - 1) .. piece:sub(1, LARGEST) .. value:sub(at)
  end,
  function(_, value)
    return (value:gsub("\n", "\r\n"))
  end,
  function(_, value)
    return (value:gsub("\n", "\r"))
  end,
  function(_, value)
    return "\u{FEFF}" .. value
  end,
  function(_, value)
    return from_latin(value)
  end,
  function(_, value)
    return to_utf16(value)
  end,
  function(_, value)
    return value:upper()
  end,
  function(_, value)
    return (value:gsub("[^\n]+", "> %0"))
  end,
}

local M = {}

--- One to four changes; never longer than 256 KiB by much.
---@param random fun(n: integer): integer
---@param value string
---@param others? string[] what a part may be taken from
---@return string
function M.text(random, value, others)
  for _ = 1, random(4) do
    if others and random(8) == 1 then
      local other = generate.pick(random, others)
      value = random(2) == 1 and value .. "\n" .. other or other .. "\n" .. value
    else
      value = generate.pick(random, CHANGES)(random, value)
    end
    value = value:sub(1, LARGEST)
  end
  return value
end

--- Text put together from pieces that mean something to some reader.
---@param random fun(n: integer): integer
---@param most integer
---@return string
function M.soup(random, most)
  local parts = {}
  for index = 1, random(most) do
    parts[index] = generate.pick(random, PIECES)
  end
  return table.concat(parts)
end

return M
