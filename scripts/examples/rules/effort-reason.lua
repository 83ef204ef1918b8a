--- An effort above high costs: a phase that asks for one says why, and few phases do.

local MOST <const> = 2 -- phases of one plan

---@type mighost.Rule
return {
  -- Also before a phase runs: somebody may have raised the effort since the plan became ready.
  modes = { "ready-publish", "execution-gate", "doctor" },
  check = function(m, report)
    local count = 0
    for _, phase in ipairs(m.manifest.phases) do
      local is_dear = phase.required_effort == "xhigh"
      count = count + (is_dear and 1 or 0)
      if is_dear and not (phase.effort_reason or ""):find("%S") then
        report {
          severity = "error", code = "missing-effort-reason", path = phase.file,
          message = "it asks for the effort xhigh without a section '## Effort Reason'",
        }
      end
    end
    if count > MOST then
      report {
        severity = "info", code = "much-effort",
        message = ("%d phases ask for the effort xhigh"):format(count),
      }
    end
  end,
}
