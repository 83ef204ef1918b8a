--- A team's own pipeline, for specs: a review that is repeated as often as the team allows, then a
--- look at security, both around mighost's own stages.

local registry = require "planning.registry"

local REVIEW <const> = [[
--- %s.

local contract = require "lib.contract"

---@type mighost.Stage
return {
  name     = "%s",
  outcomes = { "clear", "findings" },
  needs    = { "plan.md", "phase-*.md" },
  prompt = function(ctx)
    return "%s, for the " .. ctx.visit .. ". time.  End with review: clear or review: findings."
  end,
  judge = function(answer)
    if contract.is_silent(answer.text) then
      return nil, "the answer is empty"
    end
    return (contract.review(answer.text))
  end,
}
]]

local PIPELINE <const> = [[
--- The review is repeated until it is clear; then security has a look.

---@type mighost.Pipeline
return {
  name  = "secure",
  start = "approaches",
  edges = {
    ["approaches"]      = { completed = "pick-best" },
    ["pick-best"]       = { completed = "expand" },
    ["expand"]          = { completed = "loop-review" },
    ["loop-review"]     = { clear = "security-review", findings = "revise" },
    ["revise"]          = { completed = "loop-review" },
    ["security-review"] = { clear = "final-review", findings = "revise" },
    ["final-review"]    = {
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
  refine = {
    to   = "revise",
    from = { "revise", "loop-review", "security-review", "final-review", "terminal-ready",
      "terminal-ready-awaiting-human" },
  },
  max_visits = { ["loop-review"] = %d },
}
]]

local M = {}

--- The source of the pipeline.
---@param visits? integer  how often the review may run; default 2
---@return string
function M.pipeline(visits)
  return PIPELINE:format(visits or 2)
end

--- The team's files, by their path below `.mighost/`.
---@param visits? integer
---@return table<string, string>
function M.files(visits)
  return {
    ["stages/secure.lua"] = M.pipeline(visits),
    ["stages/loop-review.lua"] = REVIEW:format("Reviews the plan", "loop-review",
      "Review the plan"),
    ["stages/security-review.lua"] = REVIEW:format("Looks for holes", "security-review",
      "Look for holes"),
  }
end

--- A registry that finds these files as if mighost had been installed with them.
---@param files table<string, string>
---@return mighost.Registry
function M.registry(files)
  local reg = registry.new()
  local find = reg.find
  function reg.find(self, kind, name)
    local path = ("%s/%s.lua"):format(kind, name)
    if files[path] then
      return { path = "/team/" .. path, layer = "installed", text = files[path] }
    end
    return find(self, kind, name)
  end
  return reg
end

return M
