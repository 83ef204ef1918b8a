--- The phase files of a plan that is ready say when each phase may begin and when it is done.

local plan_files = require "lib.plan_files"

local CODES <const> = {
  ["Precondition"] = "missing-phase-precondition",
  ["Definition of Done"] = "missing-phase-definition-of-done",
}

---The files of the phases, as far as they are files of the migration.
local function regular_files(m)
  local files = {}
  for _, phase in ipairs(m.manifest.phases) do
    local entry = m.stat(phase.file)
    if entry and entry.kind == "file" and not entry.escapes then
      files[#files + 1] = phase.file
    end
  end
  return files
end

---@type mighost.Rule
return {
  modes = { "ready-publish", "doctor" },
  check = function(m, report)
    for _, file in ipairs(m.is_executable and regular_files(m) or {}) do
      local content, why = m.read(file)
      for _, heading in ipairs(plan_files.missing_headings(content or "")) do
        report {
          severity = "error",
          code = CODES[heading],
          path = file,
          message = why or ("there is no heading '## %s'"):format(heading),
        }
      end
    end
  end,
}
