--- A migration's manifest has the name of its directory. A staged copy has another name.

---@type mighost.Rule
return {
  modes = { "planning-snapshot", "ready-publish", "execution-gate", "doctor" },
  check = function(m, report)
    if not m.staged and m.manifest.name ~= m.slug then
      report {
        severity = "error",
        code = "manifest-slug-mismatch",
        message = ("the manifest says '%s', the directory '%s'"):format(m.manifest.name, m.slug),
      }
    end
  end,
}
