--- The known word that a mistyped one was most likely meant to be.

local MAX_LENGTH <const> = 64
local MAX_DISTANCE <const> = 3

--- Edits (insert, delete, replace, swap of neighbours) that turn a into b.
local function distance(a, b)
  local before, last = {}, {}
  for j = 0, #b do
    last[j] = j
  end
  for i = 1, #a do
    local now = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      now[j] = math.min(last[j] + 1, now[j - 1] + 1, last[j - 1] + cost)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        now[j] = math.min(now[j], before[j - 2] + 1)
      end
    end
    before, last = last, now
  end
  return last[#b]
end

local M = {}

--- The nearest of `known`, or nil when none is near; of equally near ones the first by byte order.
---@param word string
---@param known string[]
---@return string?
function M.find(word, known)
  if #word > MAX_LENGTH then
    return nil
  end
  local best
  local limit = math.min(MAX_DISTANCE, (#word + 1) // 2)
  for _, candidate in ipairs(known) do
    local d = distance(word, candidate)
    if d <= limit and (d < limit or not best or candidate < best) then
      best, limit = candidate, d
    end
  end
  return best
end

return M
