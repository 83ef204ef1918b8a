--- A migration that is executed, or about to be, has a plan.md.

---@type mighost.Rule
return {
  modes = { "ready-publish", "execution-gate", "doctor" },
  check = function(m, report)
    local plan = m.stat("plan.md")
    if m.is_executable and not (plan and plan.exists) then
      report {
        severity = "error",
        code = "missing-plan",
        path = "plan.md",
        message = "there is no plan.md",
      }
    end
  end,
}
