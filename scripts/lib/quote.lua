--- Words as a POSIX shell reads them back: for commands that messages tell people to run.

local PLAIN <const> = "^[%w_@%%+=:,./-]+$"

local M = {}

--- One word, quoted only when it has to be.
---@param word string
---@return string
function M.word(word)
  if word:find(PLAIN) then
    return word
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
