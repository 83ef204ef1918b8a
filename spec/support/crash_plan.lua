--- Runs one planning step and lets the process die at a point, as if it were killed, for specs.
--- With CRASH_FEEDBACK in the environment the step is a refinement, with those words.
--- usage: mighost spec/support/crash_plan.lua POINT SLUG [TARGET]
--- Points before a call "X", after it "X done": inspect, accept, begin, exchange, commit, finish.
--- "X interrupted": after it SIGINT comes, and the process ends by itself.

local root = debug.getinfo(1, "S").source:match("^@(.*)/spec/support/crash_plan%.lua$")
package.path = package.path .. ";" .. root .. "/?.lua"

local DEAD <const> = 77

local point, slug, target = ...
local name, when = point:match("^(%l+) ?(%l*)$")

--- A function that dies before or after `call`.
local function deadly(call)
  return function(...)
    if when ~= "" then
      local results = table.pack(call(...))
      assert(results[1], results[2])
    end
    if when == "interrupted" then
      error({ name = "EINTERRUPTED", signal = 2 }, 0)
    end
    os.exit(DEAD, false)
  end
end

--- Replaces a method of a host type the first time that a value of it is made.
local function replace_method(value, method)
  local methods = getmetatable(value).__index
  methods[method] = deadly(methods[method])
end

local function arm()
  if name == "inspect" then
    local judge = require "planning.judge"
    judge.inspect = deadly(judge.inspect)
  elseif name == "accept" then
    local workspace = require "planning.workspace"
    workspace.accept = deadly(workspace.accept)
  else
    local publish = require "host.publish"
    local open = publish.open
    publish.open = function(opts)
      local site = assert(open(opts))
      if name == "begin" then
        replace_method(site, name)
        return site
      end
      local sites = getmetatable(site).__index
      local begin = sites.begin
      sites.begin = function(...)
        local tx = assert(begin(...))
        replace_method(tx, name)
        return tx
      end
      return site
    end
  end
end

arm()
local words = os.getenv "CRASH_FEEDBACK"
local result, message = require("mighost")[words and "refine" or "plan"] {
  slug = slug, target = target, with = "command",
  agent_command = root .. "/spec/support/agents/planner.sh",
  feedback = words and { text = words, source = "message" },
}
error(("%s was not reached: %s"):format(point, result and "the step went through" or message))
