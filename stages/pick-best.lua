--- Picks one of the approaches and says why.

local contract = require "lib.contract"
local plan_files = require "lib.plan_files"
local prose = require "lib.prose"

local WORK <const> = [[
Several ways to reach the target are written down in `approaches/` of the staged work dir. Pick
the one that will be planned in detail. You write no files.

## Read first

Every approach, whole, and the code that they rest on. Check the claims that the choice turns on:
an approach that is wrong about the code loses its arguments, however well it is written.

## Decide

Weigh in this order:

1. Does it reach the target, all of it, given how the code really is?
2. What happens if it is wrong: how soon would that show, and can it be taken back?
3. Can it ship in small steps, each of which leaves the project releasable?
4. What is simpler to live with afterwards: fewer concepts, fewer places to change together?
5. What does it cost to do?

A tie goes to the smaller and more reversible one. Choose one as it stands; do not blend several
into a new one. If all are flawed, choose the least flawed and say what the plan must repair.

## Answer

Under a page: the choice and the two or three reasons that decided it; for each of the others why
not, and what in it is worth keeping; the assumption that, if it proved false, would change the
choice; what the detailed plan has to settle first.]]

local CONTRACT <const> = [[
## Output contract

End with one line of its own that consists of `chosen-approach:`, a blank and the name of the
approach, the file's name without `.md`. The name is one of these:]]

---The approaches' names as the prompt and the judge see them.
local function names_of(approaches)
  local names = {}
  for index, approach in ipairs(approaches) do
    names[index] = approach.name
  end
  return names
end

---@type mighost.Stage
return {
  name     = "pick-best",
  outcomes = { "completed" },
  needs    = { "approaches/*.md" },
  produces = {},

  prompt = function(ctx)
    return prose.paragraphs { WORK, CONTRACT, prose.list(names_of(ctx.approaches)) }
  end,

  judge = function(answer, ctx)
    if contract.is_silent(answer.text) then
      return nil, "the answer is empty"
    end
    local value = contract.last(answer.text, "chosen-approach")
    if not value then
      return "completed", "the whole answer is the choice"
    end
    local names = plan_files.approaches(ctx.files())
    local name = contract.name(value, names)
    if not name then
      return nil, ("chosen-approach names %s, not one of the approaches: %s"):format(
        contract.excerpt(value), plan_files.show(names))
    end
    return "completed", "chosen: " .. plan_files.show { name }
  end,

  examples = {
    { text = "The smaller one, since it can be reverted.", outcome = "completed" },
  },
}
