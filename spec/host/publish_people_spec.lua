--- host.publish among people: whatever somebody does with files and git at any moment of a step, it
--- is not overwritten, not swept into the step's commit, and where it stops the step, the message
--- says what to do.

local people = require "spec.support.people"
local sys = require "host.sys"

--- The names that a step may fail with when somebody was at it.
local EXPECTED <const> = {
  ESTALE = true, EREMOVED = true, EDIRTY = true, EMERGING = true, EUNSUPPORTED = true,
  ENOENT = true,
}

--- A step up to a moment, somebody's act, and the rest of it.
local function interrupt(site, act, reach, from)
  local step = site:begin("m", people.files())
  reach(step.tx)
  local acted = act(site) ~= false
  local done, message, name
  if acted then
    done, message, name = people.carry_on(step, from)
  end
  getmetatable(step.tx).__close(step.tx)
  step.lease:drop()
  return acted, done, message, name
end

---@type table<string, fun(site: spec.Site, act: fun(site: spec.Site): false|nil): ...>
local MOMENTS <const> = {
  ["before it is staged"] = function(site, act)
    local opened = site:open()
    local lease <close> = assert(opened:lease("m", "spec"))
    local snapshot = assert(opened:snapshot(lease))
    local work = site:workspace(snapshot, people.files())
    if act(site) == false then
      return false
    end
    local tx, message, name = opened:begin(lease, snapshot, { workspace = work,
      operation = "spec.step", message = "mighost: planning/m/x", token = sys.random_hex(16) })
    if not tx then
      return true, nil, message, name
    end
    return true, people.carry_on({ tx = tx }, 1)
  end,
  ["once it is staged"] = function(site, act)
    return interrupt(site, act, function() end, 1)
  end,
  ["once it is exchanged"] = function(site, act)
    return interrupt(site, act, function(tx) assert(tx:exchange()) end, 2)
  end,
  ["once it is committed"] = function(site, act)
    return interrupt(site, act, function(tx) assert(tx:exchange() and tx:commit()) end, 3)
  end,
}

describe("host.publish, when somebody", function()
  for what, act in pairs(people.acts) do
    for moment, run in pairs(MOMENTS) do
      it(("%s, %s"):format(what, moment), function()
        local site <close> = people.site()
        local acted, done, message, name = run(site, act)
        if acted and not done then
          assert.is_true(EXPECTED[name], ("%s: %s"):format(name, message))
        end
        people.check(site, what, acted)
      end)
    end
  end
end)
