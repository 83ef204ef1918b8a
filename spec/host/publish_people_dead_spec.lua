--- Recovery among people: the process of a step died, somebody did something, and the next command
--- finds it.

local people = require "spec.support.people"

local BEGIN <const> = ("local step = site:begin('m', %s) "):format(people.next)

local DEATHS <const> = {
  ["after it died staged"] = BEGIN .. "assert(step)",
  ["after it died exchanged"] = BEGIN .. "assert(step.tx:exchange())",
  ["after it died committed"] = BEGIN .. "assert(step.tx:exchange()) assert(step.tx:commit())",
}

describe("recovery, when somebody", function()
  for what, act in pairs(people.acts) do
    for moment, body in pairs(DEATHS) do
      it(("%s, %s"):format(what, moment), function()
        local site <close> = people.site()
        site:die(body)
        people.check(site, what, act(site) ~= false)
      end)
    end
  end
end)
