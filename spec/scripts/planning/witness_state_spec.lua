local fs = require "host.fs"
local lock = require "host.lock"
local project = require "spec.support.project"
local sh = require "spec.support.sh"
local states = require "planning.witness_state"
local tmp = require "spec.support.tmp"

-- Two answers that wait, a failed workspace, this call's own, and one set aside.
local SETUP <const> = [[
mkdir -p work/beta/1/beta work/beta/2/beta work/gamma/3/gamma work/alpha/own/alpha set-aside/x@1
echo '{}' >work/beta/1/accepted; echo plan >work/beta/1/beta/plan.md
echo '{}' >work/gamma/3/published
echo old >set-aside/x@1/plan.md; echo why >set-aside/x@1.why
]]

local function make()
  local place = tmp.dir()
  sh.check { argv = { "sh", "-euc", SETUP }, cwd = place.path }
  return place
end

local function differs(p, place, script, level)
  local before = assert(states.take(p:open(), place.path, { place:join "work/alpha/own/alpha" }))
  sh.check { argv = { "sh", "-euc", script }, cwd = place.path }
  local lines = {}
  for _, found in ipairs(assert(before:compare(level or "none"))) do
    lines[#lines + 1] = ("%s %s%s"):format(found.path:sub(#place.path + 2), found.how,
      found.restored and " (put back)" or "")
  end
  return lines
end

describe("planning.witness_state", function()
  it("lets alone the own work dir, and what others work on", function()
    local p <close> = project.new()
    local place <close> = make()
    assert.same({}, differs(p, place, [[echo x >work/alpha/own/alpha/plan.md
      echo x >work/beta/2/beta/plan.md; mkdir -p work/delta/4/delta; mkdir set-aside/y@2]]))
  end)

  it("tells what was done to answers that wait and to what is kept", function()
    for script, expected in pairs {
      ["echo x >work/beta/1/beta/plan.md"] = { "work/beta/1/beta/plan.md changed" },
      ["echo x >work/beta/1/beta/new"] = { "work/beta/1/beta/new added" },
      ["echo x >work/beta/1/accepted"] = { "work/beta/1/accepted changed" },
      ["rm work/gamma/3/published"] = { "work/gamma/3/published removed" },
      ["rm -r work/beta"] = { "work/beta removed" },
      ["rm -r work"] = { "work removed" },
      ["rm -r set-aside/x@1"] = { "set-aside/x@1 removed" },
      ["echo x >set-aside/x@1.why"] = { "set-aside/x@1.why changed" },
      ["chmod 777 work/beta/1"] = { "work/beta/1 permissions changed" },
    } do
      local p <close> = project.new()
    local place <close> = make()
      assert.same(expected, differs(p, place, script), script)
    end
  end)

  it("takes forged records out of the way", function()
    local p <close> = project.new()
    local place <close> = make()
    assert.same({ "work/alpha/own/accepted added (put back)",
      "work/beta/2/accepted added (put back)" },
      differs(p, place, "echo x >work/beta/2/accepted; mkdir work/alpha/own/accepted"))
    local dir <close> = fs.open_dir(place.path)
    assert.is_nil(dir:stat "work/alpha/own/accepted")
    assert.is_nil(dir:stat "work/beta/2")
    assert.is_truthy(dir:read "set-aside/beta@2/accepted")
    assert.matches("while an agent was at work", dir:read "set-aside/beta@2.why")
  end)

  it("leaves a record to the process that works on that migration", function()
    local p <close> = project.new()
    local place <close> = make()
    p.repo.dir:mkdir ".git/mighost/leases"
    local leases <close> = assert(fs.open_dir(p.path .. "/.git/mighost/leases"))
    local held <close> = assert(lock.take(leases, "beta.lock", "someone"))
    assert.same({}, differs(p, place, "echo x >work/beta/2/accepted"))
    assert(held:verify())
  end)

  it("counts of an agent that is confined what no kernel prevents", function()
    local p <close> = project.new()
    local place <close> = make()
    assert.same({}, differs(p, place, "rm -r set-aside work/gamma; echo x >work/beta/2/accepted",
      "full"))
    assert.same({ "work/beta/1/accepted permissions changed" },
      differs(p, place, "chmod 600 work/beta/1/accepted", "full"))
  end)

  it("needs no folder yet", function()
    local p <close> = project.new()
    local place <close> = make()
    local before = assert(states.take(p:open(), place:join "nothing", {}))
    assert.same({}, before:compare "none")
  end)
end)
