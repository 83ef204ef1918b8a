--- Checks that the revision answered what was raised; a plan that still has findings stops here.

local contract = require "lib.contract"
local prose = require "lib.prose"

local WORK <const> = [[
The plan in the staged work dir was revised. Check that every point raised was answered, in the
plan itself and not only in the reviser's account of it. You write no files.

## Read first

The whole plan as it is now, the points below, and the code that they turn on.

## Check

For each point, by its number: what the plan says now, where (file and heading), and whether
somebody who reads only the plan will do the right thing. A point that the reviser rejected is
answered when the code bears the rejection out; look it up.

Then look for damage done by the revision: a phase table that disagrees with the files, a
precondition that names what no earlier phase leaves, numbers or names that no longer match, a
section that contradicts another.

Findings at this stage are points that remain open, and damage. What you would merely have liked
better, and what the first review let pass, are not, unless carrying out the plan would do harm.

## Report

Give the verdict on each point in a line or two. If something is open, number the open ones at the
start of lines as `1.`, `2.` and so on, each with severity, place, evidence and what would answer
it. An open finding stops the plan here until a person acts, so be certain of it.]]

local CONTRACT <const> = [[
## Output contract

End with one line of its own: `review: clear` when every point is answered and nothing was
damaged, else `review: findings`.]]

local FEEDBACK <const> = [[
## What was raised

The plan was reopened because of feedback from people; it stands at the end of this prompt. The
points are what the newest of it asks for.]]

local function raised(ctx)
  local text = ctx.extra.review_findings
  return text and prose.paragraphs {
    "## What was raised",
    "The review's words:",
    prose.verbatim(text),
    #ctx.feedback > 0 and "The feedback at the end of this prompt counts as raised too.",
  } or FEEDBACK
end

local function account(ctx)
  local revised = ctx.answers["revise"]
  return revised and revised.text and prose.paragraphs {
    "## What the reviser says",
    "These are claims to check, not evidence.",
    prose.verbatim(revised.text),
  }
end

---@type mighost.Stage
return {
  name     = "review-2",
  outcomes = { "clear" },
  needs    = { "plan.md", "phase-*.md" },
  produces = {},

  prompt = function(ctx)
    return prose.paragraphs { WORK, raised(ctx), account(ctx) or false, CONTRACT }
  end,

  judge = function(answer)
    if contract.is_silent(answer.text) then
      return nil, "the answer is empty"
    end
    local outcome, count, first = contract.review(answer.text)
    if outcome == "clear" then
      return "clear", "every finding is answered"
    end
    return nil, first and ("%s left after the revision; the first: %s"):format(
      prose.count(count, "finding"), contract.excerpt(first)) or "the revision left findings"
  end,

  examples = {
    { text = "review: clear", outcome = "clear" },
    { text = "All points are answered; no findings.", outcome = "clear" },
    { text = "1. **Major.** Point 2 is still open.\n\nreview: findings" },
  },
}
