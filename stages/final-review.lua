--- Decides what becomes of the plan: executed by agents, first looked at by a person, or dropped.

local contract = require "lib.contract"
local prose = require "lib.prose"

local DECISIONS <const> = { "approve-auto", "approve-needs-human", "reject" }

local WORK <const> = [[
The plan in the staged work dir has been reviewed. Decide what becomes of it. Once approved,
agents carry it out phase by phase without anybody watching; the project's validation runs before
and after each phase. You write no files.

## Read first

The target, the whole plan, and as much of the code as you need to believe it. The reviews have
checked details; you answer for the whole.

## Decide

- approve-auto: somebody who returns after the last phase will find the target reached, and
  wherever a phase goes wrong, its validation stops it and a revert takes it back.
- approve-needs-human: the plan is sound, but something in it is for a person to decide or to
  watch: a public interface, a data or file format that others read, security or privacy, a
  licence, money, a step that a revert does not take back, a choice between goals that the target
  leaves open. Say exactly what the person must look at; a general unease is no reason.
- reject: it should not be carried out: the target is reached already, rests on something untrue,
  costs more than it gives, or cannot be done in phases that are safe. Not for what another
  revision could mend cheaply, which is approve-needs-human with that as the reason.

Uncertainty that a look into the code can settle is settled there, not passed on.

## Answer

A few sentences: what the plan will change for those who use and maintain the project, the
riskiest phase and what catches its failure, and why this decision and not the next stricter or
milder one.]]

local CONTRACT <const> = [[
## Output contract

End with one line of its own that consists of `final-decision:`, a blank, one of `approve-auto`,
`approve-needs-human` and `reject`, an em dash between blanks, and the reason in one sentence. The
reason is shown alone, in lists and in the history, to people who have not read the plan: name the
thing that decides.]]

local function effort_summary(ctx)
  local items = {}
  for index, phase in ipairs(ctx.phases) do
    items[index] = ("`%s`: effort %s"):format(phase.file, phase.required_effort or "not given")
  end
  return #items > 0 and "The phases, in order:\n\n" .. prose.list(items)
end

---@type mighost.Stage
return {
  name     = "final-review",
  outcomes = { "approve-auto", "approve-needs-human", "reject" },
  needs    = { "plan.md", "phase-*.md" },
  produces = {},

  prompt = function(ctx)
    return prose.paragraphs { WORK, effort_summary(ctx), CONTRACT }
  end,

  judge = function(answer)
    if contract.is_silent(answer.text) then
      return nil, "the answer is empty"
    end
    local value = contract.last(answer.text, "final-decision")
    if not value then
      return nil, "there is no line \"final-decision: approve-auto|approve-needs-human|reject\""
    end
    local decision, reason = contract.decision(value, DECISIONS)
    if not decision then
      return nil, ("final-decision says %s; it must be %s, alone or with a reason behind a dash")
        :format(contract.excerpt(value), table.concat(DECISIONS, ", "))
    end
    return decision, reason or decision
  end,

  examples = {
    { text = "final-decision: approve-auto — every phase reverts", outcome = "approve-auto" },
    { text = "final-decision: approve-needs-human - phase 2 changes a public format",
      outcome = "approve-needs-human" },
    { text = "final-decision: reject", outcome = "reject" },
    { text = "Approved." },
  },
}
