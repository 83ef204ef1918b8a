--- No two phases change the same file: each can be reviewed, shipped and rolled back on its own.
--- A phase lists its files under `## Files`, one on each line, as a list of paths in backticks.

local HEADING <const> = "\n## Files[ \t]*\n"

---The paths that a phase's text lists, in order.
local function files_of(text)
  local first, last = ("\n" .. text):find(HEADING)
  local paths = {}
  if not first then
    return nil
  end
  local section = ("\n" .. text):sub(last + 1):gsub("\n## .*", "")
  for path in section:gmatch("[-*] `([^`\n]+)`") do
    paths[#paths + 1] = path
  end
  return paths
end

---@type mighost.Rule
return {
  modes = { "ready-publish", "doctor" },
  check = function(m, report)
    local owners = {}
    for _, phase in ipairs(m.manifest.phases) do
      local text = m.read(phase.file)
      local paths = text and files_of(text)
      if text and not paths then
        report {
          severity = "warning", code = "missing-phase-files", path = phase.file,
          message = "there is no heading '## Files' with the paths that the phase changes",
        }
      end
      for _, path in ipairs(paths or {}) do
        if owners[path] and owners[path] ~= phase.file then
          report {
            severity = "error", code = "phases-overlap", path = phase.file,
            message = ("%s is changed by %s too"):format(path, owners[path]),
          }
        end
        owners[path] = owners[path] or phase.file
      end
    end
  end,
}
