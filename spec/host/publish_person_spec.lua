--- host.publish: a person's work at chosen moments of a step; publish_people_spec has them all.

local failure = require "spec.support.failure"
local sh = require "spec.support.sh"
local site_support = require "spec.support.site"

local PLAN <const> = "migrations/m/plan.md"

describe("a person's work", function()
  local site

  before_each(function()
    site = site_support.new()
  end)

  after_each(function()
    site:close()
  end)

  it("stays staged, unstaged and untracked elsewhere", function()
    site.repo:write("staged.txt", "s\n")
    site.repo:git("add", "staged.txt")
    site.repo:write("README", "edited\n")
    site.repo:write("untracked.txt", "u\n")
    local before = site.repo:status()
    site:publish("m", { ["plan.md"] = "one\n" })
    assert.are.equal(before, site.repo:status())
    assert.are.equal("migrations/m/plan.md",
      site.repo:git("show", "--format=", "--name-only", "HEAD"))
  end)

  for what, change in pairs {
    edited = function(s) s.repo:write(PLAN, "edited\n") end,
    staged = function(s)
      s.repo:write(PLAN, "edited\n")
      s.repo:git("add", PLAN)
      s.repo:write(PLAN, "one\n")
    end,
    untracked = function(s) s.repo:write("migrations/m/note.md", "mine\n") end,
    ignored = function(s)
      s.repo:write(".git/info/exclude", "*.secret\n")
      s.repo:write("migrations/m/a.secret", "mine\n")
    end,
    removed = function(s) assert(os.remove(s.live .. "/m/plan.md")) end,
    ["all removed"] = function(s) sh.check { argv = { "rm", "-r", s.live .. "/m" } } end,
  } do
    it("refuses a migration with something " .. what, function()
      site:publish("m", { ["plan.md"] = "one\n" })
      change(site)
      local opened = site:open()
      local lease <close> = assert(opened:lease("m", "spec"))
      local message = failure.expect("EDIRTY", opened:snapshot(lease))
      assert.is_truthy(message:find("migrations/m/", 1, true), message)
    end)
  end

  it("is not overwritten by the exchange: an edit after the start is ESTALE", function()
    site:publish("m", { ["plan.md"] = "one\n" })
    local step = site:begin("m", { ["plan.md"] = "two\n" })
    site.repo:write(PLAN, "edited\n")
    failure.expect("ESTALE", step.tx:exchange())
    step.tx:rollback()
    step.lease:drop()
    assert.are.equal("edited\n", site.repo:read(PLAN))
    assert.are.same({}, site:leftovers())
  end)

  it("is not overwritten where a new migration was made by hand meanwhile", function()
    local step = site:begin("m", { ["plan.md"] = "two\n" })
    site.repo:write(PLAN, "by hand\n")
    failure.expect("ESTALE", step.tx:exchange())
    step.tx:rollback()
    step.lease:drop()
    assert.are.equal("by hand\n", site.repo:read(PLAN))
  end)

  it("is kept where it landed in the tree that a rollback takes away", function()
    site:publish("m", { ["plan.md"] = "one\n" })
    local step = site:begin("m", { ["plan.md"] = "two\n" })
    assert(step.tx:exchange())
    site.repo:write(PLAN, "edited after the exchange\n")
    local message = failure.expect("ESTALE", step.tx:rollback())
    local kept = message:match("kept in (.+)$")
    local file <close> = assert(io.open(kept .. "/plan.md"))
    assert.are.equal("edited after the exchange\n", file:read("a"))
    assert.are.equal("one\n", site.repo:read(PLAN))
    step.lease:drop()
    site:check_sound()
  end)

  it("stops the commit where the migration was committed by hand meanwhile", function()
    site:publish("m", { ["plan.md"] = "one\n" })
    local step = site:begin("m", { ["plan.md"] = "two\n", ["new.md"] = "n\n" })
    assert(step.tx:exchange())
    site.repo:git("commit", "-q", "-am", "By hand")
    failure.expect("ESTALE", step.tx:commit())
    assert(step.tx:rollback())
    step.lease:drop()
    assert.are.same({}, site:leftovers())
    -- That commit has all but the new file; the old tree would not go with it.
    assert.are.equal("?? migrations/m/new.md", site.repo:status():gsub("\n$", ""))
  end)

  it("is not in a workspace that was copied while it was made", function()
    site:publish("m", { ["plan.md"] = "one\n" })
    local opened = site:open()
    local lease <close> = assert(opened:lease("m", "spec"))
    local snapshot = assert(opened:snapshot(lease))
    site.repo:write(PLAN, "edited\n")
    failure.expect("ESTALE", snapshot:copy(site.path .. "-work"))
    sh.check { argv = { "rm", "-rf", site.path .. "-work" } }
    sh.check { argv = { "rm", "-r", site.live .. "/m" } }
    failure.expect("ESTALE", snapshot:copy(site.path .. "-work"))
  end)

  it("may be `git clean -ffdx`, which takes the staged tree away", function()
    site:publish("m", { ["plan.md"] = "one\n" })
    local step = site:begin("m", { ["plan.md"] = "two\n" })
    assert.is_true(step.tx:verify())
    site.repo:git("clean", "-q", "-ffdx")
    local message = failure.expect("EREMOVED", step.tx:verify())
    assert.is_truthy(message:find("git clean", 1, true), message)
    assert.are.equal(message, failure.expect("EREMOVED", step.tx:exchange()))
    assert(step.tx:rollback())
    step.lease:drop()
    assert.are.equal("one\n", site.repo:read(PLAN))
    site:check_sound()
  end)

  it("is on another branch: the message names the one to switch to", function()
    site.repo:git("branch", "other")
    site:publish("m", { ["plan.md"] = "one\n" })
    local step = site:begin("m", { ["plan.md"] = "two\n" })
    site.repo:git("switch", "-q", "other")
    local message = failure.expect("ESTALE", step.tx:exchange())
    assert.is_truthy(message:find("'git switch main'", 1, true), message)
    assert(step.tx:rollback())
    step.lease:drop()
    site:check_sound()
  end)

  it("counts as the commit where it is just what was to be committed", function()
    site:publish("m", { ["plan.md"] = "one\n" })
    local step = site:begin("m", { ["plan.md"] = "two\n" })
    assert(step.tx:exchange())
    site.repo:git("commit", "-q", "-am", "By hand")
    assert.are.equal(site.repo:head(), step.tx:commit())
    assert(step.tx:finish())
    step.lease:drop()
    assert.are.equal(1, site:count_published())
    site:check_sound()
  end)

  for operation, start in pairs {
    merge = function(repo) repo:write(".git/MERGE_HEAD", repo:head() .. "\n") end,
    ["cherry-pick"] = function(repo) repo:write(".git/CHERRY_PICK_HEAD", repo:head() .. "\n") end,
    rebase = function(repo) repo.dir:mkdir(".git/rebase-merge") end,
  } do
    it("is not disturbed during a " .. operation, function()
      start(site.repo)
      local opened = site:open()
      local lease <close> = assert(opened:lease("m", "spec"))
      local message = failure.expect("EMERGING", opened:snapshot(lease))
      assert.is_truthy(message:find(operation, 1, true), message)
    end)
  end

  it("keeps git's index lock: a foreign one is waited for and reported", function()
    local held = site.repo:write(".git/refs/heads/main.lock", "")
    local step = site:begin("m", { ["plan.md"] = "one\n" })
    assert(step.tx:exchange())
    local child = assert(io.popen(("sleep 0.3; rm %s"):format(sh.quote(held))))
    assert(step.tx:commit())
    child:close()
    assert(step.tx:finish())
    step.lease:drop()
    site:check_sound()
  end)
end)
