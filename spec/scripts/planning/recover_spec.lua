local commit = require "planning.commit"
local fs = require "host.fs"
local project = require "spec.support.project"
local recover = require "planning.recover"
local repos = require "host.repo"
local tables = require "lib.tables"
local tree = require "host.tree"
local workspace = require "planning.workspace"

--- Calls `use` with an opened site, the lease and the snapshot of a migration not there yet.
local function with_site(p, use)
  local opened = p:open()
  local repo <close> = assert(repos.open(p.path))
  local site <close> = assert(commit.open(opened, repo))
  local lease <close> = assert(site:lease("alpha", "plan"))
  local snapshot = assert(site:snapshot(lease))
  use(site, lease, snapshot, workspace.place(opened.state_home, site:project_id()))
end

local function accepted(place, snapshot, changes)
  local made = assert(workspace.create(place, "alpha"))
  assert(snapshot:copy(made.path))
  local dir <close> = assert(fs.open_dir(made.path))
  assert(dir:write("plan.md", "plan\n"))
  local record = tables.copy({
    slug = "alpha", step = "expand", outcome = "completed", cursor = "review", stands = "planning",
    summary = "s", base_digest = snapshot:digest(), base_tree = snapshot:tree_id(),
    digest = assert(tree.digest(made.path)), operation = "planning.expand", message = "m",
  }, changes)
  assert(workspace.accept(made, record))
  return made
end

describe("planning.recover", function()
  it("has nothing to settle where nothing was left", function()
    local p <close> = project.new()
    with_site(p, function(site, lease)
      assert.is_true(recover.settle(site, lease, "alpha", error))
    end)
  end)

  it("finds an accepted answer that still fits", function()
    local p <close> = project.new()
    with_site(p, function(_, _, snapshot, place)
      assert.is_false(recover.find_accepted(place, "alpha", snapshot, error))
      local made = accepted(place, snapshot)
      local found = assert(recover.find_accepted(place, "alpha", snapshot, error))
      assert.equal(made.token, found.workspace.token)
      assert.equal("expand", found.record.step)
    end)
  end)

  it("sets aside what no longer fits, and says why", function()
    local p <close> = project.new()
    with_site(p, function(_, _, snapshot, place)
      local told = {}
      local function tell(event)
        table.insert(told, event)
      end
      accepted(place, snapshot, { base_digest = "another" })
      local changed = accepted(place, snapshot)
      local dir <close> = assert(fs.open_dir(changed.path))
      assert(dir:write("plan.md", "changed\n"))
      assert.is_false(recover.find_accepted(place, "alpha", snapshot, tell))
      assert.equal(2, #told)
      for _, event in ipairs(told) do
        assert.equal("set-aside", event.kind)
        assert.is_truthy(event.why:find("no longer what", 1, true)
          or event.why:find("were changed afterwards", 1, true))
        assert(io.open(event.path .. "/accepted")):close()
      end
      assert.same({}, workspace.list(place, "alpha"))
    end)
  end)

  it("sets aside an answer whose record or workspace cannot be read", function()
    local p <close> = project.new()
    with_site(p, function(_, _, snapshot, place)
      local told = {}
      local made = accepted(place, snapshot)
      local dir <close> = assert(fs.open_dir(made.folder))
      assert(dir:write("accepted", "{"))
      local gone = accepted(place, snapshot)
      assert(tree.remove(gone.path))
      assert.is_false(recover.find_accepted(place, "alpha", snapshot, function(event)
        table.insert(told, event.why)
      end))
      assert.equal(2, #told)
    end)
  end)

  it("is done with an answer that was published already", function()
    local p <close> = project.new()
    with_site(p, function(_, _, snapshot, place)
      accepted(place, snapshot, { digest = snapshot:digest() })
      assert.is_false(recover.find_accepted(place, "alpha", snapshot, error))
      assert.same({}, workspace.list(place, "alpha"))
    end)
  end)

  it("passes over failed steps", function()
    local p <close> = project.new()
    with_site(p, function(_, _, snapshot, place)
      assert(workspace.create(place, "alpha"))
      assert.is_false(recover.find_accepted(place, "alpha", snapshot, error))
      assert.equal(1, #workspace.list(place, "alpha"))
    end)
  end)
end)
