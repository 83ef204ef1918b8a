--- Reviews a plan for weaknesses that attackers could use.  To use a stage, name it in a pipeline
--- (mighost init --example pipeline shows one), or give it a built-in stage's name to replace that.

local contract = require "lib.contract" -- reads lines such as `review: clear`
local prose = require "lib.prose"       -- puts texts together

-- What the agent should do.  The engine puts the stage, the target and the work dir before
-- this, and people's feedback and the taste after it.
local WORK <const> = [[
Review the plan in the staged work dir for its security: plan.md and its phase files. You write no
files.

Look for input that is trusted too early, secrets that come to rest somewhere, rights that grow and
are not taken back, and phases that are unsafe while they are half done. Report only what would
change how the plan is carried out, as numbered findings, each with its file and what would answer
it.]]

-- The output contract: what `judge` reads, said to the agent in the same words.
local CONTRACT <const> = "End with one line, `review: clear` or `review: findings`."

---@type mighost.Stage
return {
  name     = "security-review",           -- as the file
  outcomes = { "clear", "findings" },     -- the pipeline says where each leads
  needs    = { "plan.md", "phase-*.md" }, -- what earlier stages must have left
  produces = {},                          -- what this one must leave
  timeout  = 3600,                        -- optional: seconds for a whole answer

  -- Pure functions of their arguments: no files, no time, no randomness.
  prompt = function(ctx)
    return prose.paragraphs {
      WORK,
      ctx.visit > 1 and "The plan was revised since your last review. Judge it afresh.",
      CONTRACT,
    }
  end,

  -- An outcome and a reason for people; or nil and why the answer is refused.
  judge = function(answer)
    if contract.is_silent(answer.text) then
      return nil, "the answer is empty"
    end
    local outcome, count = contract.review(answer.text)
    if outcome == "clear" then
      return "clear", "nothing that helps an attacker"
    end
    return "findings", prose.count(count, "finding")
  end,

  -- Tried by `mighost check`.  Without an outcome: must be refused.
  examples = {
    { text = "review: clear", outcome = "clear" },
    { text = "1. The token is logged in phase 2.\n\nreview: findings", outcome = "findings" },
    { text = " " },
  },
}
