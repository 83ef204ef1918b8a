--- Lays out two to four different ways to reach the target; decides nothing.

local contract = require "lib.contract"
local plan_files = require "lib.plan_files"
local prose = require "lib.prose"

local FEWEST <const> = 2
local MOST <const> = 4

local WORK <const> = [[
You are planning a change to the code base in the current directory. The target above says what is
wanted. Your job now is to lay out the real choices, so that the next stage can pick one and the
one after it can plan it. You decide nothing and change no code.

## Read first

- The code that the target names, what calls it, and its tests. Open files; do not infer what they
  hold from their names.
- Enough history (`git log -p` on those files) to know why they are the way they are.
- The README, contribution notes and build files: how this project is built, tested and released.
- What the staged work dir already holds.

## Write

Two to four files `approaches/<idea>.md` in the staged work dir. `<idea>` is a short lower-case
slug that says what the approach does ("journal-before-rename"), not how you rate it ("best",
"option-1").

Approaches differ in something that is costly to take back: where a boundary runs, what is kept
and what is replaced, in which order risk is taken. Variants of one idea belong in one file. One
approach is the smallest change that reaches the target. Do not invent a bad one to make another
look good.

Each file takes half a page to a page and a half:

- `# <title>`, then the idea in two or three sentences;
- what changes: files, functions, formats and interfaces by name, and what callers and users
  notice;
- trade-offs: what it costs, what it makes harder later, what it leaves unsolved. Every approach
  has a price; one without has not been thought through;
- risks: what could go wrong, how that would show, and how to go back;
- a rough sequence of phases, each shippable on its own, with an effort each (low, medium, high,
  xhigh);
- open questions that the code could not answer, each with the assumption you made.

Support what you claim about the code with a path and a function name. If the target is reached
already, or rests on something untrue, say so in every file and in your answer.

## Leave alone

- Everything outside the staged work dir: edit, format, build or commit nothing there.
- In the work dir: `manifest.json` and `.planning/`, which the host writes.
- plan.md, phase files and any preference: later stages own them.

## Output contract

The files are the result: two to four non-empty `approaches/<idea>.md`, no fewer and no more.
Answer with one line for each, naming it and its main trade-off. An empty answer fails the stage.]]

---@type mighost.Stage
return {
  name     = "approaches",
  outcomes = { "completed" },
  needs    = {},
  produces = { "approaches/*.md" },

  prompt = function(ctx)
    local present = {}
    for index, approach in ipairs(ctx.approaches) do
      present[index] = approach.name
    end
    return prose.paragraphs {
      WORK,
      #present > 0 and "The staged work dir already holds the approaches below. Keep, rewrite or "
        .. "remove them, so that two to four remain.\n\n" .. prose.list(present),
    }
  end,

  judge = function(answer, ctx)
    if contract.is_silent(answer.text) then
      return nil, "the answer is empty"
    end
    local names = plan_files.approaches(ctx.files())
    if #names < FEWEST or #names > MOST then
      return nil, ("the work dir holds %s approaches/<idea>.md; %d to %d are asked for"):format(
        prose.count(#names, "file"), FEWEST, MOST)
    end
    return "completed", ("%d approaches: %s"):format(#names, plan_files.show(names))
  end,
}
