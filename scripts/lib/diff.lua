--- A small line diff, for showing a person in what two texts differ.

local text = require "lib.text"

local CONTEXT <const> = 2
local MAX_CELLS <const> = 4000000

---How many lines are the same at the start and, after those, at the end.
local function common_ends(a, b)
  local head, tail = 0, 0
  local shorter = math.min(#a, #b)
  while head < shorter and a[head + 1] == b[head + 1] do
    head = head + 1
  end
  while tail < shorter - head and a[#a - tail] == b[#b - tail] do
    tail = tail + 1
  end
  return head, tail
end

---lengths[i][j]: the longest common subsequence of a[i..] and b[j..], indices relative to `head`.
local function subsequence_lengths(a, b, head, rows, columns)
  local lengths = { [rows + 1] = {} }
  for row = rows, 1, -1 do
    local current, below = {}, lengths[row + 1]
    for column = columns, 1, -1 do
      if a[head + row] == b[head + column] then
        current[column] = (below[column + 1] or 0) + 1
      else
        current[column] = math.max(below[column] or 0, current[column + 1] or 0)
      end
    end
    lengths[row] = current
  end
  return lengths
end

---The differing middle as marked lines; what is too large to compare is all removed and all added.
local function middle(a, b, head, rows, columns)
  local out = {}
  local row, column = 1, 1
  local is_small = rows * columns <= MAX_CELLS
  local lengths = is_small and subsequence_lengths(a, b, head, rows, columns) or {}
  local function length(i, j)
    return lengths[i] and lengths[i][j] or 0
  end
  while row <= rows or column <= columns do
    local left, right = a[head + row], b[head + column]
    local is_left_due = column > columns or length(row + 1, column) >= length(row, column + 1)
    if row <= rows and column <= columns and left == right then
      out[#out + 1] = " " .. left
      row, column = row + 1, column + 1
    elseif row <= rows and is_left_due then
      out[#out + 1] = "-" .. left
      row = row + 1
    else
      out[#out + 1] = "+" .. right
      column = column + 1
    end
  end
  return out
end

---Keeps changed lines and those near them; a gap becomes one line `...`.
local function around_changes(marked, context)
  local near = {}
  for index, line in ipairs(marked) do
    if line:sub(1, 1) ~= " " then
      for close = index - context, index + context do
        near[close] = true
      end
    end
  end
  local out, last = {}, 0
  for index, line in ipairs(marked) do
    if near[index] then
      if index > last + 1 then
        out[#out + 1] = "..."
      end
      out[#out + 1], last = line, index
    end
  end
  if last < #marked then
    out[#out + 1] = "..."
  end
  return out
end

local M = {}

---Lines of `a` that are not in `b` behind `-`, the other way round behind `+`, and two unchanged
---ones around them.
---@param a string
---@param b string
---@return string difference "" when the texts have the same lines
function M.lines(a, b)
  local left, right = text.lines(a), text.lines(b)
  local head, tail = common_ends(left, right)
  if head == #left and head == #right then
    return ""
  end
  local marked = table.move(left, 1, head, 1, {})
  for index = 1, head do
    marked[index] = " " .. marked[index]
  end
  for _, line in ipairs(middle(left, right, head, #left - head - tail, #right - head - tail)) do
    marked[#marked + 1] = line
  end
  for index = #left - tail + 1, #left do
    marked[#marked + 1] = " " .. left[index]
  end
  return table.concat(around_changes(marked, CONTEXT), "\n")
end

return M
