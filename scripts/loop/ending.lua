--- How a run ends: its final status, and the NAME by which its exit code is known.

local VALIDATION <const> = { ["validation-failed"] = true, ["validation-infra-failure"] = true }
local AGENT <const> = {
  timeout = true, stuck = true, ["agent-infra-failure"] = true, ["agent-exited-nonzero"] = true,
}
local NAMES <const> = {
  timeout = "ETIMEOUT", stuck = "ESILENCE", ["agent-infra-failure"] = "EAGENT",
  ["validation-failed"] = "EVALIDATION", ["validation-infra-failure"] = "EVALIDATION",
  ["phase-ready-unverifiable"] = "EHUMAN", ["phase-ready-no"] = "ECOOLING",
  ["phase-effort-over-budget"] = "ECOOLING",
}

local M = {}

---The final status of a run that this outcome ended.
---@param outcome mighost.Outcome
---@return string status
function M.status(outcome)
  local is_migration = outcome.role:find("^planning") or outcome.role:find("^phase")
  if outcome.decision == "deferred" then
    return "completed"
  elseif outcome.failure_kind == "migration-consistency-error" then
    return "migration_failed"
  elseif VALIDATION[outcome.failure_kind] then
    return "validation_failed"
  elseif AGENT[outcome.failure_kind] then
    return "agent_failed"
  end
  return is_migration and "migration_failed" or "failed"
end

---What `run-once` ends with after an outcome that is not a success.
---@param outcome mighost.Outcome
---@return string NAME
function M.name(outcome)
  return outcome.name or NAMES[outcome.failure_kind] or "EFAILED"
end

return M
