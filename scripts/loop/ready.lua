--- What a ready-check says about a phase: `ready: yes|no|unverifiable`, with a reason after a dash.

local contract = require "lib.contract"

local KEY <const> = "ready"
local WORDS <const> = { "yes", "no", "unverifiable" }

-- The host runs the validation itself, before and after, so that nobody has to be asked about it.
local HOSTS_OWN <const> = { "baseline" }
local TESTS <const> = { "%f[%a]tests?%f[%A]", "suite", "validation", "%f[%a]ci%f[%A]", "checks?" }
local OF_EVIDENCE <const> = {
  "evidence", "fresh", "recent", "current", "%f[%a]re%-?run", "%f[%a]run%f[%A]", "%f[%a]ran%f[%A]",
  "%f[%a]runs%f[%A]", "pass", "green", "result", "output",
}

---@class mighost.Readiness
---@field ready "yes"|"no"|"unverifiable"
---@field reason string

local function has_any(clause, patterns)
  for _, pattern in ipairs(patterns) do
    if clause:find(pattern) then
      return true
    end
  end
  return false
end

---Whether a reason speaks of nothing but whether tests are green now.
local function is_about_tests(reason)
  local count = 0
  local plain = reason:lower():gsub("%f[%a]and%f[%A]", ";"):gsub("%f[%a]or%f[%A]", ";")
  for clause in plain:gmatch("[^;,.]+") do
    if clause:find("%a") then
      count = count + 1
      local is_tests = has_any(clause, TESTS) and has_any(clause, OF_EVIDENCE)
      if not is_tests and not has_any(clause, HOSTS_OWN) then
        return false
      end
    end
  end
  return count > 0
end

local M = {}

---@param answer string
---@return mighost.Readiness|nil
---@return string? message why the answer says nothing
function M.parse(answer)
  local value = contract.last(answer, KEY)
  if not value then
    return nil, "there is no line \"ready: yes|no|unverifiable\""
  end
  local word, reason = contract.decision(value, WORDS)
  if not word then
    return nil, ("ready says %s; it must be yes, no or unverifiable, alone or with a reason behind "
      .. "a dash"):format(contract.excerpt(value))
  end
  if word == "unverifiable" and reason and is_about_tests(reason) then
    word = "no"
  end
  return { ready = word, reason = reason or "no reason is given" }
end

return M
