--- Every phase of the manifest names a regular file of the migration. At most one finding a phase.

local paths = require "lib.paths"

---@return string|nil code
---@return string|nil message
local function judge(m, file)
  if not paths.is_inside(file) then
    return "invalid-phase-file-reference", "the phase's file must be a path inside the migration"
  end
  local entry = m.stat(file)
  if entry and entry.kind == "symlink" then
    if entry.escapes then
      return "phase-file-escapes-migration", "the phase's file is a link that leads out"
    end
    return "phase-file-not-regular", "the phase's file is a link"
  elseif not entry then
    return "missing-phase-file", "the phase's file does not exist"
  elseif entry.escapes then
    return "phase-file-escapes-migration", "the way to the phase's file leads out over a link"
  elseif entry.kind ~= "file" then
    return "phase-file-not-regular", "the phase's file is not a regular file"
  end
end

---@type mighost.Rule
return {
  modes = { "planning-snapshot", "ready-publish", "execution-gate", "doctor" },
  check = function(m, report)
    for _, phase in ipairs(m.manifest.phases) do
      local code, message = judge(m, phase.file)
      if code then
        report { severity = "error", code = code, path = phase.file, message = message }
      end
    end
  end,
}
