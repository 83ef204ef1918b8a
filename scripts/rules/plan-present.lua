--- A migration that is executed, or about to be, has a plan.md.

local function needs_plan(m)
  local status = m.manifest.status
  return m.mode == "ready-publish" or status == "ready" or status == "in-progress"
end

---@type mighost.Rule
return {
  modes = { "ready-publish", "execution-gate", "doctor" },
  check = function(m, report)
    local plan = m.stat("plan.md")
    if needs_plan(m) and not (plan and plan.exists) then
      report {
        severity = "error",
        code = "missing-plan",
        path = "plan.md",
        message = "there is no plan.md",
      }
    end
  end,
}
