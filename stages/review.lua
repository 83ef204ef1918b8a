--- Reviews the plan against the target and the code; finds, and repairs nothing.

local contract = require "lib.contract"
local prose = require "lib.prose"

local WORK <const> = [[
Review the plan in the staged work dir: plan.md and its phase files. You are the last to read it
closely before it is carried out by agents that take it literally. You write no files.

## Read first

The whole plan. Then the code it talks about: open every file and look up every function, option
and command that it names. Read the plan's claims as claims.

## Look for

- Untruth: something named that is not there, or does not behave as said.
- Gaps: what the target asks for and no phase delivers; the failure, the platform, the concurrent
  process, the existing data or the caller that nobody thought of.
- Order: a phase that needs what a later one makes; one that leaves the project unshippable, or
  adds what nothing uses or tests until later; one too large to be taken back in one revert.
- Preconditions that cannot be checked before the first edit, restate "tests pass" or "phase
  done", or are made true only by the phase itself; results of the phase that are missing in its
  definition of done.
- Validation that would pass although the phase was done wrong; commands that do not exist.
- Rollback that is not one: data, formats or state that a revert leaves behind.
- Effort that does not fit the work; scope beyond the target; decisions left to whoever executes.

Report what would change how the plan is carried out. Wording and taste do not count, and a short
list of true ones is worth more than a long one. When in doubt whether something holds, settle it
in the code.

## Report

Number the findings in the order of their weight, each at the start of a line as `1.`, `2.` and so
on, and number nothing else. Each has:

- its severity: blocker (the plan cannot be carried out, or does harm), major (a phase would fail
  or ship something wrong), minor (somebody would lose time);
- the place: file and heading;
- what is wrong, and the evidence: the path and function, or the command and what it printed;
- what would answer it, as a result to be reached, not as text to be pasted.

The next stage repairs the plan from your words alone.]]

local CONTRACT <const> = [[
## Output contract

End with one line of its own: `review: findings` when you report anything at all, whatever its
severity, or `review: clear` when you would hand this plan to somebody to carry out as it stands.]]

local function phase_list(ctx)
  local items = {}
  for index, phase in ipairs(ctx.phases) do
    items[index] = ("`%s`%s"):format(phase.file,
      phase.required_effort and (", effort %s"):format(phase.required_effort) or "")
  end
  return #items > 0 and "The phases, in order:\n\n" .. prose.list(items)
end

---@type mighost.Stage
return {
  name     = "review",
  outcomes = { "clear", "findings" },
  needs    = { "plan.md", "phase-*.md" },
  produces = {},

  prompt = function(ctx)
    return prose.paragraphs {
      WORK,
      phase_list(ctx),
      ctx.visit > 1 and ("This is review number %d of this plan. Judge it afresh, as it is now.")
        :format(ctx.visit),
      CONTRACT,
    }
  end,

  judge = function(answer)
    if contract.is_silent(answer.text) then
      return nil, "the answer is empty"
    end
    local outcome, count = contract.review(answer.text)
    if outcome == "clear" then
      return "clear", "no findings"
    end
    return "findings", count > 0 and prose.count(count, "finding") or "findings, not numbered"
  end,

  examples = {
    { text = "review: clear", outcome = "clear" },
    { text = "1. **Major.** phase-2 calls a function that is not there.\n\nreview: findings",
      outcome = "findings" },
    { text = "No findings.", outcome = "clear" },
    { text = "The plan is sound, but phase 3 cannot be reverted.", outcome = "findings" },
  },
}
