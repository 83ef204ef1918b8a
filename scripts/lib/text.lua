--- Text for people and from people: harmless printing, lines, slugs, globs, shell words.

local FALLBACK_SLUG <const> = "migration"

-- Code points that move the cursor, hide text or reorder it on a screen.
local UNPRINTABLE <const> = {
  { 0x00, 0x1F }, { 0x7F, 0x9F }, { 0x00AD, 0x00AD }, { 0x061C, 0x061C }, { 0x180E, 0x180E },
  { 0x200B, 0x200F }, { 0x2028, 0x202E }, { 0x2060, 0x206F }, { 0xD800, 0xDFFF },
  { 0xFEFF, 0xFEFF }, { 0xFFF9, 0xFFFB }, { 0xE0000, 0xE007F },
}

local function is_unprintable(code)
  for _, range in ipairs(UNPRINTABLE) do
    if code >= range[1] and code <= range[2] then
      return true
    end
  end
  return false
end

---Calls `visit(piece)` with every valid character, `visit(nil, byte)` with every byte that is none.
local function each_character(text, visit)
  local pos = 1
  while pos <= #text do
    local _, bad = utf8.len(text, pos)
    local stop = bad and bad - 1 or #text
    if stop >= pos then
      for piece in text:sub(pos, stop):gmatch(utf8.charpattern) do
        visit(piece)
      end
    end
    if bad then
      visit(nil, text:byte(bad))
    end
    pos = stop + 2
  end
end

---Text between the stars of a segment, as a pattern that has one way to match from any start.
local function piece_pattern(piece)
  local escaped = piece:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0")
  return (escaped:gsub("%?", "[^/\x80-\xBF][\x80-\xBF]*"))
end

---A segment's pieces: the first stands at the start, the last at the end, the others in between.
local function split_pieces(segment)
  local pieces = {}
  for piece in (segment:gsub("%*+", "*") .. "*"):gmatch("([^*]*)%*") do
    pieces[#pieces + 1] = piece_pattern(piece)
  end
  pieces[1] = "^" .. pieces[1]
  pieces[#pieces] = pieces[#pieces] .. "$"
  return pieces
end

---Whether a segment has all pieces one after the other. The first place where one fits leaves the
---most room for the rest, so nothing is ever tried twice.
local function match_pieces(pieces, segment)
  local pos = 1
  for index = 1, #pieces do
    local _, stop = segment:find(pieces[index], pos)
    if not stop then
      return false
    end
    pos = stop + 1
  end
  return true
end

local function split_segments(path)
  local segments = {}
  for segment in (path .. "/"):gmatch("([^/]*)/") do
    segments[#segments + 1] = segment
  end
  return segments
end

---Whether the segments match; a `**` may stand for any number of them, none too. Only the last `**`
---passed can need another length: an earlier one took as few as it could.
local function match_segments(patterns, segments)
  local p, i, star, after = 1, 1, nil, nil
  while i <= #segments do
    local pattern = patterns[p]
    if pattern == "**" then
      star, after, p = p, i, p + 1
    elseif pattern and match_pieces(pattern, segments[i]) then
      p, i = p + 1, i + 1
    elseif star then
      p, i, after = star + 1, after + 1, after + 1
    else
      return false
    end
  end
  while patterns[p] == "**" do
    p = p + 1
  end
  return p > #patterns
end

---One quoted or unquoted piece of a word: its text and the position after it, or nil and why.
local function read_piece(line, pos)
  local quote = line:sub(pos, pos)
  if quote == "'" then
    local text, stop = line:match("^'([^']*)'()", pos)
    return text, stop or "a single quote is not closed"
  elseif quote == "\\" then
    local char = line:sub(pos + 1, pos + 1)
    if char == "" then
      return nil, "a backslash stands at the end"
    end
    return char == "\n" and "" or char, pos + 2
  elseif quote ~= '"' then
    return line:match("^([^%s'\"\\]+)()", pos)
  end
  local parts = {}
  pos = pos + 1
  while true do
    local run, mark, stop = line:match('^([^"\\]*)(["\\])()', pos)
    if not run then
      return nil, "a double quote is not closed"
    end
    parts[#parts + 1] = run
    if mark == '"' then
      return table.concat(parts), stop
    end
    local char = line:sub(stop, stop)
    parts[#parts + 1] = char:find('["\\$`]') and char or char == "\n" and "" or "\\" .. char
    pos = stop + 1
  end
end

local M = {}

---Makes text safe to show on a terminal, on one line: line ends and tabs become a space, other
---control and direction characters `\u{XX}`, bytes that are not UTF-8 `\xXX`.
---@param text string
---@return string
function M.printable(text)
  if not text:find("[^ -~]") then
    return text
  end
  local out = {}
  each_character((text:gsub("\r\n", "\n")), function(piece, byte)
    if not piece then
      out[#out + 1] = ("\\x%02X"):format(byte)
    elseif piece:find("^[\n\r\t]$") then
      out[#out + 1] = " "
    elseif is_unprintable(utf8.codepoint(piece)) then
      out[#out + 1] = ("\\u{%X}"):format(utf8.codepoint(piece))
    else
      out[#out + 1] = piece
    end
  end)
  return table.concat(out)
end

---The text with every byte that is not UTF-8 replaced by U+FFFD.
---@param text string
---@return string
function M.to_utf8(text)
  if utf8.len(text) then
    return text
  end
  local out = {}
  each_character(text, function(piece)
    out[#out + 1] = piece or "\u{FFFD}"
  end)
  return table.concat(out)
end

---Lines end at LF, CRLF or a lone CR; an end at the very end of the text opens no further line.
---@param text string
---@return string[]
function M.lines(text)
  local lines = {}
  local plain = text:gsub("\r\n?", "\n")
  if plain ~= "" and plain:sub(-1) ~= "\n" then
    plain = plain .. "\n"
  end
  for line in plain:gmatch("([^\n]*)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

---Whether it is one line that says something, of characters that a terminal shows.
---@param text string
---@return boolean
function M.is_line(text)
  return text:find("%S") ~= nil and M.printable(text) == text
end

---A name for files and branches made from free text: lower-case letters, digits and single dashes.
---@param target string
---@param max integer the most bytes it may have
---@return string slug never empty
function M.slug(target, max)
  local slug = target:lower():gsub("[^a-z0-9]+", "-"):gsub("^%-", "")
  slug = slug:sub(1, max):gsub("%-$", "")
  return slug ~= "" and slug or FALLBACK_SLUG:sub(1, max)
end

---Compiles a glob: `*` and `?` match inside one segment of a path, `**` is any number of segments.
---@param pattern string
---@return fun(path: string): boolean matches
function M.glob(pattern)
  local patterns = split_segments(pattern)
  for index, segment in ipairs(patterns) do
    patterns[index] = segment == "**" and segment or split_pieces(segment)
  end
  return function(path)
    return match_segments(patterns, split_segments(path))
  end
end

---Splits a command line into words as a shell does, with quotes and backslashes; expands nothing.
---@param line string
---@return string[]|nil words
---@return string|nil message
function M.shell_split(line)
  local words, pos = {}, 1
  while true do
    pos = line:match("^%s*()", pos)
    if pos > #line then
      return words
    end
    local parts = {}
    while pos <= #line and not line:find("^%s", pos) do
      local piece, stop = read_piece(line, pos)
      if not piece then
        return nil, ("%s in: %s"):format(stop, M.printable(line))
      end
      parts[#parts + 1], pos = piece, stop
    end
    words[#words + 1] = table.concat(parts)
  end
end

return M
