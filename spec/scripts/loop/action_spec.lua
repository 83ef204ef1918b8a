local actions = require "loop.action"
local journal = require "loop.journal"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local tenancy = require "planning.tenancy"

local ABOUT <const> = { kind = "refactor", target = "tidy" }

describe("an action", function()
  it("holds the work tree, writes its journal, and puts back what is not finished", function()
    local site <close> = loop.new()
    local ctx = site:context()
    local picture = loop.picture(site.path)
    do
      local action <close> = assert(actions.begin(ctx, ABOUT))
      assert.matches("refactor tidy", tenancy.holder(ctx.project))
      local entry = assert(journal.read(ctx.project))
      assert.same({ "executing", "refactor", "tidy", "refs/heads/main", site.repo:head() },
        { entry.stage, entry.kind, entry.target, entry.branch, entry.head })
      assert.equal(site.repo:head(), action.head)
      site.repo:write("code.txt", "half done\n")
      site.repo:write("new", "x")
    end
    assert.equal(picture, loop.picture(site.path))
    assert.is_false(tenancy.holder(ctx.project))
    assert.is_false(journal.read(ctx.project))
  end)

  it("that is finished leaves what was done", function()
    local site <close> = loop.new()
    local ctx = site:context()
    do
      local action <close> = assert(actions.begin(ctx, ABOUT))
      site.repo:write("code.txt", "done\n")
      assert(action:finish())
    end
    assert.equal("done\n", site.repo:read("code.txt"))
    assert.is_false(tenancy.holder(ctx.project))
  end)

  it("that has an answer is put back, but its journal stays", function()
    local site <close> = loop.new()
    local ctx = site:context()
    do
      local action <close> = assert(actions.begin(ctx, ABOUT))
      site.repo:write("code.txt", "answered\n")
      assert(action:note("answered", { tree = site.repo:git("rev-parse", "HEAD^{tree}") }))
    end
    assert.equal("old\n", site.repo:read("code.txt"))
    assert.is_false(tenancy.holder(ctx.project))
    assert.equal("answered", assert(journal.read(ctx.project)).stage)
  end)

  it("is put back after a signal too", function()
    local site <close> = loop.new()
    local picture = loop.picture(site.path)
    local script = site.home:write("interrupted.lua", ([[
      package.path = %q .. "/?.lua;" .. package.path
      local project = assert(require("project.open").open(%q))
      local ctx = { project = project, settings = {}, report = function() end,
        run = { id = "r", event = function() end } }
      local action <close> = assert(require("loop.action").begin(ctx,
        { kind = "refactor", target = "tidy" }))
      require("host.proc").run { argv = { "sh", "-c",
        "echo half >code.txt; mkdir new; echo x >new/file; git switch -q -c mine; kill -TERM $0",
        tostring(require("host.sys").pid()) }, cwd = %q }
      error "not reached"
    ]]):format(program.root, site.path, site.path))
    local result = program.run { args = { script }, cwd = site.path, env = site.inner:env() }
    assert.equal(143, result.exit, result.stderr)
    assert.equal(picture, loop.picture(site.path))
    assert.is_false(site.repo.dir:exists(".git/mighost/action-main.json"))
  end)

  it("does not begin where there is uncommitted work, no branch, or a merge under way", function()
    local site <close> = loop.new()
    local ctx = site:context()
    local function refused(name)
      local action, message, code = actions.begin(ctx, ABOUT)
      assert.same({ nil, name }, { action, code }, message)
      assert.is_false(tenancy.holder(ctx.project))
    end
    site.repo:write("mine", "x")
    refused "EDIRTY"
    site.repo:git("stash", "-u", "-q")
    site.repo:git("switch", "-q", "--detach")
    refused "EUNSUPPORTED"
    site.repo:git("switch", "-q", "main")
    assert(journal.write(ctx.project, { stage = "executing", kind = "refactor", target = "old",
      branch = "refs/heads/main", head = site.repo:head(), run = "r" }))
    refused "ESTALE"
  end)

  it("does not begin, and takes nothing away, where git's index is locked", function()
    local site <close> = loop.new()
    local ctx = site:context()
    local path = site.repo:write(".git/index.lock", "")
    local action, message, name = actions.begin(ctx, ABOUT)
    assert.same({ nil, "EMERGING" }, { action, name })
    assert.matches("git is at work here, or died and left its lock: .*/index%.lock", message)
    assert.is_true(site.repo.dir:exists(".git/index.lock"))
    assert.is_false(journal.read(ctx.project))
    -- one that goes meanwhile is waited for
    assert(os.execute(("(sleep 0.3; rm %s) &"):format(path)))
    assert(actions.begin(ctx, ABOUT)):finish()
  end)

  it("keeps as a patch what is discarded where it is interrupted, and says where", function()
    for _, stage in ipairs { "executing", "answered" } do
      local site <close> = loop.new()
      local ctx = site:context()
      do
        local action <close> = assert(actions.begin(ctx, ABOUT))
        site.repo:write("code.txt", "half\n")
        assert(action:note(stage))
      end
      assert.equal("old\n", site.repo:read("code.txt"))
      local path = ctx.run.path .. "/rejected.patch"
      assert.equal("what was discarded is kept in " .. path, site:event("warning").text)
      local patch <close> = assert(io.open(path))
      assert.matches("\n%+half\n", patch:read("a"))
    end
    local site <close> = loop.new()
    do
      local _ <close> = assert(actions.begin(site:context(), ABOUT))
    end
    assert.is_nil(site:event("warning"))
  end)

  it("waits for whoever has the work tree", function()
    local site <close> = loop.new()
    local ctx = site:context { settings = { worktree_wait = 0.1 } }
    local held = assert(tenancy.take(ctx.project, "phase of another"))
    tenancy.UNTOLD = 0.05
    local action, message, name = actions.begin(ctx, ABOUT)
    tenancy.UNTOLD = 1
    assert.same({ nil, "EBUSY" }, { action, name })
    assert.matches("phase of another", message)
    assert.matches("waiting for it", site:event("busy").text)
    held:drop()
  end)

  it("says what it could not put back", function()
    local site <close> = loop.new()
    local ctx = site:context()
    local action = assert(actions.begin(ctx, ABOUT))
    site.repo:git("branch", "mine")
    local oid = site.repo:git("rev-parse", "mine")
    local done = assert(action:abandon())
    assert.same({ "refs/heads/mine was " .. oid }, done.moved)
    assert.matches("is held by no name any more: refs/heads/mine", site:event("warning").text)
  end)
end)
