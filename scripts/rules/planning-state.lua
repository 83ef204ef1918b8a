--- A migration that is being planned has a state whose history leads to where it stands.

---@type mighost.Rule
return {
  modes = { "doctor" },
  check = function(m, report)
    if m.manifest.status ~= "planning" or m.state then
      return
    end
    report {
      severity = "error",
      code = m.state_problem.is_missing and "planning-state-missing" or "planning-state-invalid",
      path = ".planning/state.json",
      message = m.state_problem.message,
    }
  end,
}
