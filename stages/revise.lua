--- Answers the review's findings, or people's feedback, by changing the plan.

local contract = require "lib.contract"
local plan_files = require "lib.plan_files"
local prose = require "lib.prose"

local WORK <const> = [[
The plan in the staged work dir, plan.md and its phase files, has to be revised. You change no
code.

## Read first

The whole plan, and the code behind each point that is raised below. A point may be wrong: check
it before you act on it.

## Revise

- Answer every point. Where it is right, change the plan so that somebody who reads only the plan
  will do the right thing; look for the same mistake elsewhere in the plan and mend that too.
- Where a point is wrong, leave the plan as it is in that respect, say in your answer why with the
  evidence from the code, and make clearer what was misread.
- Keep what nobody questioned. A revision is not a second draft.
- Keep plan.md and the phase files in step: the table of phases, the order, the numbers, what one
  phase leaves for the next. Renumber without gaps when a phase comes or goes, and remove files
  that are no longer phases.

## Phase files

]] .. plan_files.PHASE_GUIDE .. [[


## Leave alone

- Everything outside the staged work dir: edit, format, build or commit nothing there.
- In the work dir: `approaches/`, `manifest.json` and `.planning/`.]]

local CONTRACT <const> = [[
## Output contract

The files are the result: `plan.md` and the `phase-<n>-<name>.md` files, not empty, each phase
file with the headings `## Precondition` and `## Definition of Done` on lines of their own. Answer
point by point, with the numbers of the points: what you changed, in which file and under which
heading, or why nothing had to change. The next stage checks each of these answers against the
files. An empty answer fails the stage.]]

local FEEDBACK <const> = [[
## What to answer

The plan was reopened because of feedback from people; it stands at the end of this prompt, the
newest last. The newest decides where it contradicts older feedback or the plan. What earlier
rounds have answered already needs no second answer.]]

local function findings(ctx)
  local text = ctx.extra.review_findings
  if not text then
    return FEEDBACK
  end
  return prose.paragraphs {
    "## What to answer",
    "The review found this:",
    prose.verbatim(text),
    #ctx.feedback > 0 and "Feedback from people stands at the end of this prompt. Answer it too; "
      .. "where it contradicts the review, it decides.",
  }
end

---@type mighost.Stage
return {
  name     = "revise",
  outcomes = { "completed" },
  needs    = { "plan.md", "phase-*.md" },
  produces = { "plan.md", "phase-*.md" },

  prompt = function(ctx)
    return prose.paragraphs { WORK, findings(ctx), CONTRACT }
  end,

  judge = function(answer, ctx)
    if contract.is_silent(answer.text) then
      return nil, "the answer is empty"
    end
    local phases, why = plan_files.check(ctx)
    if not phases then
      return nil, why
    end
    return "completed", ("%s; %s changed"):format(prose.count(phases, "phase file"),
      prose.count(#answer.files, "file"))
  end,
}
