local older = require "planning.older"
local repair_older = require "planning.repair_older"
local site_support = require "spec.support.site"
local tables = require "lib.tables"

local OLD <const> = "0123456789abcdef0123456789abcdef"

describe("planning.repair_older", function()
  local site, told

  before_each(function()
    site = site_support.new()
    told = {}
  end)

  after_each(function()
    site:close()
  end)

  local function leave(path, text)
    site.repo:write("migrations/__transactions__/" .. path, text or "x")
  end

  local function repair(opts)
    local all = tables.copy({
      live_path = site.live, live = "migrations", site = site:open(),
      tell = function(slug, action)
        table.insert(told, slug .. " " .. action)
      end,
      leave = function(slug, message, name)
        table.insert(told, ("%s left %s: %s"):format(slug, name, message))
      end,
    }, opts)
    local found = older.look(site.live)
    if not repair_older.is_alive(all, found) then
      repair_older.clear(all, found)
    end
    return table.concat(told, "\n")
  end

  local function names()
    return site_support.names(site.live .. "/__transactions__")
  end

  it("puts back what the older tool had taken out, and keeps the rest", function()
    leave(OLD .. "/rollback/manifest.json", '{"name": "alpha"}')
    leave(OLD .. "/rollback/plan.md", "old\n")
    leave(OLD .. "/staged/manifest.json", '{"name": "alpha"}')
    leave(".lock/owner.json", '{"pid": 4194303}')
    assert.equal("alpha restored\n__transactions__ set-aside\n__transactions__ unlocked", repair())
    assert.equal("old\n", site.repo:read("migrations/alpha/plan.md"))
    assert.same({}, names())
    local aside = require "planning.aside"
    local place = ("%s/projects/%s"):format(site.state.path, site:open():project_id())
    local kept = assert(aside.find(place, OLD))
    assert.equal("alpha", kept.slug)
    assert.same({ "staged" }, site_support.names(kept.path))
    assert.equal(2, #aside.list(place))
  end)

  it("never replaces what is live", function()
    site:publish("alpha", { ["plan.md"] = "new\n" })
    leave(OLD .. "/rollback/manifest.json", '{"name": "alpha"}')
    assert.equal("__transactions__ set-aside", repair())
    assert.equal("new\n", site.repo:read("migrations/alpha/plan.md"))
  end)

  it("leaves a migration that somebody works on, and the lock with it", function()
    leave(OLD .. "/rollback/manifest.json", '{"name": "alpha"}')
    leave(".lock/owner.json", '{"pid": 4194303}')
    local lease = assert(site:open():lease("alpha", "plan"))
    assert.matches("^alpha left EBUSY", repair())
    lease:drop()
    assert.same({ ".lock", OLD }, names())
  end)

  it("touches nothing while that tool may run", function()
    leave(OLD .. "/rollback/manifest.json", '{"name": "alpha"}')
    leave(".lock/owner.json", ('{"pid": %d}'):format(require("host.sys").pid()))
    assert.matches("^__transactions__ left EBUSY: another tool holds", repair())
    assert.same({ ".lock", OLD }, names())
  end)

  it("clears only what holds one migration", function()
    leave("a/staged/manifest.json", '{"name": "alpha"}')
    leave("b/staged/manifest.json", '{"name": "beta"}')
    leave(".lock/owner.json", '{"pid": 4194303}')
    assert.equal("__transactions__ set-aside", repair { slug = "alpha" })
    assert.same({ ".lock", "b" }, names())
    told = {}
    assert.equal("__transactions__ set-aside\n__transactions__ unlocked", repair { slug = "beta" })
    assert.same({}, names())
  end)

  it("says in a dry run what it would do", function()
    leave(OLD .. "/rollback/manifest.json", '{"name": "alpha"}')
    leave(".lock/owner.json", '{"pid": 4194303}')
    assert.equal("alpha would\n__transactions__ would\n__transactions__ would",
      repair { dry_run = true })
    assert.same({ ".lock", OLD }, names())
  end)

  it("reports what is not a directory", function()
    site.repo:write("migrations/__transactions__", "a file")
    assert.matches("^__transactions__ left EINVALIDPATH", repair())
  end)
end)
