--- The commands that are swept, and what they are swept from.

local places = require "spec.crash.place"

local SLUG <const> = places.slug

---@class crash.Case
---@field name string
---@field prepare fun(place: crash.Place)
---@field args string[]       the command, and the next one
---@field env? table<string, string>
---@field stage string        what the agent is asked for
---@field subject string      of the commit
---@field said string         how the command acknowledges
---@field ends_with? integer  how the command ends when there is nothing more to do

local function plan(...)
  return { "plan", "--with", "command", "--agent-command", places.agent, SLUG, ... }
end

local function steps(count)
  return function(place)
    place:must(plan("--target", "Do a thing", "--steps", tostring(count)))
  end
end

local function case(fields)
  fields.name = fields.name or fields.stage
  fields.subject = fields.subject or ("mighost: planning/%s/%s"):format(SLUG, fields.stage)
  fields.said = fields.said or fields.stage
  return fields
end

return {
  case { name = "first", stage = "approaches", prepare = function() end,
    args = plan("--target", "Do a thing") },
  case { name = "second", stage = "pick-best", prepare = steps(1), args = plan() },
  case { name = "third", stage = "expand", prepare = steps(2), args = plan() },
  case { name = "last", stage = "final-review", prepare = steps(4), args = plan(), ends_with = 1 },
}
