--- Every phase says how it is rolled back.  Your own rules check every migration besides the
--- built-in ones; a rule with a built-in's name replaces it.

---@type mighost.Rule
return {
  -- planning-snapshot: around each planning step; ready-publish: before a plan becomes executable;
  -- execution-gate: before a phase runs; doctor: when a person asks.
  modes = { "ready-publish", "doctor" },

  -- `m` is a read-only view of one migration; `report` may be called any number of times.
  check = function(m, report)
    for _, phase in ipairs(m.manifest.phases) do
      local text = m.read(phase.file) -- nil if it cannot be read: another rule reports that
      if text and not ("\n" .. text):find("\n## Rollback[ \t]*\n") then
        report {
          severity = m.mode == "doctor" and "warning" or "error", -- an error blocks
          code = "missing-rollback",
          path = phase.file,
          message = "there is no heading '## Rollback' that says how the phase is taken back",
        }
      end
    end
  end,
}
