local project = require "spec.support.project"
local tenancy = require "planning.tenancy"
local tmp = require "spec.support.tmp"

describe("the right to change a work tree", function()
  it("has one holder at a time, who tells of itself", function()
    local dir <close> = tmp.dir()
    local place = { gitdir = dir.path, common = dir.path }
    assert.is_false(tenancy.holder(place))
    local held = assert(tenancy.take(place, "phase move/phase-1-a.md"))
    assert.matches("^pid %d+ on .-, phase move/phase%-1%-a%.md, since ", tenancy.holder(place))
    local second, message, name = tenancy.take(place, "plan")
    assert.is_nil(second)
    assert.matches("being changed: .*phase move/phase%-1%-a.md", message)
    assert.equal("EBUSY", name)
    held:drop()
    assert.is_false(tenancy.holder(place))
    assert(tenancy.take(place, "plan")):drop()
    assert.is_true(dir:exists("mighost/worktree-main.lock"))
  end)

  it("is each linked work tree's own", function()
    local dir <close> = tmp.dir()
    local main = { gitdir = dir.path, common = dir.path }
    local linked = { gitdir = dir:join("worktrees/side"), common = dir.path }
    local first <close> = assert(tenancy.take(main, "a"))
    local second <close> = assert(tenancy.take(linked, "b"))
    assert(first:verify())
    assert(second:verify())
    assert.is_true(dir:exists("mighost/worktree-side.lock"))
  end)

  it("keeps publications out of a work tree where a phase is carried out", function()
    local p <close> = project.new()
    local opened = p:open()
    tenancy.PATIENCE, tenancy.UNTOLD = 0.2, 0.1
    local told = {}
    local held = assert(tenancy.take(opened, "phase move/phase-1-a.md"))
    local plan = require("planning.run").plan
    local result, message, name = plan(opened, { slug = "move", target = "Move it",
      with = "command", agent_command = p:agent_command(), sandbox = "off",
      on_event = function(event)
        told[#told + 1] = event.kind == "busy" and event.text or nil
      end })
    assert.equal(1, #told)
    assert.matches("phase move/phase%-1%-a%.md, since .*; waiting for it$", told[1])
    assert.same({ nil, "EBUSY" }, { result, name })
    assert.matches("phase move/phase%-1%-a.md.*the accepted answer of approaches is kept", message)
    held:drop()
    tenancy.PATIENCE, tenancy.UNTOLD = 30, 1
    assert.equal("", p.repo:status())
    assert(plan(opened, { slug = "move", with = "command", agent_command = p:agent_command(),
      sandbox = "off" }))
    assert.equal(1, p:count("approaches"))
  end)

  it("is waited for; a holder who goes at once is not told of", function()
    local dir <close> = tmp.dir()
    local place = { gitdir = dir.path, common = dir.path }
    local told = {}
    local function notify(event)
      told[#told + 1] = event
    end
    assert(tenancy.await(place, "free", { wait = 1 }, notify)):drop()
    local _ <close> = assert(tenancy.take(place, "phase a"))
    local got, message, name = tenancy.await(place, "brief", { wait = 0.05 }, notify)
    assert.same({ nil, "EBUSY" }, { got, name })
    assert.matches("phase a", message)
    assert.same({}, told)
    tenancy.UNTOLD = 0.05
    assert.equal("EBUSY", select(3, tenancy.await(place, "longer", { wait = 0.1 }, notify)))
    tenancy.UNTOLD = 1
    assert.equal(1, #told)
    assert.equal("busy", told[1].kind)
    assert.matches("phase a.*; waiting for it$", told[1].text)
  end)

  it("cannot be had where there is no git directory", function()
    local dir <close> = tmp.dir()
    dir:write("file", "")
    local held, _, name =
      tenancy.take({ gitdir = dir:join("file"), common = dir:join("file") }, "x")
    assert.same({ nil, "ENOTDIR" }, { held, name })
  end)
end)
