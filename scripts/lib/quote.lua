--- Words as a POSIX shell reads them back: for commands that messages tell people to run.

local text = require "lib.text"

local PLAIN <const> = "^[%w_@%%+=:,./-]+$"
local IN_FORMAT <const> = { ["%"] = "%%", ["\\"] = "\\\\", ["'"] = "'\\''" }

local function octal(bytes)
  return (bytes:gsub(".", function(byte)
    return ("\\%03o"):format(byte:byte())
  end))
end

--- A word that no screen shows as it is, as a command that prints it.
local function spell_out(word)
  local pieces = {}
  for piece in word:gmatch("[\0-\x7F\x80-\xFF][\x80-\xBF]*") do
    local is_shown = text.printable(piece) == piece
    pieces[#pieces + 1] = is_shown and (IN_FORMAT[piece] or piece) or octal(piece)
  end
  return ([["$(printf '%s')"]]):format(table.concat(pieces))
end

local M = {}

--- One word, quoted only when it has to be.
---@param word string
---@return string
function M.word(word)
  if word:find(PLAIN) then
    return word
  elseif text.printable(word) ~= word and word:sub(-1) ~= "\n" then
    return spell_out(word)
  end
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- A whole command line.
---@param words string[]
---@return string
function M.words(words)
  local quoted = {}
  for i, word in ipairs(words) do
    quoted[i] = M.word(word)
  end
  return table.concat(quoted, " ")
end

return M
