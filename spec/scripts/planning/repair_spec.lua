local project = require "spec.support.project"
local program = require "spec.support.program"
local repair = require "planning.repair"
local sh = require "spec.support.sh"

local DEAD <const> = 77

describe("planning.repair", function()
  local p, opened

  before_each(function()
    p = project.new()
    opened = p:open()
  end)

  after_each(function()
    p:close()
  end)

  local function die(point, slug, target)
    local script = program.root .. "/spec/support/crash_plan.lua"
    local result = p:run { script, point, slug, target }
    assert.equal(DEAD, result.exit, result.stderr)
  end

  --- What was told, "slug action" a line, and what is left.
  local function run(opts)
    opts = opts or {}
    local told = {}
    opts.on_done = function(done)
      table.insert(told, done.slug .. " " .. done.action)
    end
    local left = assert(repair.run(opened, opts))
    return table.concat(told, "\n"), left
  end

  it("has nothing to do where nothing was left", function()
    assert.equal("", (run()))
    p:plan { "alpha", "--target", "T" }
    assert.equal("", (run()))
    assert.same({}, p:problems())
  end)

  for point, expected in pairs {
    ["inspect"] = "",
    ["accept done"] = "alpha published",
    ["begin done"] = "alpha discarded\nalpha published",
    ["exchange done"] = "alpha finished",
    ["commit done"] = "alpha finished",
  } do
    it(("settles a step that died at '%s', without an agent"):format(point), function()
      die(point, "alpha", "T")
      assert.equal(expected, (run()))
      assert.equal(expected == "" and 0 or 1, select(2, table.concat(p:subjects(), "\n"):gsub(
        "planning/alpha/approaches", "")))
      assert.equal(1, p:count "approaches")
      assert.equal("", (run()))
      assert.same({}, p:problems())
    end)
  end

  it("settles several, in the order of their names, or only one", function()
    for _, slug in ipairs { "beta", "alpha", "gamma" } do
      die("exchange done", slug, "T")
    end
    assert.equal("beta finished", (run { slug = "beta" }))
    assert.equal("alpha finished\ngamma finished", (run()))
    assert.same({}, p:problems())
  end)

  it("keeps an answer that no longer fits", function()
    p:plan { "alpha", "--target", "T" }
    die("accept done", "alpha")
    p.repo:write("migrations/alpha/note.md", "mine\n")
    p.repo:commit("By hand")
    assert.equal("alpha set-aside", (run()))
    assert.same({}, p:problems())
  end)

  it("leaves what it cannot settle, and says why; the others are settled", function()
    die("exchange done", "alpha", "T")
    die("exchange done", "beta", "T")
    p.repo:write("migrations/alpha/manifest.json", "edited\n")
    local told, left = run()
    assert.equal("alpha left\nbeta finished", told)
    assert.equal(1, #left)
    assert.equal("ESTALE", left[1].name)
    assert.is_truthy(left[1].message:find("git stash push", 1, true), left[1].message)
    assert.equal("edited\n", p:read "alpha/manifest.json")
  end)

  it("leaves what somebody works on", function()
    if not project.can_confine() then
      return pending("agents cannot be confined here")
    end
    p:close()
    p = project.new { confined = true }
    opened = p:open()
    p:plan { "alpha", "--target", "T" }
    local hold = p:hold "pick-best"
    local process = p:start({ "alpha" }, hold.env)
    hold.arrived()
    sh.check { argv = { "mkdir", "-p",
      p.path .. "/migrations/__transactions__/alpha@" .. ("0"):rep(32) } }
    for _, dry_run in ipairs { true, false } do
      local told, left = run { dry_run = dry_run }
      assert.equal("alpha left", told)
      assert.equal("EBUSY", left[1].name)
    end
    hold.release()
    assert.equal(0, process.wait())
  end)

  it("publishes nothing during a merge", function()
    die("accept done", "alpha", "T")
    p.repo:write(".git/MERGE_HEAD", p.repo:head() .. "\n")
    local told, left = run()
    assert.equal("alpha left", told)
    assert.equal("EMERGING", left[1].name)
    os.remove(p.path .. "/.git/MERGE_HEAD")
    assert.equal("alpha published", (run()))
  end)

  it("removes git's locks of dead processes of ours, and tells of others", function()
    p:plan { "alpha", "--target", "T" }
    sh.check { argv = { "ln", p.path .. "/.git/mighost/ours", p.path .. "/.git/index.lock" } }
    p.repo:write(".git/refs/tags/v1.lock", "")
    assert.equal("__transactions__ left\n__transactions__ would", (run { dry_run = true }))
    assert.is_true(p.repo.dir:exists ".git/index.lock")
    local told, left = run()
    assert.equal("__transactions__ left\n__transactions__ unlocked", told)
    assert.is_false(p.repo.dir:exists ".git/index.lock")
    assert.is_true(p.repo.dir:exists ".git/refs/tags/v1.lock")
    assert.equal("EBUSY", left[1].name)
    assert.matches("^rm .*/%.git/refs/tags/v1%.lock$", left[1].fix)
  end)

  it("settles what the older tool left before it publishes", function()
    die("accept done", "alpha", "T")
    p.repo:write("migrations/__transactions__/.lock/owner.json", '{"pid": 4194303}')
    p.repo:write("migrations/__transactions__/x/staged/manifest.json", '{"name": "alpha"}')
    assert.equal("__transactions__ set-aside\n__transactions__ unlocked\nalpha published", (run()))
    assert.same({}, p:problems())
  end)

  it("changes nothing in a dry run", function()
    assert.equal("", (run { dry_run = true }))
    assert.is_false(p.repo.dir:exists ".git/mighost")
    die("accept done", "alpha", "T")
    die("exchange done", "beta", "T")
    assert.equal("beta would\nbeta would\nalpha would\nbeta would", (run { dry_run = true }))
    assert.equal("alpha published", (run { slug = "alpha" }))
    assert.equal("beta finished", (run()))
  end)
end)
