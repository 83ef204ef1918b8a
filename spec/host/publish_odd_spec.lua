--- host.publish where things are not as they usually are: places gone or on other file systems,
--- names taken, objects broken, histories rewritten, locks left.

local git = require "spec.support.git"
local lfs = require "lfs"
local repo_module = require "host.repo"
local sh = require "spec.support.sh"
local site_support = require "spec.support.site"

local MEMORY <const> = "/dev/shm"
local BEGIN <const> = [[local step = site:begin("m", { ["plan.md"] = "two\n" })]]
local EXCHANGED <const> = BEGIN .. " assert(step.tx:exchange())"

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
end

local function device(path)
  return lfs.attributes(path, "dev")
end

describe("host.publish", function()
  local site

  before_each(function()
    site = site_support.new()
    site:publish("m", { ["plan.md"] = "one\n" })
  end)

  after_each(function()
    site:close()
  end)

  --- Live as it was and the staged tree new: a step that died just before the exchange.
  local function die_before_exchange()
    site:die(EXCHANGED)
    return site:exchange_back("m")
  end

  --- A commit by hand makes that staged tree useless.
  local function die_outdated()
    local entry = die_before_exchange()
    site.repo:write("migrations/m/note.md", "mine\n")
    site.repo:commit("By hand")
    assert(os.remove(site.live .. "/m/note.md"))
    return entry
  end

  local function aside(name)
    local found = sh.check { argv = { "sh", "-c", "ls -d " .. sh.quote(site.state.path)
      .. "/projects/*/set-aside" } }:gsub("\n", "")
    return found .. "/" .. (name or "")
  end

  describe("keeps a tree for a person", function()
    it("with a line that says why, also where the state directory is gone", function()
      local entry = die_outdated()
      sh.check { argv = { "rm", "-rf", site.state.path } }
      local done = assert(site:recover("m"))
      assert.equal("set-aside", done.action)
      assert.equal(aside(entry), done.kept)
      assert.equal("two\n", read(done.kept .. "/plan.md"))
      assert.equal("a step of an interrupted process that no longer fitted\n",
        read(done.kept .. ".why"))
      assert.equal("rwx------", lfs.attributes(aside(), "permissions"))
    end)

    it("under another name where its own is taken", function()
      local entry = die_outdated()
      site:open()
      sh.check { argv = { "sh", "-c", ("mkdir -p %s/projects/%s/set-aside/%s/full"):format(
        site.state.path, site:open():project_id(), entry) } }
      write(aside(entry .. "-2"), "a file")
      local done = assert(site:recover("m"))
      assert.equal(aside(entry .. "-3"), done.kept)
      assert.equal("two\n", read(done.kept .. "/plan.md"))
      assert.same({ "full" }, site_support.names(aside(entry)))
    end)

    it("on another file system", function()
      if not lfs.attributes(MEMORY) or device(MEMORY) == device(site.path) then
        return pending("there is no second file system to try this on")
      end
      local entry = die_outdated()
      local elsewhere = sh.check { argv = { "mktemp", "-d", MEMORY .. "/mighost-spec-XXXXXX" } }
        :gsub("\n", "")
      local id = site:open():project_id()
      local left = ("%s/projects/%s/set-aside/.%s.copy/half"):format(elsewhere, id, entry)
      sh.check { argv = { "mkdir", "-p", left } } -- of a process that died copying
      local there = site_support.attach(site.path, elsewhere)
      there.handle = site.handle
      local done = assert(there:recover("m"))
      assert.equal(("%s/projects/%s/set-aside/%s"):format(elsewhere, id, entry), done.kept)
      assert.equal("two\n", read(done.kept .. "/plan.md"))
      assert.same({ entry, entry .. ".why" },
        site_support.names(elsewhere .. "/projects/" .. id .. "/set-aside"))
      sh.check { argv = { "rm", "-rf", elsewhere } }
    end)

    it("when asked to, from __transactions__ alone", function()
      local opened = site:open()
      local label = "m@" .. ("b"):rep(32)
      sh.check { argv = { "mkdir", site.live .. "/__transactions__/old" } }
      local path = assert(opened:set_aside("old", label, "left by the older tool"))
      assert.equal(aside(label), path)
      assert.equal("left by the older tool\n", read(path .. ".why"))
      for _, name in ipairs { "../m", "..", "", "a/b" } do
        local _, _, code = opened:set_aside(name, label, "why")
        assert.equal("EINVALIDPATH", code)
      end
      local _, _, code = opened:set_aside("gone", label, "why")
      assert.equal("ENOENT", code)
    end)
  end)

  describe("goes on with a step whose process died", function()
    it("in a repository that was moved", function()
      site:die(EXCHANGED)
      local moved = site.path .. "-moved"
      sh.check { argv = { "mv", site.path, moved } }
      local there = site_support.attach(moved, site.state.path)
      there.handle = assert(repo_module.open(moved))
      assert.equal("finished", assert(there:recover("m")).action)
      there.handle:close()
      sh.check { argv = { "mv", moved, site.path } }
      site:check_sound()
    end)

    it("in its own work tree only", function()
      local linked = site.path .. "-linked"
      site.repo:git("worktree", "add", "-q", "-b", "side", linked)
      local there = site_support.attach(linked, site.state.path)
      there.handle = assert(repo_module.open(linked))
      there:die(EXCHANGED)
      local _, message, name = site:recover("m")
      assert.equal("ESTALE", name)
      assert.is_truthy(message:find(linked, 1, true), message)
      assert.equal("finished", assert(there:recover("m")).action)
      assert.equal("two", site.repo:git("show", "side:migrations/m/plan.md"))
      there:die(EXCHANGED:gsub("two", "three"))
      there.handle:close()
      sh.check { argv = { "rm", "-rf", linked } }
      _, message = site:recover("m")
      assert.is_truthy(message:find("git worktree prune", 1, true), message)
      site.repo:git("worktree", "prune")
      assert.equal("discarded", assert(site:recover("m")).action)
      site:check_sound()
    end)

    it("on a branch of its name, whatever that is", function()
      site.repo:git("switch", "-q", "-c", "team/plans")
      site:die(EXCHANGED)
      site.repo:git("symbolic-ref", "HEAD", "refs/heads/main")
      local _, message, name = site:recover("m")
      assert.equal("ESTALE", name)
      assert.is_truthy(message:find("'git switch team/plans'", 1, true), message)
    end)

    it("unless its branch is gone: then it is given up where nothing of it is live", function()
      site.repo:git("switch", "-q", "-c", "short-lived")
      site:die(EXCHANGED)
      site.repo:git("symbolic-ref", "HEAD", "refs/heads/main")
      site.repo:git("branch", "-q", "-D", "short-lived")
      local _, message, name = site:recover("m")
      assert.equal("ESTALE", name)
      assert.is_truthy(message:find("which is gone", 1, true), message)
      site.repo:git("stash", "push", "-q", "--include-untracked", "--", "migrations/m")
      assert.equal("discarded", assert(site:recover("m")).action)
      site:check_sound()
    end)

    it("whose base was rewritten out of history", function()
      site:die(EXCHANGED .. " assert(step.tx:commit())")
      site.repo:git("checkout", "-q", "--orphan", "squashed")
      site.repo:git("commit", "-q", "-m", "All of it")
      site.repo:git("branch", "-q", "-M", "main")
      site.repo:git("reflog", "expire", "--expire=now", "--all")
      site.repo:git("gc", "-q", "--prune=now")
      assert.equal("finished", assert(site:recover("m")).action)
      site:check_sound()
    end)

    it("without a look at what it did once somebody took it back", function()
      site:die(EXCHANGED .. " assert(step.tx:commit())")
      site.repo:git("revert", "--no-edit", "HEAD")
      assert.equal("finished", assert(site:recover("m")).action)
      assert.equal("one\n", site.repo:read("migrations/m/plan.md"))
      site:check_sound()
    end)

    it("and keeps what was written into the tree that it had replaced", function()
      site:die(EXCHANGED)
      local entry = site_support.names(site.live .. "/__transactions__")[2]
      write(("%s/__transactions__/%s/staged/plan.md"):format(site.live, entry), "mine\n")
      local done = assert(site:recover("m"))
      assert.equal("set-aside", done.action)
      assert.equal("two\n", read(done.kept .. "/plan.md"))
      assert.equal("mine\n", site.repo:read("migrations/m/plan.md"))
      assert.same({}, site:leftovers())
    end)

    it("in spite of something odd in that tree", function()
      site:die(EXCHANGED)
      local entry = site_support.names(site.live .. "/__transactions__")[2]
      sh.check { argv = { "ln", "-s", "plan.md",
        ("%s/__transactions__/%s/staged/link"):format(site.live, entry) } }
      assert.equal("set-aside", assert(site:recover("m")).action)
      assert.equal("one\n", site.repo:read("migrations/m/plan.md"))
      assert.same({}, site:leftovers())
    end)
  end)

  it("does not touch a journal that a later version wrote", function()
    local journal = site.path .. "/.git/mighost/journals/m"
    site:die(EXCHANGED)
    local text = read(journal):gsub("^mighost%-journal 1", "mighost-journal 2")
    text = text:sub(1, #text - #"sha256 \n" - 64)
    write(journal, text .. ("sha256 %s\n"):format(assert(require("host.tree").sha256(text))))
    local _, message, name = site:recover("m")
    assert.equal("EUNSUPPORTED", name)
    assert.is_truthy(message:find("version", 1, true), message)
    assert.is_not_nil(lfs.attributes(journal))
  end)

  it("replaces an object that something left empty", function()
    for _, text in ipairs { "two\n", "x\n" } do
      local id = sh.check { argv = { "git", "hash-object", "--stdin" }, stdin = text }:match("%x+")
      local folder = ("%s/.git/objects/%s"):format(site.path, id:sub(1, 2))
      lfs.mkdir(folder)
      write(folder .. "/" .. id:sub(3), "")
    end
    site:publish("m", { ["plan.md"] = "two\n", ["dir/x.md"] = "x\n" })
    site:check_sound()
  end)

  it("depends on no object that only looks as if it stayed", function()
    sh.check { argv = { "git", "-C", site.path, "hash-object", "-w", "--stdin" }, stdin = "two\n" }
    local step = site:begin("m", { ["plan.md"] = "two\n" })
    assert(step.tx:exchange())
    site.repo:git("gc", "-q", "--prune=now")
    assert(step.tx:commit())
    assert(step.tx:finish())
    step.lease:drop()
    site:check_sound()
  end)

  it("writes no tree anew of what did not change", function()
    site:publish("m", { ["same/a.md"] = "a\n", ["same/deep/b.md"] = "b\n" })
    local before = site.repo:git("count-objects"):match("^%d+")
    site:publish("m", { ["plan.md"] = "two\n" })
    local after = site.repo:git("count-objects"):match("^%d+")
    assert.equal(5, after - before) -- the file, its three directories, the commit
  end)

  --- Somebody who holds the index, and once the publish waits for it runs a command and lets go.
  local function hold_index(command)
    local held = site.repo:write(".git/index.lock", "")
    local count = "find " .. sh.quote(site.path .. "/.git/objects") .. " -path '*/??/*' | wc -l"
    return assert(io.popen(([[
      before=%s
      for i in $(seq 500); do [ $(%s) -gt "$before" ] && break; sleep 0.02; done
      cd %s && %s; rm %s]]):format(sh.check({ argv = { "sh", "-c", count } }):match("%d+"), count,
      sh.quote(site.path), command, sh.quote(held))))
  end

  it("keeps what an editor still wrote into the tree that was displaced", function()
    local step = site:begin("m", { ["plan.md"] = "two\n" })
    local editor <close> = assert(io.open(site.live .. "/m/plan.md", "a"))
    assert(step.tx:exchange())
    assert(step.tx:commit())
    assert(editor:write("a late line\n"))
    editor:close()
    local _, message, name = step.tx:finish()
    assert.equal("ESTALE", name)
    assert.equal("one\na late line\n", read(message:match("is kept in (.*)$") .. "/plan.md"))
    step.lease:drop()
    site:check_sound()
  end)

  it("builds on what somebody committed while it waited for the index", function()
    local step = site:begin("m", { ["plan.md"] = "two\n" })
    assert(step.tx:exchange())
    local child = hold_index [[
      git update-ref refs/heads/main $(git commit-tree -p HEAD -m other HEAD^{tree})]]
    assert(step.tx:commit())
    child:close()
    assert(step.tx:finish())
    step.lease:drop()
    assert.equal("other", site.repo:git("log", "-1", "--format=%s", "HEAD^"))
    assert.equal("two", site.repo:git("show", "HEAD:migrations/m/plan.md"))
    site:check_sound()
  end)

  it("puts back what somebody pruned while it waited for the index", function()
    local step = site:begin("m", { ["plan.md"] = "two\n" })
    assert(step.tx:exchange())
    local child = hold_index "git prune --expire=now"
    assert(step.tx:commit())
    child:close()
    assert(step.tx:finish())
    step.lease:drop()
    assert.equal("two", site.repo:git("show", "HEAD:migrations/m/plan.md"))
    site:check_sound()
  end)

  it("leaves the branch to others while it waits for the index", function()
    local step = site:begin("m", { ["plan.md"] = "two\n" })
    assert(step.tx:exchange())
    local child = hold_index [[
      for i in $(seq 10); do ls .git/refs/heads/main.lock 2>/dev/null; sleep 0.02; done]]
    assert(step.tx:commit())
    assert.equal("", child:read("a"))
    child:close()
    assert(step.tx:finish())
    step.lease:drop()
    site:check_sound()
  end)

  it("leaves what somebody staged meanwhile as it is, and says so", function()
    local step = site:begin("m", { ["plan.md"] = "two\n" })
    assert(step.tx:exchange())
    local blob = sh.check { argv = { "git", "-C", site.path, "hash-object", "-w", "--stdin" },
      stdin = "mine\n" }:match("%x+")
    site.repo:git("update-index", "--cacheinfo", "100644," .. blob .. ",migrations/m/plan.md")
    local _, message, name = step.tx:commit()
    assert.equal("EDIRTY", name)
    assert.is_truthy(message:find("'git restore --staged -- migrations/m'", 1, true), message)
    assert(step.tx:rollback())
    step.lease:drop()
    assert.equal("one\n", site.repo:read("migrations/m/plan.md"))
    assert.equal("mine", site.repo:git("show", ":migrations/m/plan.md"))
    assert.same({}, site:leftovers())
  end)

  it("works where live is on another file system than git's directory", function()
    if not lfs.attributes(MEMORY) or device(MEMORY) == device(site.path) then
      return pending("there is no second file system to try this on")
    end
    local folder = sh.check { argv = { "mktemp", "-d", MEMORY .. "/mighost-spec-XXXXXX" } }
      :gsub("\n", "")
    git.run(site.path, "worktree", "add", "-q", "-b", "side", folder .. "/tree")
    local there = site_support.attach(folder .. "/tree", site.state.path)
    there.handle = assert(repo_module.open(there.path))
    there:publish("m", { ["plan.md"] = "two\n" })
    there:die(EXCHANGED:gsub("two", "three"))
    assert.equal("finished", assert(there:recover("m")).action)
    assert.equal("three", site.repo:git("show", "side:migrations/m/plan.md"))
    there.handle:close()
    sh.check { argv = { "rm", "-rf", folder } }
  end)

  describe("knows git's locks", function()
    --- A lock of git's that is ours, whose publish is long forgotten, and what it was to put there.
    local function leave(lock)
      write(site.path .. "/.git/mighost/locks/" .. ("c"):rep(32) .. ".x", "")
      assert(lfs.link(site.path .. "/.git/mighost/ours", site.path .. "/.git/" .. lock))
    end

    for _, lock in ipairs { "index.lock", "refs/heads/main.lock", "refs/heads/a/b.lock" } do
      it("and removes one of a dead process of ours: " .. lock, function()
        site.repo.dir:mkdir(".git/refs/heads/a")
        leave(lock)
        local opened = site:open()
        assert.same({ { path = lock, age = "0", owner = "ours" } }, opened:locks())
        assert.is_true(opened:unlock())
        assert.same({}, opened:locks())
        assert.same({}, site_support.names(site.path .. "/.git/mighost/locks"))
      end)
    end

    it("and leaves anybody else's", function()
      site.repo:write(".git/index.lock", "")
      site.repo:write(".git/refs/tags/v1.lock", "")
      site.repo.dir:mkdir(".git/worktrees/w")
      site.repo:write(".git/worktrees/w/index.lock", "")
      site.repo:write(".git/not-a.lockfile", "")
      leave("refs/heads/main.lock")
      local opened = site:open()
      assert.is_true(opened:unlock())
      local found = {}
      for _, lock in ipairs(opened:locks()) do
        assert.equal("other", lock.owner)
        table.insert(found, lock.path)
      end
      assert.same({ "index.lock", "worktrees/w/index.lock", "refs/tags/v1.lock" }, found)
    end)

    it("and does nothing while a commit is being made", function()
      leave("index.lock")
      local fs, lock = require "host.fs", require "host.lock"
      local home <close> = assert(fs.open_dir(site.path .. "/.git/mighost"))
      local held = assert(lock.take(home, "repo.lock", "spec"))
      local opened = site:open()
      local _, _, name = opened:unlock()
      assert.equal("EBUSY", name)
      assert.equal("ours", opened:locks()[1].owner)
      held:drop()
    end)
  end)

  it("lists what there is to recover", function()
    local opened = site:open()
    assert.same({}, opened:remains())
    site:die(EXCHANGED)
    write(site.path .. "/.git/mighost/journals/n", "torn")
    write(site.path .. "/.git/mighost/journals/.o@" .. ("d"):rep(32), "draft")
    lfs.mkdir(site.live .. "/__transactions__/p@" .. ("e"):rep(32))
    lfs.mkdir(site.live .. "/__transactions__/foreign")
    local seen = {}
    for _, entry in ipairs(opened:remains()) do
      table.insert(seen, ("%s %s %s"):format(entry.kind, entry.slug,
        (entry.detail:gsub("m@%x+", "m@token"))))
    end
    table.sort(seen)
    assert.same({
      "draft o o@" .. ("d"):rep(32), "journal m spec.step", "journal n ",
      "objects m m@token", "transaction m m@token", "transaction p p@" .. ("e"):rep(32),
    }, seen)
  end)
end)
