--- The tokens of Lua source text, with their lines; comments and blanks are left out.

local KEYWORDS <const> = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat "
  .. "return then true until while"):gmatch("%a+") do
  KEYWORDS[word] = true
end

---The end of a short string that begins at `pos`, and its text.
local function read_quoted(text, pos)
  local quote, from = text:sub(pos, pos), pos + 1
  while true do
    local stop = text:find("[\\\n" .. quote .. "]", from)
    local found = stop and text:sub(stop, stop)
    if not stop or found == "\n" then
      return stop or #text + 1, text:sub(pos + 1, (stop or #text + 1) - 1)
    elseif found == quote then
      return stop + 1, text:sub(pos + 1, stop - 1)
    end
    -- What is escaped may be a line's end, or all blanks up to the next word.
    from = text:match("^z%s*()", stop + 1) or text:match("^\r\n()", stop + 1) or stop + 2
  end
end

---The end of a long string or comment that begins at `pos`, and its text; nil when none does.
local function read_long(text, pos)
  local level, from = text:match("^%[(=*)%[()", pos)
  if not level then
    return nil
  end
  local first, last = text:find("]" .. level .. "]", from, true)
  return (last or #text) + 1, text:sub(from, (first or #text + 1) - 1)
end

---The end of a comment that begins at `pos`.
local function skip_comment(text, pos)
  return read_long(text, pos + 2) or text:find("\n", pos, true) or #text + 1
end

local function read_token(text, pos)
  local first = text:sub(pos, pos)
  if first == '"' or first == "'" then
    local stop, value = read_quoted(text, pos)
    return stop, { kind = "string", value = value }
  elseif first == "[" then
    local stop, value = read_long(text, pos)
    if stop then
      return stop, { kind = "string", value = value }
    end
  end
  local word = text:match("^[%a_][%w_]*", pos)
  if word then
    return pos + #word, { kind = KEYWORDS[word] and "keyword" or "name", value = word }
  end
  local number = text:match("^%.?%d[%w_.]*", pos)
  if number then
    return pos + #number, { kind = "number", value = tonumber(number) or number }
  end
  local sign = text:match("^%.%.%.?", pos) or text:match("^[=~<>]=", pos)
    or text:match("^([:/<>])%1", pos) and text:sub(pos, pos + 1) or first
  return pos + #sign, { kind = "sign", value = sign }
end

local function count_lines(text, from, to)
  local count = 0
  for _ in text:sub(from, to):gmatch("\n") do
    count = count + 1
  end
  return count
end

local M = {}

---@class mighost.LuaToken
---@field kind "name"|"keyword"|"number"|"string"|"sign"|"end"
---@field value any of a string what stands between the quotes, escapes as they are written
---@field line integer

---All tokens of a text with their lines; the last one is the end.  Whatever the text holds, it is
---read to its end.
---@param text string
---@return mighost.LuaToken[]
function M.read(text)
  local tokens, pos, line = {}, 1, 1
  if text:find("^#") then
    pos = text:find("\n", 1, true) or #text + 1
  end
  while true do
    local start = text:find("%S", pos) or #text + 1
    line = line + count_lines(text, pos, start - 1)
    if start > #text then
      tokens[#tokens + 1] = { kind = "end", value = "", line = line }
      return tokens
    end
    local stop, token
    if text:find("^%-%-", start) then
      stop = skip_comment(text, start)
    else
      stop, token = read_token(text, start)
      token.line = line
      tokens[#tokens + 1] = token
    end
    line = line + count_lines(text, start, stop - 1)
    pos = stop
  end
end

return M
