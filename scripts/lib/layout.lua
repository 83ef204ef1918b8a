--- Text in columns of a terminal: how wide it is, cutting it, breaking it into lines.

-- Code points that take two columns, and those that take none.
local WIDE <const> = {
  { 0x1100, 0x115F }, { 0x2E80, 0x303E }, { 0x3041, 0xA4CF }, { 0xA960, 0xA97F },
  { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF }, { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 },
  { 0xFFE0, 0xFFE6 },
  { 0x1F300, 0x1F64F }, { 0x1F680, 0x1F6FF }, { 0x1F900, 0x1FAFF }, { 0x20000, 0x3FFFD },
}
local NONE <const> = {
  { 0x0300, 0x036F }, { 0x0483, 0x0489 }, { 0x0591, 0x05BD }, { 0x064B, 0x065F },
  { 0x0E31, 0x0E31 }, { 0x0E34, 0x0E3A }, { 0x1AB0, 0x1AFF }, { 0x1DC0, 0x1DFF },
  { 0x20D0, 0x20FF }, { 0xFE00, 0xFE0F }, { 0xFE20, 0xFE2F }, { 0x1F3FB, 0x1F3FF },
  { 0xE0100, 0xE01EF },
}
local ELLIPSIS <const> = "…"

local function is_in(ranges, code)
  for _, range in ipairs(ranges) do
    if code >= range[1] and code <= range[2] then
      return true
    end
  end
  return false
end

local function columns_of(code)
  if code < 0x0300 then
    return 1
  elseif is_in(NONE, code) then
    return 0
  end
  return is_in(WIDE, code) and 2 or 1
end

--- The longest beginning that fits, as a number of bytes.
local function fitting(line, columns)
  local used = 0
  for position, code in utf8.codes(line) do
    used = used + columns_of(code)
    if used > columns then
      return position - 1
    end
  end
  return #line
end

--- Where a word is broken that is too long for a line: behind a slash, else behind a dash, unless
--- that would leave most of the line empty; as a number of bytes.
local function breaking(word, columns)
  local size = math.max(fitting(word, columns), #word:match(utf8.charpattern))
  local head = word:sub(1, size)
  for _, mark in ipairs { "/", "%-" } do
    local last = head:match(".*()" .. mark)
    if last and last > size // 3 then
      return last
    end
  end
  return size
end

local M = {}

--- How many columns a line takes.
---@param line string   UTF-8 without control characters
---@return integer
function M.width(line)
  local width = 0
  for _, code in utf8.codes(line) do
    width = width + columns_of(code)
  end
  return width
end

--- The line, shortened with an ellipsis where it is too wide.
---@param line string
---@param columns integer
---@return string
function M.cut(line, columns)
  if M.width(line) <= columns then
    return line
  end
  return line:sub(1, fitting(line, columns - 1)) .. ELLIPSIS
end

--- The line, cut or filled up with blanks to just this width.
---@param line string
---@param columns integer
---@return string
function M.pad(line, columns)
  local fit = M.cut(line, columns)
  return fit .. (" "):rep(columns - M.width(fit))
end

--- The line, filled up with blanks to this width where it is shorter; what is longer stays whole.
---@param line string
---@param columns integer
---@return string
function M.fill(line, columns)
  return line .. (" "):rep(columns - M.width(line))
end

--- The text in lines of at most this width, broken between words where there are any, else behind
--- the parts of a path.
---@param text string
---@param columns integer
---@return string[]   at least one
function M.wrap(text, columns)
  local lines, line = {}, ""
  local function finish()
    table.insert(lines, line)
    line = ""
  end
  for word in text:gmatch("%S+") do
    if line ~= "" and M.width(line) + 1 + M.width(word) > columns then
      finish()
    end
    line = line == "" and word or line .. " " .. word
    while M.width(line) > columns do
      local size = breaking(line, columns)
      table.insert(lines, line:sub(1, size))
      line = line:sub(size + 1)
    end
  end
  if line ~= "" or #lines == 0 then
    finish()
  end
  return lines
end

return M
