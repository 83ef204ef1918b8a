--- host.publish: what a dead process left is finished, undone, or kept and reported.

local failure = require "spec.support.failure"
local sh = require "spec.support.sh"
local site_support = require "spec.support.site"

local PLAN <const> = "migrations/m/plan.md"

describe("recovery", function()
  local site

  before_each(function()
    site = site_support.new()
    site:publish("m", { ["plan.md"] = "one\n" })
  end)

  after_each(function()
    site:close()
  end)

  local BEGIN <const> =
    [[local step = site:begin("m", { ["plan.md"] = "two\n", ["new.md"] = "n\n" })]]

  it("has nothing to do after a finished step", function()
    assert.are.equal("none", assert(site:recover("m")).action)
  end)

  it("removes what was only staged", function()
    site:die(BEGIN)
    assert.are.equal("discarded", assert(site:recover("m")).action)
    assert.are.equal("none", assert(site:recover("m")).action)
    assert.are.equal("one\n", site.repo:read(PLAN))
    site:check_sound()
  end)

  it("commits what had been exchanged", function()
    site:die(BEGIN .. "assert(step.tx:exchange())")
    local done = assert(site:recover("m"))
    assert.are.equal("finished", done.action)
    assert.are.equal(site.repo:head(), done.commit)
    assert.are.equal("two\n", site.repo:read(PLAN))
    assert.are.equal(2, site:count_published())
    assert.are.equal("none", assert(site:recover("m")).action)
    site:check_sound()
  end)

  it("commits a new migration that had been exchanged", function()
    site:die([[local step = site:begin("n", { ["plan.md"] = "n\n" }) assert(step.tx:exchange())]])
    assert.are.equal("finished", assert(site:recover("n")).action)
    site:check_sound()
  end)

  it("cleans up after a commit", function()
    site:die(BEGIN .. "assert(step.tx:exchange()) assert(step.tx:commit())")
    assert.are.equal("finished", assert(site:recover("m")).action)
    assert.are.equal(2, site:count_published())
    site:check_sound()
  end)

  it("exchanges what was journalled and not exchanged", function()
    site:die(BEGIN .. "assert(step.tx:exchange())")
    site:exchange_back("m")
    assert.are.equal("finished", assert(site:recover("m")).action)
    assert.are.equal("two\n", site.repo:read(PLAN))
    site:check_sound()
  end)

  it("finishes the two renames forward", function()
    site:die(BEGIN .. "assert(step.tx:exchange())")
    local entry = site_support.names(site.live .. "/__transactions__")[2]
    local dir = ("%s/__transactions__/%s/"):format(site.live, entry)
    sh.check { argv = { "mv", dir .. "staged", dir .. "old" } }
    sh.check { argv = { "mv", site.live .. "/m", dir .. "staged" } }
    assert.are.equal("finished", assert(site:recover("m")).action)
    assert.are.equal("two\n", site.repo:read(PLAN))
    site:check_sound()
  end)

  it("sets the staged tree aside where a person committed meanwhile", function()
    site:die(BEGIN .. "assert(step.tx:exchange())")
    site:exchange_back("m")
    site.repo:write("migrations/m/note.md", "mine\n")
    site.repo:commit("By hand")
    assert(os.remove(site.live .. "/m/note.md"))
    local done = assert(site:recover("m"))
    assert.are.equal("set-aside", done.action)
    local file <close> = assert(io.open(done.kept .. "/plan.md"))
    assert.are.equal("two\n", file:read("a"))
    assert.are.same({}, site:leftovers())
  end)

  it("keeps everything where live was edited, and says what to do", function()
    site:die(BEGIN .. "assert(step.tx:exchange())")
    site.repo:write(PLAN, "edited\n")
    local message = failure.expect("ESTALE", site:recover("m"))
    assert.is_truthy(message:find("git stash push --include-untracked -- migrations/m", 1, true),
      message)
    assert.are.equal("edited\n", site.repo:read(PLAN))
    assert.are_not.same({}, site:leftovers())
    site.repo:write(PLAN, "two\n")
    assert.are.equal("finished", assert(site:recover("m")).action)
    site:check_sound()
  end)

  it("refuses on another branch, naming it, and goes on when back", function()
    site:die(BEGIN .. "assert(step.tx:exchange())")
    site.repo:git("symbolic-ref", "HEAD", "refs/heads/other")
    site.repo:git("update-ref", "refs/heads/other", site.repo:git("rev-parse", "main"))
    local message = failure.expect("ESTALE", site:recover("m"))
    assert.is_truthy(message:find("git switch main", 1, true), message)
    site.repo:git("symbolic-ref", "HEAD", "refs/heads/main")
    assert.are.equal("finished", assert(site:recover("m")).action)
    site:check_sound()
  end)

  it("survives git clean -fdx between exchange and commit", function()
    site:die(BEGIN .. "assert(step.tx:exchange())")
    site.repo:git("clean", "-qffdx", "migrations/__transactions__")
    assert.are.equal("finished", assert(site:recover("m")).action)
    assert.are.equal("two\n", site.repo:read(PLAN))
    site:check_sound()
  end)

  it("takes a commit by hand of just the new tree for the step's", function()
    site:die(BEGIN .. "assert(step.tx:exchange())")
    site.repo:commit("By hand")
    assert.are.equal("finished", assert(site:recover("m")).action)
    assert.are.equal(1, site:count_published())
    site:check_sound()
  end)

  it("says where it is that something odd is in the way of its own", function()
    local home = site.path .. "/.git/mighost"
    for _, case in ipairs {
      { "leases/m.lock", "rm -f %s; mkfifo %s", "in " .. home },
      { "repo.lock", "rm -f %s; mkdir %s", "in " .. home },
      { "locks/x", "mkdir %s %s/y", home .. "/locks/x" },
      { "journals/m", "mkdir %s; touch %s/y", "in " .. home },
      { "../../migrations/__transactions__", "rm -rf %s; touch %s", "in migrations: " },
      { "../../migrations/m/pipe", "mkfifo %s", "in migrations: m/pipe is a FIFO" },
      { "leases", "rm -r %s; touch %s", "in git's directory " .. site.path .. "/.git: " },
    } do
      local path = sh.quote(home .. "/" .. case[1])
      assert(os.execute(case[2]:format(path, path)))
      local done, message = pcall(site.publish, site, "m", { ["plan.md"] = "two\n" })
      assert.is_false(done)
      assert.is_truthy(message:find(case[3], 1, true), message)
      sh.check { argv = { "rm", "-r", home .. "/" .. case[1] } }
      collectgarbage()
      assert(site:recover("m"))
      assert.equal("one\n", site.repo:read(PLAN))
    end
    site:check_sound()
  end)

  it("drops a torn journal where live is as committed, and keeps it where not", function()
    for _, size in ipairs { "-40", "3M" } do
      site:die(BEGIN .. "assert(step.tx:exchange())")
      local journal = site.path .. "/.git/mighost/journals/m"
      sh.check { argv = { "truncate", "-s", size, journal } }
      failure.expect("ECORRUPT", site:recover("m"))
      sh.check { argv = { "git", "-C", site.path, "checkout", "-q", "--", "migrations/m" } }
      sh.check { argv = { "rm", site.live .. "/m/new.md" } }
      assert.are.equal("discarded", assert(site:recover("m")).action)
      site:check_sound()
    end
  end)

  it("removes git locks that a dead process of ours left, and no other", function()
    site:die(BEGIN .. [[
      assert(step.tx:exchange())
            assert(lfs.link(site.path .. "/.git/mighost/ours", site.path .. "/.git/index.lock"))
    ]])
    assert.are.equal("finished", assert(site:recover("m")).action)
    site:check_sound()
  end)

  it("touches nothing of another migration or of the older tool", function()
    site:die(BEGIN)
    site:die([[site:begin("m@" .. ("a"):rep(32), { ["plan.md"] = "x" })]])
    local foreign = site.live .. "/__transactions__/0123456789abcdef0123456789abcdef"
    sh.check { argv = { "mkdir", foreign } }
    assert.are.equal("discarded", assert(site:recover("m")).action)
    local left = site_support.names(site.live .. "/__transactions__")
    assert.are.equal(3, #left)
    assert.are.equal("0123456789abcdef0123456789abcdef", left[2])
    assert.is_truthy(left[3]:find("^m@" .. ("a"):rep(32) .. "@"))
  end)
end)
