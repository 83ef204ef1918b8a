--- host.publish: whole, durable, recoverable, and nobody else's work touched.

local failure = require "spec.support.failure"
local lfs = require "lfs"
local publish = require "host.publish"
local sh = require "spec.support.sh"
local site_support = require "spec.support.site"
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

  describe("a step", function()
    it("makes a migration: live, commit, index", function()
      local oid = site:publish("m", { ["plan.md"] = "one\n", ["a/b/c.md"] = "deep\n" })
      assert.are.equal(oid, site.repo:head())
      assert.are.equal("one\n", site.repo:read(PLAN))
      assert.are.equal("one", site.repo:git("show", "HEAD:" .. PLAN))
      assert.are.equal("mighost: planning/m/x", site.repo:git("log", "-1", "--format=%s"))
      assert.is_truthy(site.repo:git("log", "-1", "--format=%B"):find("Publish%-Id: %x+\n*$"))
      site:check_sound()
    end)

    it("changes, adds and removes files in one commit", function()
      site:publish("m", { ["plan.md"] = "one\n", ["gone.md"] = "x\n", ["dir/gone.md"] = "y\n" })
      site:publish("m", { ["plan.md"] = "two\n", ["gone.md"] = false, ["dir/gone.md"] = false,
        ["new.md"] = "n\n" })
      assert.are.equal("two\n", site.repo:read(PLAN))
      assert.is_nil(site.repo:read("migrations/m/gone.md"))
      assert.are.equal("migrations/m/new.md\nmigrations/m/plan.md",
        site.repo:git("ls-tree", "-r", "--name-only", "HEAD", "migrations/m"))
      site:check_sound()
    end)

    it("orders names as git does: a, a-b, a.b, a/c", function()
      site:publish("m",
        { ["a/c"] = "1", ["a-b"] = "2", ["a.b"] = "3", ["a0"] = "4", ["b/a/c"] = "5" })
      site:check_sound()
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
      site:check_sound()
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
      site:check_sound()
    end)

    it("rolls back a migration that was new by removing it", function()
      local step = site:begin("m", { ["plan.md"] = "one\n" })
      assert(step.tx:exchange())
      getmetatable(step.tx).__close(step.tx)
      step.lease:drop()
      assert.is_nil(site.repo:read(PLAN))
      site:check_sound()
    end)

    it("clears up after a commit that nobody came to finish, while it has the lease", function()
      local step = site:begin("m", { ["plan.md"] = "one\n" })
      assert(step.tx:exchange())
      assert(step.tx:commit())
      getmetatable(step.tx).__close(step.tx)
      site:check_sound()
      step.lease:drop()
      local second = site:begin("m", { ["plan.md"] = "two\n" })
      assert(second.tx:exchange())
      assert(second.tx:commit())
      second.lease:drop()
      getmetatable(second.tx).__close(second.tx)
      assert.are_not.same({}, site:leftovers())
      assert.are.equal("finished", assert(site:recover("m")).action)
      site:check_sound()
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
      site:check_sound()
    end)

    it("leaves a reflog entry and moves a packed branch with a slash", function()
      site.repo:git("switch", "-q", "-c", "team/plans")
      site.repo:git("pack-refs", "--all")
      local oid = site:publish("m", { ["plan.md"] = "one\n" })
      assert.are.equal(oid, site.repo:git("rev-parse", "refs/heads/team/plans"))
      assert.are.equal("commit: mighost: planning/m/x",
        site.repo:git("reflog", "-1", "--format=%gs"))
      site:check_sound()
    end)

    it("works with a split index", function()
      site.repo:git("update-index", "--split-index")
      site:publish("m", { ["plan.md"] = "one\n" })
      site:publish("m", { ["plan.md"] = "two\n" })
      site:check_sound()
    end)

    it("works in a sparse checkout with a sparse index", function()
      site.repo:write("big/file", "x")
      site.repo:commit("Big")
      site.repo:git("sparse-checkout", "set", "--cone", "--sparse-index", "migrations")
      site:publish("m", { ["plan.md"] = "one\n" })
      site:publish("m", { ["plan.md"] = "two\n" })
      site:check_sound()
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
    failure.expect("ENOENT", snapshot:refresh(site.state.path .. "/missing", now))
    failure.expect("EINVALIDPATH", snapshot:refresh("relative", now))
    assert.has_error(function() snapshot:refresh(work) end)
    assert.has_error(function() snapshot:refresh(work, {}) end)
  end)

  it("has nothing to bring a workspace up to where nothing is live", function()
    local opened = site:open()
    local lease <close> = assert(opened:lease("m", "spec"))
    local snapshot = assert(opened:snapshot(lease))
    local work = site:workspace(snapshot, {})
    failure.expect("ENOENT", snapshot:refresh(work, require("host.tree").snapshot(work)))
  end)

  it("refuses a name that git cannot hold before anything is live", function()
    for _, name in ipairs { ".git/config", ".GIT", "git~1", "a/Git~1/x" } do
      local step = site:begin("m", { [name] = "[core]\n" })
      failure.expect("EINVALIDPATH", step.tx:exchange())
      step.tx:rollback()
      step.lease:drop()
      assert.is_nil(site.repo:read("migrations/m/" .. name))
      site:check_sound()
    end
  end)

  it("refuses a workspace that is not what was judged", function()
    local opened = site:open()
    local lease <close> = assert(opened:lease("m", "spec"))
    local snapshot = assert(opened:snapshot(lease))
    local work = site:workspace(snapshot, { ["plan.md"] = "one\n" })
    failure.expect("ESTALE", opened:begin(lease, snapshot, {
      workspace = work, digest = ("0"):rep(64),
      operation = "spec", message = "m", token = sys.random_hex(16),
    }))
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
    local message = failure.expect("EFBIG", tx:exchange())
    assert.is_truthy(message:find("journal of m", 1, true), message)
    assert.is_nil(site.repo:read(PLAN))
    assert(tx:rollback())
    site:check_sound()
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
      site:check_sound()
    end
  end)

  it("refuses an unborn branch and a detached HEAD", function()
    site.repo:git("checkout", "-q", "--detach")
    local opened = site:open()
    local lease <close> = assert(opened:lease("m", "spec"))
    failure.expect("EUNSUPPORTED", opened:snapshot(lease))
    site.repo:git("checkout", "-q", "--orphan", "fresh")
    failure.expect("EUNSUPPORTED", opened:snapshot(lease))
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
      local message = failure.expect("ECORRUPT", publish.open {
        repo = site.handle, live = "migrations", state_home = site.state.path,
      })
      assert.is_truthy(message:find(".git/mighost/id", 1, true), message)
      assert.is_truthy(message:find(site.state.path .. "/projects", 1, true), message)
    end
    assert(os.remove(site.path .. "/.git/mighost/id"))
    assert.are_not.equal(id, site:open():project_id())
  end)
end)
