--- host.publish: whole, durable, recoverable, and nobody else's work touched.

local lfs = require "lfs"
local publish = require "host.publish"
local site_support = require "spec.support.site"
local sh = require "spec.support.sh"
local sys = require "host.sys"

local PLAN <const> = "migrations/m/plan.md"

describe("host.publish", function()
  local site

  before_each(function()
    site = site_support.new()
  end)

  after_each(function()
    site:close()
  end)

  local function fails(name, value, message, actual)
    assert.is_nil(value)
    assert.are.equal(name, actual, message)
    return message
  end

  local function is_sound()
    assert.are.same({}, site:leftovers())
    assert.are.equal("", site.repo:status())
    site.repo:git("fsck", "--strict")
  end

  local function count_published()
    return select(2, site.repo:git("log", "--format=%B"):gsub("Publish%-Id: ", ""))
  end

  describe("a step", function()
    it("makes a migration: live, commit, index", function()
      local oid = site:publish("m", { ["plan.md"] = "one\n", ["a/b/c.md"] = "deep\n" })
      assert.are.equal(oid, site.repo:head())
      assert.are.equal("one\n", site.repo:read(PLAN))
      assert.are.equal("one", site.repo:git("show", "HEAD:" .. PLAN))
      assert.are.equal("mighost: planning/m/x", site.repo:git("log", "-1", "--format=%s"))
      assert.is_truthy(site.repo:git("log", "-1", "--format=%B"):find("Publish%-Id: %x+\n*$"))
      is_sound()
    end)

    it("changes, adds and removes files in one commit", function()
      site:publish("m", { ["plan.md"] = "one\n", ["gone.md"] = "x\n", ["dir/gone.md"] = "y\n" })
      site:publish("m", { ["plan.md"] = "two\n", ["gone.md"] = false, ["dir/gone.md"] = false,
        ["new.md"] = "n\n" })
      assert.are.equal("two\n", site.repo:read(PLAN))
      assert.is_nil(site.repo:read("migrations/m/gone.md"))
      assert.are.equal("migrations/m/new.md\nmigrations/m/plan.md",
        site.repo:git("ls-tree", "-r", "--name-only", "HEAD", "migrations/m"))
      is_sound()
    end)

    it("orders names as git does: a, a-b, a.b, a/c", function()
      site:publish("m",
        { ["a/c"] = "1", ["a-b"] = "2", ["a.b"] = "3", ["a0"] = "4", ["b/a/c"] = "5" })
      is_sound()
    end)

    it("keeps the executable bit and any bytes", function()
      local step = site:begin("m", { ["run.sh"] = "#!/bin/sh\n", ["bytes"] = "\0\r\n\xff" })
      step.tx:rollback()
      sh.check { argv = { "chmod", "755", step.work .. "/run.sh" } }
      local snapshot = assert(step.site:snapshot(step.lease))
      local tx <close> = assert(step.site:begin(step.lease, snapshot,
        { workspace = step.work, operation = "spec", message = "m", token = sys.random_hex(16) }))
      assert(tx:exchange())
      assert(tx:commit())
      assert(tx:finish())
      step.lease:drop()
      assert.is_truthy(site.repo:git("ls-tree", "HEAD", "migrations/m/run.sh"):find("^100755"))
      assert.are.equal("\0\r\n\xff", site.repo:read("migrations/m/bytes"))
      is_sound()
    end)

    it("leaves live alone until the exchange and after a rollback", function()
      site:publish("m", { ["plan.md"] = "one\n" })
      local head = site.repo:head()
      local step = site:begin("m", { ["plan.md"] = "two\n" })
      assert.are.equal("one\n", site.repo:read(PLAN))
      assert(step.tx:exchange())
      assert.are.equal("two\n", site.repo:read(PLAN))
      assert(step.tx:rollback())
      step.lease:drop()
      assert.are.equal("one\n", site.repo:read(PLAN))
      assert.are.equal(head, site.repo:head())
      is_sound()
    end)

    it("rolls back a migration that was new by removing it", function()
      local step = site:begin("m", { ["plan.md"] = "one\n" })
      assert(step.tx:exchange())
      getmetatable(step.tx).__close(step.tx)
      step.lease:drop()
      assert.is_nil(site.repo:read(PLAN))
      is_sound()
    end)

    it("clears up after a commit that nobody came to finish, while it has the lease", function()
      local step = site:begin("m", { ["plan.md"] = "one\n" })
      assert(step.tx:exchange())
      assert(step.tx:commit())
      getmetatable(step.tx).__close(step.tx)
      is_sound()
      step.lease:drop()
      local second = site:begin("m", { ["plan.md"] = "two\n" })
      assert(second.tx:exchange())
      assert(second.tx:commit())
      second.lease:drop()
      getmetatable(second.tx).__close(second.tx)
      assert.are_not.same({}, site:leftovers())
      assert.are.equal("finished", assert(site:recover("m")).action)
      is_sound()
    end)

    it("rebuilds the commit where the branch moved meanwhile", function()
      site:publish("m", { ["plan.md"] = "one\n" })
      local step = site:begin("m", { ["plan.md"] = "two\n" })
      site.repo:write("other.txt", "by hand\n")
      site.repo:git("add", "other.txt")
      site.repo:git("commit", "-q", "-m", "By hand", "--", "other.txt")
      assert(step.tx:exchange())
      assert(step.tx:commit())
      assert(step.tx:finish())
      step.lease:drop()
      assert.are.equal("By hand", site.repo:git("log", "-1", "--skip=1", "--format=%s"))
      assert.are.equal("by hand\n", site.repo:read("other.txt"))
      is_sound()
    end)

    it("leaves a reflog entry and moves a packed branch with a slash", function()
      site.repo:git("switch", "-q", "-c", "team/plans")
      site.repo:git("pack-refs", "--all")
      local oid = site:publish("m", { ["plan.md"] = "one\n" })
      assert.are.equal(oid, site.repo:git("rev-parse", "refs/heads/team/plans"))
      assert.are.equal("commit: mighost: planning/m/x",
        site.repo:git("reflog", "-1", "--format=%gs"))
      is_sound()
    end)

    it("works with a split index", function()
      site.repo:git("update-index", "--split-index")
      site:publish("m", { ["plan.md"] = "one\n" })
      site:publish("m", { ["plan.md"] = "two\n" })
      is_sound()
    end)

    it("works in a sparse checkout with a sparse index", function()
      site.repo:write("big/file", "x")
      site.repo:commit("Big")
      site.repo:git("sparse-checkout", "set", "--cone", "--sparse-index", "migrations")
      site:publish("m", { ["plan.md"] = "one\n" })
      site:publish("m", { ["plan.md"] = "two\n" })
      is_sound()
    end)

    it("works in a linked worktree, on its own branch", function()
      local linked = site.repo.path .. "-linked"
      site.repo:git("worktree", "add", "-q", "-b", "side", linked)
      local repo <close> = assert(require("host.repo").open(linked))
      local there = site_support.attach(linked, site.state.path)
      there.handle = repo
      there:publish("m", { ["plan.md"] = "one\n" })
      assert.are.equal("one", site.repo:git("show", "side:" .. PLAN))
      assert.is_nil(site.repo:read(PLAN))
      sh.check { argv = { "git", "-C", linked, "diff", "--quiet", "HEAD" } }
      sh.check { argv = { "rm", "-rf", linked } }
    end)
  end)

  describe("a person's work", function()
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
        local message = fails("EDIRTY", opened:snapshot(lease))
        assert.is_truthy(message:find("migrations/m/", 1, true), message)
      end)
    end

    it("is not overwritten by the exchange: an edit after the start is ESTALE", function()
      site:publish("m", { ["plan.md"] = "one\n" })
      local step = site:begin("m", { ["plan.md"] = "two\n" })
      site.repo:write(PLAN, "edited\n")
      fails("ESTALE", step.tx:exchange())
      step.tx:rollback()
      step.lease:drop()
      assert.are.equal("edited\n", site.repo:read(PLAN))
      assert.are.same({}, site:leftovers())
    end)

    it("is not overwritten where a new migration was made by hand meanwhile", function()
      local step = site:begin("m", { ["plan.md"] = "two\n" })
      site.repo:write(PLAN, "by hand\n")
      fails("ESTALE", step.tx:exchange())
      step.tx:rollback()
      step.lease:drop()
      assert.are.equal("by hand\n", site.repo:read(PLAN))
    end)

    it("is kept where it landed in the tree that a rollback takes away", function()
      site:publish("m", { ["plan.md"] = "one\n" })
      local step = site:begin("m", { ["plan.md"] = "two\n" })
      assert(step.tx:exchange())
      site.repo:write(PLAN, "edited after the exchange\n")
      local message = fails("ESTALE", step.tx:rollback())
      local kept = message:match("kept in (.+)$")
      local file <close> = assert(io.open(kept .. "/plan.md"))
      assert.are.equal("edited after the exchange\n", file:read("a"))
      assert.are.equal("one\n", site.repo:read(PLAN))
      step.lease:drop()
      is_sound()
    end)

    it("stops the commit where the migration was committed by hand meanwhile", function()
      site:publish("m", { ["plan.md"] = "one\n" })
      local step = site:begin("m", { ["plan.md"] = "two\n", ["new.md"] = "n\n" })
      assert(step.tx:exchange())
      site.repo:git("commit", "-q", "-am", "By hand")
      fails("ESTALE", step.tx:commit())
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
      fails("ESTALE", snapshot:copy(site.path .. "-work"))
      sh.check { argv = { "rm", "-rf", site.path .. "-work" } }
      sh.check { argv = { "rm", "-r", site.live .. "/m" } }
      fails("ESTALE", snapshot:copy(site.path .. "-work"))
    end)

    it("may be `git clean -ffdx`, which takes the staged tree away", function()
      site:publish("m", { ["plan.md"] = "one\n" })
      local step = site:begin("m", { ["plan.md"] = "two\n" })
      assert.is_true(step.tx:verify())
      site.repo:git("clean", "-q", "-ffdx")
      local message = fails("EREMOVED", step.tx:verify())
      assert.is_truthy(message:find("git clean", 1, true), message)
      assert.are.equal(message, fails("EREMOVED", step.tx:exchange()))
      assert(step.tx:rollback())
      step.lease:drop()
      assert.are.equal("one\n", site.repo:read(PLAN))
      is_sound()
    end)

    it("is on another branch: the message names the one to switch to", function()
      site.repo:git("branch", "other")
      site:publish("m", { ["plan.md"] = "one\n" })
      local step = site:begin("m", { ["plan.md"] = "two\n" })
      site.repo:git("switch", "-q", "other")
      local message = fails("ESTALE", step.tx:exchange())
      assert.is_truthy(message:find("'git switch main'", 1, true), message)
      assert(step.tx:rollback())
      step.lease:drop()
      is_sound()
    end)

    it("counts as the commit where it is just what was to be committed", function()
      site:publish("m", { ["plan.md"] = "one\n" })
      local step = site:begin("m", { ["plan.md"] = "two\n" })
      assert(step.tx:exchange())
      site.repo:git("commit", "-q", "-am", "By hand")
      assert.are.equal(site.repo:head(), step.tx:commit())
      assert(step.tx:finish())
      step.lease:drop()
      assert.are.equal(1, count_published())
      is_sound()
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
        local message = fails("EMERGING", opened:snapshot(lease))
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
      is_sound()
    end)
  end)

  describe("leases", function()
    it("are held by one at a time and say who holds them", function()
      local opened = site:open()
      local lease = assert(opened:lease("m", "planning.expand"))
      local message = fails("EBUSY", opened:lease("m", "other"))
      assert.is_truthy(message:find("planning.expand", 1, true), message)
      assert(opened:lease("n", "other")):drop()
      lease:drop()
      assert(opened:lease("m", "again")):drop()
    end)

    it("refuse names that are no migration's", function()
      local opened = site:open()
      local names = { "", ".", "..", "a/b", ".hidden", "__transactions__", ("x"):rep(181) }
      for _, slug in ipairs(names) do
        fails("EINVALIDPATH", opened:lease(slug, "spec"))
      end
    end)
  end)

  describe("recovery", function()
    local BEGIN <const> =
      [[local step = site:begin("m", { ["plan.md"] = "two\n", ["new.md"] = "n\n" })]]

    before_each(function()
      site:publish("m", { ["plan.md"] = "one\n" })
    end)

    it("has nothing to do after a finished step", function()
      assert.are.equal("none", assert(site:recover("m")).action)
    end)

    it("removes what was only staged", function()
      site:die(BEGIN)
      assert.are.equal("discarded", assert(site:recover("m")).action)
      assert.are.equal("none", assert(site:recover("m")).action)
      assert.are.equal("one\n", site.repo:read(PLAN))
      is_sound()
    end)

    it("commits what had been exchanged", function()
      site:die(BEGIN .. "assert(step.tx:exchange())")
      local done = assert(site:recover("m"))
      assert.are.equal("finished", done.action)
      assert.are.equal(site.repo:head(), done.commit)
      assert.are.equal("two\n", site.repo:read(PLAN))
      assert.are.equal(2, count_published())
      assert.are.equal("none", assert(site:recover("m")).action)
      is_sound()
    end)

    it("commits a new migration that had been exchanged", function()
      site:die([[local step = site:begin("n", { ["plan.md"] = "n\n" }) assert(step.tx:exchange())]])
      assert.are.equal("finished", assert(site:recover("n")).action)
      is_sound()
    end)

    it("cleans up after a commit", function()
      site:die(BEGIN .. "assert(step.tx:exchange()) assert(step.tx:commit())")
      assert.are.equal("finished", assert(site:recover("m")).action)
      assert.are.equal(2, count_published())
      is_sound()
    end)

    it("exchanges what was journalled and not exchanged", function()
      site:die(BEGIN .. "assert(step.tx:exchange())")
      local entry = site_support.names(site.live .. "/__transactions__")[2]
      local staged = ("%s/__transactions__/%s/staged"):format(site.live, entry)
      sh.check { argv = { "mv", site.live .. "/m", staged .. ".x" } }
      sh.check { argv = { "mv", staged, site.live .. "/m" } }
      sh.check { argv = { "mv", staged .. ".x", staged } }
      assert.are.equal("finished", assert(site:recover("m")).action)
      assert.are.equal("two\n", site.repo:read(PLAN))
      is_sound()
    end)

    it("finishes the two renames forward", function()
      site:die(BEGIN .. "assert(step.tx:exchange())")
      local entry = site_support.names(site.live .. "/__transactions__")[2]
      local dir = ("%s/__transactions__/%s/"):format(site.live, entry)
      sh.check { argv = { "mv", dir .. "staged", dir .. "old" } }
      sh.check { argv = { "mv", site.live .. "/m", dir .. "staged" } }
      assert.are.equal("finished", assert(site:recover("m")).action)
      assert.are.equal("two\n", site.repo:read(PLAN))
      is_sound()
    end)

    it("sets the staged tree aside where a person committed meanwhile", function()
      site:die(BEGIN .. "assert(step.tx:exchange())")
      local entry = site_support.names(site.live .. "/__transactions__")[2]
      local staged = ("%s/__transactions__/%s/staged"):format(site.live, entry)
      sh.check { argv = { "mv", site.live .. "/m", staged .. ".x" } }
      sh.check { argv = { "mv", staged, site.live .. "/m" } }
      sh.check { argv = { "mv", staged .. ".x", staged } }
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
      local message = fails("ESTALE", site:recover("m"))
      assert.is_truthy(message:find("git stash push --include-untracked -- migrations/m", 1, true),
        message)
      assert.are.equal("edited\n", site.repo:read(PLAN))
      assert.are_not.same({}, site:leftovers())
      site.repo:write(PLAN, "two\n")
      assert.are.equal("finished", assert(site:recover("m")).action)
      is_sound()
    end)

    it("refuses on another branch, naming it, and goes on when back", function()
      site:die(BEGIN .. "assert(step.tx:exchange())")
      site.repo:git("symbolic-ref", "HEAD", "refs/heads/other")
      site.repo:git("update-ref", "refs/heads/other", site.repo:git("rev-parse", "main"))
      local message = fails("ESTALE", site:recover("m"))
      assert.is_truthy(message:find("git switch main", 1, true), message)
      site.repo:git("symbolic-ref", "HEAD", "refs/heads/main")
      assert.are.equal("finished", assert(site:recover("m")).action)
      is_sound()
    end)

    it("survives git clean -fdx between exchange and commit", function()
      site:die(BEGIN .. "assert(step.tx:exchange())")
      site.repo:git("clean", "-qffdx", "migrations/__transactions__")
      assert.are.equal("finished", assert(site:recover("m")).action)
      assert.are.equal("two\n", site.repo:read(PLAN))
      is_sound()
    end)

    it("takes a commit by hand of just the new tree for the step's", function()
      site:die(BEGIN .. "assert(step.tx:exchange())")
      site.repo:commit("By hand")
      assert.are.equal("finished", assert(site:recover("m")).action)
      assert.are.equal(1, count_published())
      is_sound()
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
      is_sound()
    end)

    it("drops a torn journal where live is as committed, and keeps it where not", function()
      for _, size in ipairs { "-40", "3M" } do
        site:die(BEGIN .. "assert(step.tx:exchange())")
        local journal = site.path .. "/.git/mighost/journals/m"
        sh.check { argv = { "truncate", "-s", size, journal } }
        fails("ECORRUPT", site:recover("m"))
        sh.check { argv = { "git", "-C", site.path, "checkout", "-q", "--", "migrations/m" } }
        sh.check { argv = { "rm", site.live .. "/m/new.md" } }
        assert.are.equal("discarded", assert(site:recover("m")).action)
        is_sound()
      end
    end)

    it("removes git locks that a dead process of ours left, and no other", function()
      site:die(BEGIN .. [[
        assert(step.tx:exchange())
        local lfs = require "lfs"
        assert(lfs.link(site.path .. "/.git/mighost/ours", site.path .. "/.git/index.lock"))
      ]])
      assert.are.equal("finished", assert(site:recover("m")).action)
      is_sound()
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

  it("brings an older workspace up to what is live, whatever differs", function()
    local tree = require "host.tree"
    site:publish("m", { ["plan.md"] = "one\n", ["gone/deep/a.md"] = "a\n", ["kind"] = "file\n",
      ["was/dir.md"] = "d\n", ["same.md"] = "s\n" })
    local opened = site:open()
    local lease <close> = assert(opened:lease("m", "spec"))
    local work = site:workspace(assert(opened:snapshot(lease)), {})
    lease:drop()
    site:publish("m", { ["plan.md"] = "two\n", ["gone/deep/a.md"] = false, ["kind"] = false,
      ["was/dir.md"] = false, ["new/b.md"] = "b\n" })
    sh.check { argv = { "sh", "-c", [[
      cd "$1" && rm -rf gone kind was && mkdir kind && echo x > kind/x && echo f > was &&
      chmod 700 kind && chmod 755 plan.md && git add -A . && git commit -qm "By hand"]], "sh",
      site.live .. "/m" } }
    local again <close> = assert(opened:lease("m", "spec"))
    local snapshot = assert(opened:snapshot(again))
    assert(snapshot:refresh(work, tree.snapshot(work)))
    assert.are.equal(snapshot:digest(), (tree.digest(work)))
    local now = tree.snapshot(work)
    assert.are.equal(snapshot:digest(), select(2, tree.snapshot(work, now)))
    fails("ENOENT", snapshot:refresh(site.state.path .. "/missing", now))
    fails("EINVALIDPATH", snapshot:refresh("relative", now))
    assert.has_error(function() snapshot:refresh(work) end)
    assert.has_error(function() snapshot:refresh(work, {}) end)
  end)

  it("has nothing to bring a workspace up to where nothing is live", function()
    local opened = site:open()
    local lease <close> = assert(opened:lease("m", "spec"))
    local snapshot = assert(opened:snapshot(lease))
    local work = site:workspace(snapshot, {})
    fails("ENOENT", snapshot:refresh(work, require("host.tree").snapshot(work)))
  end)

  it("refuses a name that git cannot hold before anything is live", function()
    for _, name in ipairs { ".git/config", ".GIT", "git~1", "a/Git~1/x" } do
      local step = site:begin("m", { [name] = "[core]\n" })
      fails("EINVALIDPATH", step.tx:exchange())
      step.tx:rollback()
      step.lease:drop()
      assert.is_nil(site.repo:read("migrations/m/" .. name))
      is_sound()
    end
  end)

  it("refuses a workspace that is not what was judged", function()
    local opened = site:open()
    local lease <close> = assert(opened:lease("m", "spec"))
    local snapshot = assert(opened:snapshot(lease))
    local work = site:workspace(snapshot, { ["plan.md"] = "one\n" })
    fails("ESTALE", opened:begin(lease, snapshot, { workspace = work, digest = ("0"):rep(64),
      operation = "spec", message = "m", token = sys.random_hex(16) }))
    assert.is_nil(lfs.attributes(site.live .. "/__transactions__"))
  end)

  it("refuses a message that no journal has room for before anything is live", function()
    local opened = site:open()
    local lease <close> = assert(opened:lease("m", "spec"))
    local snapshot = assert(opened:snapshot(lease))
    local tx <close> = assert(opened:begin(lease, snapshot, {
      workspace = site:workspace(snapshot, { ["plan.md"] = "one\n" }),
      operation = "spec", message = ("x"):rep(1 << 20), token = sys.random_hex(16),
    }))
    local message = fails("EFBIG", tx:exchange())
    assert.is_truthy(message:find("journal of m", 1, true), message)
    assert.is_nil(site.repo:read(PLAN))
    assert(tx:rollback())
    is_sound()
  end)

  it("raises where a step is gone on with once its site or repository is closed", function()
    local function raises(call, ...)
      local done, message = pcall(call, ...)
      assert.is_false(done)
      assert.matches("is closed", message)
    end
    for _, close in ipairs { "site", "repo" } do
      local step = site:begin("m", { ["plan.md"] = "one\n" })
      local snapshot = assert(step.site:snapshot(step.lease))
      assert(step.tx:exchange())
      if close == "repo" then
        site.handle:close()
        site.handle = nil
      else
        step.site:close()
      end
      raises(step.site.lease, step.site, "n", "spec")
      raises(snapshot.copy, snapshot, site.state.path .. "/copy")
      for _, call in ipairs { "staged", "exchange", "commit", "committed", "finish", "rollback" } do
        raises(step.tx[call], step.tx)
      end
      getmetatable(step.tx).__close(step.tx)
      step.lease:drop()
      assert.are.equal("one\n", site.repo:read(PLAN))
      assert.are.equal("finished", assert(site:recover("m")).action)
      site:publish("m", { ["plan.md"] = false, ["other.md"] = "x\n" })
      is_sound()
    end
  end)

  it("refuses an unborn branch and a detached HEAD", function()
    site.repo:git("checkout", "-q", "--detach")
    local opened = site:open()
    local lease <close> = assert(opened:lease("m", "spec"))
    fails("EUNSUPPORTED", opened:snapshot(lease))
    site.repo:git("checkout", "-q", "--orphan", "fresh")
    fails("EUNSUPPORTED", opened:snapshot(lease))
  end)

  it("has one id for a repository", function()
    local id = site:open():project_id()
    assert.is_truthy(id:find("^%x+$") and #id == 32)
    assert.are.equal(id, site:open():project_id())
  end)

  it("says what to do about an id that something damaged", function()
    local id = site:open():project_id()
    for _, text in ipairs { "", id:sub(1, 31), id:upper():gsub("%d", "G") } do
      site.repo:write(".git/mighost/id", text)
      local message = fails("ECORRUPT", publish.open { repo = site.handle, live = "migrations",
        state_home = site.state.path })
      assert.is_truthy(message:find(".git/mighost/id", 1, true), message)
      assert.is_truthy(message:find(site.state.path .. "/projects", 1, true), message)
    end
    assert(os.remove(site.path .. "/.git/mighost/id"))
    assert.are_not.equal(id, site:open():project_id())
  end)
end)
