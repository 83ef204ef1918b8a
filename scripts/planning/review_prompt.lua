--- The prompt for an agent that reviews a plan together with a person.

local prompt = require "planning.prompt"

local WORK <const> = [[
A person reviews this plan with you, at the terminal. It does not go on before they have decided.

## Why it waits

%s

## What to do

- Read plan.md and the phase files in the staged work dir, and the code they talk about.
- Tell the person in a few sentences what is to be decided and what speaks for either side; then
  ask, and answer what they ask.
- Change plan.md and the phase files as they decide. A phase file needs the headings
  `## Precondition` and `## Definition of Done`; every phase is listed in manifest.json with its
  `name`, `file` and `precondition`.
- When they have decided that the plan may be carried out, set in manifest.json
  `awaiting_human_review` to false and `human_review_reason` to null. Only then is anything
  published. Set them on the person's word alone.

## Leave alone

- Everything outside the staged work dir: edit, format, build or commit nothing there.
- In the work dir: `.planning/`, and in manifest.json everything that was not named above.]]

local M = {}

---The name under which a review is known where steps have the names of stages.
M.STEP = "human-review"

---@param about { target: string, reason: string|nil, work_dir: string, live_dir: string,
---  feedback: mighost.Feedback[], taste: string|nil }
---@return string
function M.assemble(about)
  return prompt.assemble({
    step = M.STEP, target = about.target, work_dir = about.work_dir, live_dir = about.live_dir,
    feedback = about.feedback, taste = about.taste,
  }, WORK:format(about.reason or "No reason was recorded."))
end

return M
