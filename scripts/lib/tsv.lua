--- Tab-separated values, one record on each line.

local SURROGATE <const> = "\xED[\xA0-\xBF][\x80-\xBF]"

local M = {}

---One line without its end. A tab or a line end inside a value becomes one space, half a surrogate
---pair (JSON can hold one, text cannot) U+FFFD; everything else is written as it is.
---@param values string[]
---@return string
function M.row(values)
  local line = table.concat(values, "\t")
  if not line:find("[\n\r\xED]") and select(2, line:gsub("\t", "")) == #values - 1 then
    return line
  end
  local cells = {}
  for index, value in ipairs(values) do
    cells[index] = value:gsub("\r\n", " "):gsub("[\t\r\n]", " "):gsub(SURROGATE, "\u{FFFD}")
  end
  return table.concat(cells, "\t")
end

return M
