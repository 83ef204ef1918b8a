--- The built-in pipeline with a security review before the final one.  `mighost plan --pipeline
--- secure` uses it, and so does every plan where .mighost/config.json says "pipeline": "secure".
--- A file called pipeline.lua would take the built-in one's place.

---@type mighost.Pipeline
return {
  name  = "secure", -- as the file
  start = "approaches",
  edges = { -- every outcome of every stage, and where it leads
    ["approaches"]      = { completed = "pick-best" },
    ["pick-best"]       = { completed = "expand" },
    ["expand"]          = { completed = "review" },
    ["review"]          = { clear = "security-review", findings = "revise" },
    ["revise"]          = { completed = "review-2" },
    ["review-2"]        = { clear = "security-review" },
    ["security-review"] = { clear = "final-review", findings = "revise" },
    ["final-review"]    = {
      ["approve-auto"]        = "terminal-ready",
      ["approve-needs-human"] = "terminal-ready-awaiting-human",
      reject                  = "terminal-skipped",
    },
  },
  terminals = {
    ["terminal-ready"]                = { status = "ready" },
    ["terminal-ready-awaiting-human"] = { status = "ready", awaiting_human_review = true },
    ["terminal-skipped"]              = { status = "skipped" },
  },
  -- After an outcome `findings` that leads to `to`, that stage has to answer the findings; people's
  -- feedback leads there from each of `from`.
  refine = {
    to   = "revise",
    from = { "review", "review-2", "security-review", "final-review", "terminal-ready",
      "terminal-ready-awaiting-human" },
  },
  -- revise -> review-2 -> security-review -> revise … is a loop: it must end.
  max_visits = { ["security-review"] = 3 },
}
