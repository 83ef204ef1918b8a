--- No two phase files share their number or their name. Every file after the first is reported.

local function check_unique(docs, key, on_repeat)
  local first = {}
  for _, doc in ipairs(docs) do
    local earlier = first[doc[key]]
    if earlier then
      on_repeat(doc, earlier)
    else
      first[doc[key]] = doc
    end
  end
end

---@type mighost.Rule
return {
  modes = { "planning-snapshot", "ready-publish", "execution-gate", "doctor" },
  check = function(m, report)
    local docs = m.phase_docs()
    check_unique(docs, "index", function(doc, earlier)
      report {
        severity = "error",
        code = "duplicate-phase-doc-index",
        path = doc.file,
        message = ("has the number %s, as %s has"):format(doc.index, earlier.file),
      }
    end)
    check_unique(docs, "name", function(doc, earlier)
      report {
        severity = "error",
        code = "duplicate-phase-doc-name",
        path = doc.file,
        message = ("has the name '%s', as %s has"):format(doc.name, earlier.file),
      }
    end)
  end,
}
