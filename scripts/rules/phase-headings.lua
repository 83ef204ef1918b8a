--- The phase files of a plan that is ready say when each phase may begin and when it is done.

local text = require "lib.text"

local HEADINGS <const> = {
  { title = "Precondition", code = "missing-phase-precondition" },
  { title = "Definition of Done", code = "missing-phase-definition-of-done" },
}

local function is_due(m)
  local status = m.manifest.status
  return m.mode == "ready-publish" or status == "ready" or status == "in-progress"
end

---The headings of a text, in lower case. A heading is a whole line, inside a code fence too.
local function headings_of(content)
  local found = {}
  for _, line in ipairs(text.lines(content)) do
    local title = line:match("^##[ \t]+(.-)[ \t]*$")
    if title then
      found[title:lower()] = true
    end
  end
  return found
end

---@type mighost.Rule
return {
  modes = { "ready-publish", "doctor" },
  check = function(m, report)
    for _, phase in ipairs(is_due(m) and m.manifest.phases or {}) do
      local entry = m.stat(phase.file)
      if entry and entry.kind == "file" and not entry.escapes then
        local content, why = m.read(phase.file)
        local found = headings_of(content or "")
        for _, heading in ipairs(HEADINGS) do
          if not found[heading.title:lower()] then
            report {
              severity = "error",
              code = heading.code,
              path = phase.file,
              message = why or ("there is no heading '## %s'"):format(heading.title),
            }
          end
        end
      end
    end
  end,
}
