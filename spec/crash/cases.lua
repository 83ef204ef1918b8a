--- The commands that are swept, and what they are swept from.

local places = require "spec.crash.place"
local sh = require "spec.support.sh"

local SLUG <const> = places.slug
local SUBJECT <const> = "mighost: planning/" .. SLUG .. "/"

--- A person's agent that settles what the plan waits for.
local REVIEWER <const> = [[#!/bin/sh
echo "human-review 1" >>"$PLANNER_LOG"
sed -i -e 's/"awaiting_human_review": .*/"awaiting_human_review": false,/' \
  -e 's/"human_review_reason": .*/"human_review_reason": null,/' manifest.json
]]

---@class crash.Case
---@field name string
---@field prepare fun(place: crash.Place)
---@field args string[]|fun(place: crash.Place): string[]  the command that is hurt, and repeated
---@field next? string[]      the next command once all of it is published; default: the same
---@field env? table<string, string>
---@field stages string[]     what the agent is asked for by it, or was for what is recovered
---@field subjects string[]   of the commits
---@field said string         how the command acknowledges the last of them
---@field pending? string     the call before which an earlier process was killed
---@field refuse? string

local function plan(...)
  return { "plan", "--with", "command", "--agent-command", places.agent, SLUG, ... }
end

local function steps(count)
  return function(place)
    if count > 0 then
      place:must(plan("--target", "Do a thing", "--steps", tostring(count)))
    end
  end
end

local function step(name, done, stage, refuse)
  return { name = name, refuse = refuse, stages = { stage }, subjects = { SUBJECT .. stage },
    said = stage, prepare = steps(done), args = plan("--target", "Do a thing") }
end

--- A step that an earlier process died in is recovered, and the next one taken.
local function recovery(name, pending, refuse)
  return { name = name, pending = pending, refuse = refuse, prepare = steps(1), args = plan(),
    stages = { "pick-best", "expand" }, said = "expand",
    subjects = { SUBJECT .. "pick-best", SUBJECT .. "expand" } }
end

--- Steps that end with a plan that waits for a person, and the person's agent.
local function prepare_review(place)
  place:must(plan("--target", "Do a thing", "--steps", "4"))
  local result = place:run(plan(),
    { PLANNER_DECISION = "approve-needs-human - a format changes" })
  assert(result.stdout:find("approve-needs-human", 1, true), result.stderr)
  local path = place.home .. "/reviewer.sh"
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(REVIEWER))
  sh.check { argv = { "chmod", "+x", path } }
end

return {
  step("first", 0, "approaches"),
  step("second", 1, "pick-best"),
  step("second-two-renames", 1, "pick-best", "exchange"),
  step("third", 2, "expand"),
  step("last", 4, "final-review"),
  { name = "refine", stages = { "revise" }, subjects = { SUBJECT .. "revise" }, said = "revise",
    prepare = steps(5), next = plan(),
    args = { "migration", "refine", SLUG, "--message", "Better", "--with", "command",
      "--agent-command", places.agent } },
  { name = "review", stages = { "human-review" }, subjects = { "mighost: review/" .. SLUG },
    said = "human-review", prepare = prepare_review, next = plan(),
    args = function(place)
      return { "migration", "review", SLUG, "--with", "command", "--agent-command",
        place.home .. "/reviewer.sh" }
    end },
  recovery("recover-accepted", "mkdir __transactions__"),
  recovery("recover-journal", "rename mig$"),
  recovery("recover-exchanged", "open repo.lock"),
  recovery("recover-objects", "open %x+%.ref$"),
  recovery("recover-locked", "open main$"),
  recovery("recover-committed", "rename index$"),
  recovery("recover-done", "unlink mig$"),
  recovery("recover-two-renames", "rename mig$", "exchange"),
}
