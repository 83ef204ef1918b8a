local actions = require "loop.action"
local changes = require "loop.changes"
local journal = require "loop.journal"
local loop = require "spec.support.loop"
local resume = require "loop.resume"

local function begin(site, about)
  local ctx = site:context()
  local action = assert(actions.begin(ctx, about or { kind = "refactor", target = "tidy" }))
  return action, ctx
end

---As if the process had been killed now.
local function kill(action)
  action.lock:drop()
  action.lock = nil
end

---As if all that had been long before.
local function long_ago(site)
  os.execute(("find %s/.git/mighost/action-main.json %s -name '*.json' -o -name alive | "
    .. "xargs touch -d '1 hour ago'"):format(site.path, site.home:join("state")))
end

local function settle(site, opts)
  local found = assert(resume.run(site:context(opts)))
  assert.is_false(journal.read(site:open()))
  return found[1]
end

describe("what an interrupted run left", function()
  it("is nothing as a rule", function()
    local site <close> = loop.new()
    assert.same({}, assert(resume.run(site:context())))
  end)

  it("is put back while the agent was working", function()
    local site <close> = loop.new()
    site.repo:write("build/o", "object\n")
    local picture = loop.picture(site.path)
    local action = begin(site)
    site.repo:write("code.txt", "half\n")
    site.repo:write("build/o", "other\n")
    site.repo:git("switch", "-q", "-c", "mine")
    site.repo:git("commit", "-q", "-a", "-m", "mine")
    site.repo:git("switch", "-q", "main")
    kill(action)
    local found = settle(site)
    assert.same({ "put-back", "executing", "tidy" }, { found.action, found.stage, found.target })
    assert.equal(picture, loop.picture(site.path))
    assert.matches("put back", site:event("resumed").text)
  end)

  it("is validated and committed where the agent was done", function()
    local site <close> = loop.new()
    local action = begin(site)
    site.repo:write("code.txt", "new\n")
    local change = assert(changes.stage(action))
    assert(action:note("answered", { tree = change.tree,
      status = { commit_rationale = "It was time.", evidence = {} } }))
    site.repo:write("code.txt", "left by the validation\n")
    site.repo:write("junk", "x")
    kill(action)
    local found = settle(site)
    assert.same({ "committed", site.repo:head() }, { found.action, found.commit })
    assert.equal("new\n", site.repo:read("code.txt"))
    assert.matches("Why:\nIt was time.", site.repo:git("log", "-1", "--format=%B"))
    assert.equal("", site.repo:status())
    assert.same({}, site:calls())
  end)

  it("is put back where that validation is red", function()
    local site <close> = loop.new()
    local picture = loop.picture(site.path)
    local action = begin(site)
    site.repo:write("code.txt", "broken\n")
    local change = assert(changes.stage(action))
    assert(action:note("answered", { tree = change.tree }))
    kill(action)
    assert.equal("refused", settle(site, { settings = { max_attempts = 0 } }).action)
    assert.equal("", site.repo:status())
    assert.equal(picture:match("refs/heads/main"), loop.picture(site.path):match("refs/heads/main"))
    assert.equal("old\n", site.repo:read("code.txt"))
  end)

  it("is committed at once where it was green, a half-written manifest or not", function()
    local site <close> = loop.new()
    site:migration("move", { "one", "two" })
    local action = begin(site, { kind = "phase", slug = "move", phase = "phase-1-one.md",
      target = "move/phase-1-one.md" })
    site.repo:write("code.txt", "new\n")
    local change = assert(changes.stage(action))
    assert(action:note("answered", { tree = change.tree }))
    assert(action:note("validated"))
    site.repo:write("migrations/move/manifest.json", "{")
    kill(action)
    local found = settle(site, { validation = "exit 1" })
    assert.equal("committed", found.action)
    assert.equal("two", site:manifest("move").current_phase)
    assert.equal("M\tcode.txt\nM\tmigrations/move/manifest.json",
      site.repo:git("diff", "--name-status", "HEAD^", "HEAD"))
    assert.equal("mighost: migration/move/phase-1-one.md",
      site.repo:git("log", "-1", "--format=%s"))
  end)

  it("is cleared where the commit is there, known to the journal or not", function()
    for _, stage in ipairs { "validated", "committed" } do
      local site <close> = loop.new()
      local action = begin(site)
      site.repo:write("code.txt", "new\n")
      local change = assert(changes.stage(action))
      assert(action:note("answered", { tree = change.tree }))
      assert(action:note("validated", { message = "Subject\n\nBody\n" }))
      local oid = assert(changes.commit(action, "Subject\n\nBody\n", {}, action.ctx.run.path))
      assert(action:note(stage, { commit = stage == "committed" and oid or nil }))
      site.repo:write("left-by-a-hook", "x")
      kill(action)
      local found = settle(site)
      assert.same({ "cleared", oid }, { found.action, found.commit })
      assert.equal(oid, site.repo:head())
      assert.equal("", site.repo:status())
    end
  end)

  it("is cleared without touching what a person did since", function()
    local site <close> = loop.new()
    local action = begin(site)
    site.repo:write("code.txt", "new\n")
    local change = assert(changes.stage(action))
    assert(action:note("validated", { tree = change.tree, message = "Subject\n" }))
    local oid = assert(changes.commit(action, "Subject\n", {}, action.ctx.run.path))
    kill(action)
    long_ago(site)
    site.repo:write("code.txt", "a person's\n")
    site.repo:write("mine", "x")
    assert.equal("cleared", settle(site).action)
    assert.equal(oid, site.repo:head())
    assert.equal("a person's\n", site.repo:read("code.txt"))
    assert.is_true(site.repo.dir:exists("mine"))
  end)

  describe("where something was published since", function()
    --- A killed action whose change was made a tree, with a step published after it.
    local function publish(site, stage)
      local action = begin(site)
      site.repo:write("code.txt", "new\n")
      site.repo:write("build/o", "object\n")
      if stage ~= "executing" then
        local change = assert(changes.stage(action))
        assert(action:note(stage, { tree = change.tree, message = "Subject\n" }))
      end
      kill(action)
      assert.equal(0, site.inner:plan({ "other", "--target", "T" }).exit)
      return site.repo:head()
    end

    local function expect_published(site, oid)
      assert.equal("", site.repo:status())
      assert.is_true(site.repo.dir:exists("migrations/other/.planning/state.json"))
      assert.equal(oid, site.repo:git("log", "-1", "--format=%H", "--", "migrations/other"))
      assert.equal(0, site.inner:run({ "migration", "doctor", "--all" }).exit)
    end

    it("is put back, and that stays", function()
      for _, is_late in ipairs { false, true } do
        local site <close> = loop.new()
        local oid = publish(site, "executing")
        if is_late then
          local path = site.path .. "/.git/logs/HEAD"
          os.execute(("sed -i '$s/> [0-9]*/> %d/' %s"):format(os.time() + 3600, path))
        end
        assert.equal("put-back", settle(site).action)
        assert.equal(oid, site.repo:head())
        assert.equal("old\n", site.repo:read("code.txt"))
        assert.is_false(site.repo.dir:exists("build"))
        expect_published(site, oid)
      end
    end)

    it("is committed on top of that, or put back where the validation is red", function()
      for _, stage in ipairs { "answered", "validated" } do
        local site <close> = loop.new()
        local oid = publish(site, stage)
        local found = settle(site)
        assert.same({ "committed", stage }, { found.action, found.stage })
        assert.equal(oid, site.repo:git("rev-parse", "HEAD^"))
        assert.equal("M\tcode.txt", site.repo:git("diff", "--name-status", "HEAD^", "HEAD"))
        expect_published(site, oid)
      end
      local site <close> = loop.new()
      local oid = publish(site, "answered")
      assert.equal("refused", settle(site, { validation = "exit 1" }).action)
      assert.equal(oid, site.repo:head())
      assert.equal("old\n", site.repo:read("code.txt"))
      expect_published(site, oid)
    end)

    it("twice, with a second death between, it still goes on", function()
      local site <close> = loop.new()
      publish(site, "answered")
      local real = changes.commit
      changes.commit = function(action)
        kill(action)
        error("killed")
      end
      assert.is_false(pcall(resume.run, site:context()))
      changes.commit = real
      assert.equal(0, site.inner:plan({ "other" }).exit)
      local oid = site.repo:head()
      assert.equal("committed", settle(site).action)
      assert.equal(oid, site.repo:git("rev-parse", "HEAD^"))
      assert.equal("new\n", site.repo:read("code.txt"))
      expect_published(site, oid)
    end)

    it("is not committed where that was its own migration", function()
      local site <close> = loop.new()
      site:migration("move", { "part-1", "part-2" })
      local action = begin(site, { kind = "phase", slug = "move", phase = "phase-1-part-1.md",
        target = "move/phase-1-part-1.md" })
      site.repo:write("code.txt", "new\n")
      local change = assert(changes.stage(action))
      assert(action:note("answered", { tree = change.tree }))
      kill(action)
      local refined = site.inner:run { "migration", "refine", "move", "--message", "Not so.",
        "--with", "command", "--agent-command", site.inner:agent_command() }
      assert.equal(0, refined.exit, refined.stderr)
      local oid = site.repo:head()
      assert.equal("put-back", settle(site).action)
      assert.equal(oid, site.repo:head())
      assert.equal("old\n", site.repo:read("code.txt"))
      assert.equal("", site.repo:status())
    end)

    it("is cleared where its own commit is beneath that", function()
      local site <close> = loop.new()
      local action = begin(site)
      site.repo:write("code.txt", "new\n")
      local change = assert(changes.stage(action))
      assert(action:note("validated", { tree = change.tree, message = "Subject\n" }))
      local own = assert(changes.commit(action, "Subject\n", {}, action.ctx.run.path))
      kill(action)
      assert.equal(0, site.inner:plan({ "other", "--target", "T" }).exit)
      local oid = site.repo:head()
      local found = settle(site)
      assert.same({ "cleared", own }, { found.action, found.commit })
      expect_published(site, oid)
    end)

    it("is left alone where a person committed, too", function()
      local site <close> = loop.new()
      publish(site, "executing")
      site.repo:commit("A person's commit")
      local oid = site.repo:head()
      assert.equal("left-alone", settle(site).action)
      assert.equal(oid, site.repo:head())
    end)
  end)

  it("is left alone where a person has moved on", function()
    local site <close> = loop.new()
    local action = begin(site)
    site.repo:write("code.txt", "half\n")
    kill(action)
    long_ago(site)
    site.repo:write("mine", "x")
    site.repo:commit("A person's commit")
    assert.equal("left-alone", settle(site).action)
    assert.equal("half\n", site.repo:read("code.txt"))
  end)

  it("is left alone where a person works on what is there", function()
    local site <close> = loop.new()
    local action = begin(site)
    kill(action)
    long_ago(site)
    site.repo:write("code.txt", "mended by hand\n")
    assert.equal("left-alone", settle(site).action)
    assert.equal("mended by hand\n", site.repo:read("code.txt"))
  end)

  it("is put back wherever the agent had left HEAD", function()
    for _, script in ipairs { "git commit -q -a -m mine", "git switch -q -c mine; git add -A",
      "git commit -q --amend -a -m other", "git switch -q --detach" } do
      local site <close> = loop.new()
      local picture = loop.picture(site.path)
      local action = begin(site)
      site.repo:write("code.txt", "half\n")
      assert(os.execute(("cd %s && { %s; }"):format(site.path, script)))
      kill(action)
      assert.equal("put-back", settle(site).action, script)
      assert.equal(picture, loop.picture(site.path), script)
    end
  end)

  it("that cannot be brought back is put back, once and for all", function()
    local site <close> = loop.new()
    local action = begin(site)
    site.repo:write("code.txt", "new\n")
    assert(action:note("answered", { tree = ("1"):rep(40) }))
    kill(action)
    local found = settle(site)
    assert.equal("put-back", found.action)
    assert.matches("its agent's changes were put back: git read%-tree", found.text)
    assert.equal("old\n", site.repo:read("code.txt"))
  end)

  it("that is no longer due is put back", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local action = begin(site, { kind = "phase", slug = "move", phase = "phase-9-gone.md",
      target = "move/phase-9-gone.md" })
    site.repo:write("code.txt", "new\n")
    local change = assert(changes.stage(action))
    assert(action:note("answered", { tree = change.tree }))
    kill(action)
    assert.equal("put-back", settle(site).action)
    assert.equal("", site.repo:status())
  end)
end)
