--- How a plan comes to be: which stage follows which outcome, and what reaching an end means.

---@type mighost.Pipeline
return {
  name  = "built-in",
  start = "approaches",
  edges = {
    ["approaches"]   = { completed = "pick-best" },
    ["pick-best"]    = { completed = "expand" },
    ["expand"]       = { completed = "review" },
    ["review"]       = { clear = "final-review", findings = "revise" },
    ["revise"]       = { completed = "review-2" },
    ["review-2"]     = { clear = "final-review" },
    ["final-review"] = {
      ["approve-auto"]        = "terminal-ready",
      ["approve-needs-human"] = "terminal-ready-awaiting-human",
      ["reject"]              = "terminal-skipped",
    },
  },
  terminals = {
    ["terminal-ready"]                = { status = "ready" },
    ["terminal-ready-awaiting-human"] = { status = "ready", awaiting_human_review = true },
    ["terminal-skipped"]              = { status = "skipped" },
  },
  -- An edge `findings` into this stage keeps that output as the review's findings; new feedback
  -- from a person takes a plan that stands at one of `from` back to it.
  refine = {
    to = "revise",
    from = {
      "review", "review-2", "final-review", "terminal-ready", "terminal-ready-awaiting-human",
    },
  },
  max_visits = {},
}
