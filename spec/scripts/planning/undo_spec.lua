local project = require "spec.support.project"
local sh = require "spec.support.sh"
local tree = require "host.tree"
local undo = require "planning.undo"

describe("planning.undo", function()
  local p, opened, digests, heads

  before_each(function()
    p = project.new()
    opened = p:open()
    digests, heads = {}, {}
    for _, step in ipairs { "approaches", "pick-best", "expand" } do
      local result = p:plan { "alpha", "--target", "T" }
      assert(result.exit == 0, result.stderr)
      digests[step] = assert(tree.digest(p.path .. "/migrations/alpha"))
      heads[step] = p.repo:head()
    end
  end)

  after_each(function()
    p:close()
  end)

  local function go(opts)
    opts = opts or {}
    opts.slug, opts.on_event = "alpha", opts.on_event or error
    return undo.undo(opened, opts)
  end

  local function live()
    return tree.digest(p.path .. "/migrations/alpha")
  end

  local function fails(name, opts)
    local head = p.repo:head()
    local done, message, actual, fix = go(opts)
    assert.is_nil(done)
    assert.equal(name, actual, message)
    assert.equal(head, p.repo:head())
    return message, fix
  end

  it("publishes what was before the last acceptance as a new commit", function()
    local undone = assert(go())
    assert.same({ slug = "alpha", step = "pick-best", from = heads["pick-best"],
      commit = p.repo:head(), undone = { "expand" }, by_hand = 0 }, undone)
    assert.equal(digests["pick-best"], live())
    assert.equal(heads.expand, p.repo:git("rev-parse", "HEAD~1"))
    assert.equal("mighost: undo/alpha/pick-best", p.repo:git("log", "-1", "--format=%s"))
    local body = p.repo:git("log", "-1", "--format=%b")
    assert.matches("back to " .. heads["pick-best"]:sub(1, 7) .. ", without expand", body, 1, true)
    assert.matches("Publish%-Id: %x+", body)
    assert.same({}, p:problems())
  end)

  it("takes an undo back, and that again", function()
    assert(go())
    assert.equal("expand", assert(go()).step)
    assert.equal(digests.expand, live())
    assert.same({ "undo/expand" }, assert(go()).undone)
    assert.equal(digests["pick-best"], live())
    assert.same({}, p:problems())
  end)

  it("goes to a step, or to a commit", function()
    local undone = assert(go { to = "approaches" })
    assert.same({ "expand", "pick-best" }, undone.undone)
    assert.equal(digests.approaches, live())
    assert.equal("expand", assert(go { to = heads.expand:sub(1, 10) }).step)
    assert.equal(digests.expand, live())
  end)

  it("lets planning go on from there", function()
    assert(go { to = "approaches" })
    local result = p:plan { "alpha", "--to-end" }
    assert.equal(0, result.exit, result.stderr)
    assert.same({}, p:problems())
  end)

  it("has nothing to do where that is live already", function()
    assert.is_nil(assert(go { to = heads.expand }).commit)
    assert.equal(heads.expand, p.repo:head())
  end)

  it("undoes commits made by hand with it, and counts them", function()
    p.repo:write("migrations/alpha/note.md", "mine\n")
    p.repo:commit("By hand")
    local undone = assert(go { to = heads.expand })
    assert.same({ 1, {} }, { undone.by_hand, undone.undone })
    assert.equal(digests.expand, live())
  end)

  it("changes nothing in a dry run", function()
    local undone = assert(go { dry_run = true })
    assert.same({ step = "pick-best", from = heads["pick-best"] },
      { step = undone.step, from = undone.from, commit = undone.commit })
    assert.equal(heads.expand, p.repo:head())
    p.repo:write("migrations/alpha/plan.md", "mine\n")
    fails("EDIRTY", { dry_run = true })
  end)

  it("refuses what plan refuses", function()
    fails("EUSAGE", { to = "revise" })
    p.repo:write("migrations/alpha/plan.md", "mine\n")
    assert.is_truthy(fails("EDIRTY"):find("plan.md", 1, true))
    p.repo:git("checkout", "-q", "--", "migrations")
    p.repo.dir:mkdir("migrations/__transactions__/.lock")
    local _, fix = fails("EBUSY")
    assert.equal("mighost migration doctor --repair", fix)
    sh.check { argv = { "rm", "-r", p.path .. "/migrations/__transactions__/.lock" } }
    p.repo:write(".git/MERGE_HEAD", p.repo:head() .. "\n")
    fails("EMERGING")
    os.remove(p.path .. "/.git/MERGE_HEAD")
    p.repo:git("checkout", "-q", "--detach")
    fails("EUNSUPPORTED")
    p.repo:git("switch", "-q", "main")
    p.repo:write(".mighost/stages/review.lua", "error('never run')")
    opened = p:open()
    fails("EUNTRUSTED")
  end)

  it("is refused while somebody works on the migration", function()
    local hold = p:hold "review"
    local run = p:start({ "alpha" }, hold.env)
    hold.arrived()
    assert.is_truthy(fails("EBUSY"):find("plan", 1, true))
    hold.release()
    assert.equal(0, run.wait())
  end)

  it("publishes nothing that the rules refuse", function()
    p.repo:git("rm", "-q", "migrations/alpha/manifest.json")
    p.repo:git("commit", "-q", "-m",
      "mighost: planning/alpha/broken\n\nPublish-Id: 00000000000000000000000000000001")
    local broken = p.repo:head()
    p.repo:git("revert", "--no-edit", "HEAD")
    assert.is_truthy(fails("ERULES", { to = broken }):find("manifest.json", 1, true))
    assert.equal(digests.expand, live())
    assert.same({}, p:problems())
  end)

  it("stops where recovery finishes a step that nobody knew of", function()
    local program = require "spec.support.program"
    local dead = p:run { program.root .. "/spec/support/crash_plan.lua", "exchange done", "alpha" }
    assert.equal(77, dead.exit, dead.stderr)
    local told = {}
    local done, message, name, fix = go { on_event = function(event)
      table.insert(told, event.kind)
    end }
    assert.is_nil(done)
    assert.equal("ESTALE", name, message)
    assert.same({ "recovered" }, told)
    assert.equal("mighost migration show alpha", fix)
    assert.equal("mighost: planning/alpha/review", p.repo:git("log", "-1", "--format=%s"))
  end)
end)
