--- Every phase says how it is taken back.  A rule of your own is held against every migration
--- besides the built-in ones; one with a built-in's name takes its place.

---@type mighost.Rule
return {
  -- planning-snapshot: around each planning step; ready-publish: before a plan becomes executable;
  -- execution-gate: before a phase runs; doctor: when a person asks.
  modes = { "ready-publish", "doctor" },

  -- `m` is a read-only view of one migration; `report` may be called any number of times.
  check = function(m, report)
    for _, phase in ipairs(m.manifest.phases) do
      local text = m.read(phase.file) -- nil where it cannot be read: another rule tells of that
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
