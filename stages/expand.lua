--- Turns the chosen approach into a plan: plan.md and one file for each phase.

local contract = require "lib.contract"
local plan_files = require "lib.plan_files"
local prose = require "lib.prose"

local WORK <const> = [[
An approach to the target has been chosen. Turn it into a plan that engineers or agents who were
not here can carry out: `plan.md` and one phase file for each phase, in the staged work dir. You
change no code.

## Read first

- The chosen approach in `approaches/`, whole, and what is worth keeping of the others.
- Every file that the plan will touch or call, and its tests. Names, signatures and paths in the
  plan are copied from the code, not remembered.
- How the project is built and tested; run what is read-only and quick to see it for yourself.

Where the approach turns out to be wrong about the code, follow the code and say so in plan.md. If
that overturns the choice, say it in your answer.

## plan.md

- Goal: what will be true afterwards that is not true now, in terms that can be observed.
- Today: how the code does it now, with paths and function names, as far as the plan depends on
  it.
- Approach: which one, why, and what it was preferred to, in a paragraph.
- Scope and non-goals: what changes, and what a reader might expect to change and does not.
- Design: the decisions that phases must share: interfaces with signatures, formats, names,
  ownership, what happens on each failure, what older systems or existing data meet. Decide; leave
  no alternatives open.
- Phases: a table of number, file, what it ships, what it depends on; then why this order.
- Validation: what proves the goal, beyond what each phase proves for itself.
- Risks: what is most likely to go wrong, how it would be noticed, what to do then.
- Assumptions: what you could not establish, what you took to be true, and where it would show.

## Phase files

]] .. plan_files.PHASE_GUIDE .. [[


## Leave alone

- Everything outside the staged work dir: edit, format, build or commit nothing there.
- In the work dir: `approaches/`, `manifest.json` and `.planning/`.
- Work that the target does not ask for. Note it under non-goals if it would tempt somebody.]]

local CONTRACT <const> = [[
## Output contract

The files are the result: a non-empty `plan.md` and at least one `phase-<n>-<name>.md`, each phase
file with the headings `## Precondition` and `## Definition of Done` on lines of their own. Remove
phase files that are no part of the plan. Answer with one line for each phase and whatever a
reviewer should look at first. An empty answer fails the stage.]]

---What pick-best said: the name of the approach where it gave one, and its reasons.
local function choice(ctx)
  local picked = ctx.answers["pick-best"]
  if not picked or not picked.text then
    return false
  end
  local names = {}
  for index, approach in ipairs(ctx.approaches) do
    names[index] = approach.name
  end
  local value = contract.last(picked.text, "chosen-approach")
  local name = value and contract.name(value, names)
  return prose.paragraphs {
    "## The choice",
    name and ("The chosen approach is `approaches/%s.md`, for these reasons:"):format(name)
      or "The approach was chosen with these words:",
    prose.verbatim(picked.text),
  }
end

---@type mighost.Stage
return {
  name     = "expand",
  outcomes = { "completed" },
  needs    = { "approaches/*.md" },
  produces = { "plan.md", "phase-*.md" },

  prompt = function(ctx)
    return prose.paragraphs {
      WORK,
      choice(ctx),
      ctx.plan and "The staged work dir already holds a plan.md: replace it and its phase files.",
      CONTRACT,
    }
  end,

  judge = function(answer, ctx)
    if contract.is_silent(answer.text) then
      return nil, "the answer is empty"
    end
    local phases, why = plan_files.check(ctx)
    if not phases then
      return nil, why
    end
    return "completed", "plan.md and " .. prose.count(phases, "phase file")
  end,
}
