--- Tiers of effort: which one a call gets, and whether a run may spend it.

local RANK <const> = { low = 1, medium = 2, high = 3, xhigh = 4 }

local M = {}

---Whether there is a tier of that name.
---@param effort any
---@return boolean
function M.is_known(effort)
  return RANK[effort] ~= nil
end

---The larger of two tiers; nil counts as none.
---@param a mighost.Effort
---@param b mighost.Effort|nil
---@return mighost.Effort
function M.larger(a, b)
  return b and RANK[b] > RANK[a] and b or a
end

---Whether a tier is above what a run may spend.
---@param effort mighost.Effort
---@param most mighost.Effort
---@return boolean
function M.exceeds(effort, most)
  return RANK[effort] > RANK[most]
end

return M
