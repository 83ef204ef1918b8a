--- A plan that is executed, or about to be, has phases, stands at one, and lists every phase file.

local function names_of(phases)
  local names = {}
  for _, phase in ipairs(phases) do
    names[phase.name] = true
  end
  return names
end

local function check_current(m, names, report)
  if #m.manifest.phases == 0 then
    report {
      severity = "error",
      code = "missing-manifest-phases",
      message = "the manifest has no phases",
    }
  end
  if not names[m.manifest.current_phase] then
    report {
      severity = "error",
      code = "invalid-current-phase",
      message = ("the current phase '%s' is not one of the phases"):format(
        m.manifest.current_phase),
    }
  end
end

---@type mighost.Rule
return {
  modes = { "ready-publish", "doctor" },
  check = function(m, report)
    if not m.is_executable then
      return
    end
    local names = names_of(m.manifest.phases)
    check_current(m, names, report)
    for _, doc in ipairs(m.phase_docs()) do
      if not names[doc.name] then
        names[doc.name] = true
        report {
          severity = "error",
          code = "phase-doc-not-in-manifest",
          path = doc.file,
          message = ("no phase of the manifest has the name '%s'"):format(doc.name),
        }
      end
    end
  end,
}
