--- The spec of the pipeline secure: mighost .mighost/spec/secure.lua
--- Replays the recorded plan offline, with the stages as they are now.

local mighost = require "mighost"

local HERE <const> = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$")
local EXPECTED <const> = {
  "approaches completed", "pick-best completed", "expand completed", "review clear",
  "security-review findings", "revise completed", "review-2 clear", "security-review clear",
  "final-review approve-auto",
}

local seen = {}
assert(mighost.test {
  project = assert(mighost.open {}), pipeline = "secure",
  recording = HERE .. "/../recordings/secure",
  on_stage = function(stage)
    table.insert(seen, ("%s %s"):format(stage.stage, stage.outcome or stage.message))
  end,
})
for i = 1, math.max(#seen, #EXPECTED) do
  assert(seen[i] == EXPECTED[i], ("step %d: %s, not %s"):format(i, seen[i], EXPECTED[i]))
end

print("secure: ok")
return 0
