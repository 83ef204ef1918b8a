local commit = require "planning.commit"
local fs = require "host.fs"
local project = require "spec.support.project"
local repos = require "host.repo"
local tenancy = require "planning.tenancy"
local tree = require "host.tree"
local workspace = require "planning.workspace"

--- An opened project with a workspace of a new migration that is ready to be published.
local function prepare(p, slug)
  local opened = p:open()
  local repo = assert(repos.open(p.path))
  local site = assert(commit.open(opened, repo))
  local lease = assert(site:lease(slug, "plan"))
  local snapshot = assert(site:snapshot(lease))
  local place = workspace.place(opened.state_home, site:project_id())
  local made = assert(workspace.create(place, slug))
  assert(snapshot:copy(made.path))
  local dir <close> = assert(fs.open_dir(made.path))
  assert(dir:write("plan.md", "plan\n"))
  local record = {
    digest = assert(tree.digest(made.path)), operation = "planning.expand",
    message = commit.message("mighost", ("planning/%s/expand"):format(slug), "because"),
  }
  return {
    site = site, lease = lease, snapshot = snapshot, repo = repo,
    work = { workspace = made, record = record, live = opened.live_path .. "/" .. slug,
      worktree = opened },
    close = function()
      lease:drop()
      site:close()
      repo:close()
    end,
  }
end

local function publish(ready, hooks)
  return commit.publish(ready.site, ready.lease, ready.snapshot, ready.work, {
    check = hooks.check or function() return true end,
    on_commit = hooks.on_commit or function() end,
    notify = hooks.notify,
  })
end

describe("planning.commit", function()
  it("publishes a workspace: rules on what is staged, then on what is live, then the commit",
    function()
      local p <close> = project.new()
      local ready = prepare(p, "alpha")
      local seen = {}
      local oid = assert(publish(ready, {
        check = function(path, staged)
          local file <close> = assert(io.open(path .. "/plan.md"))
          local beside = path:find("__transactions__", 1, true) ~= nil
          table.insert(seen, { file:read("a"), staged, beside })
          return true
        end,
        on_commit = function(id)
          table.insert(seen, id)
        end,
      }))
      ready.close()
      assert.same({ { "plan\n", true, true }, { "plan\n", false, false }, oid }, seen)
      assert.equal(oid, p.repo:head())
      assert.matches("^mighost: planning/alpha/expand\n\nWhy:\nbecause\n\nPublish%-Id: "
        .. ready.work.workspace.token, p.repo:git("log", "-1", "--format=%B"))
      assert.same({}, p:problems())
    end)

  for when, is_staged in pairs { staged = true, live = false } do
    it("leaves everything as it was when a rule refuses what is " .. when, function()
      local p <close> = project.new()
      local head = p.repo:head()
      local ready = prepare(p, "alpha")
      local oid, message, name = publish(ready, {
        check = function(_, staged)
          if staged == is_staged then
            return nil, "not like this", "ERULES"
          end
          return true
        end,
        on_commit = function()
          error("it was committed")
        end,
      })
      ready.close()
      assert.same({ nil, "not like this", "ERULES" }, { oid, message, name })
      assert.equal(head, p.repo:head())
      assert.is_false(p.repo.dir:exists("migrations/alpha"))
      assert.same({}, p:problems())
    end)
  end

  it("refuses a workspace that is not what was accepted", function()
    local p <close> = project.new()
    local ready = prepare(p, "alpha")
    ready.work.record.digest = ("0"):rep(64)
    local oid, message, name = publish(ready, {})
    ready.close()
    assert.is_nil(oid)
    assert.is_string(message)
    assert.equal("ESTALE", name)
    assert.same({}, p:problems())
  end)

  for times, published in pairs { [1] = true, [2] = false } do
    it(("stages once more what `git clean` took away %d times"):format(times), function()
      local p <close> = project.new()
      local ready = prepare(p, "alpha")
      local cleaned = 0
      local oid, message, name = publish(ready, {
        check = function(_, staged)
          if staged and cleaned < times then
            cleaned = cleaned + 1
            p.repo:git("clean", "-qffdx")
          end
          return true
        end,
      })
      ready.close()
      assert.equal(times, cleaned)
      assert.equal(published, oid ~= nil, message)
      assert.equal(not published and "EREMOVED" or nil, name)
      assert.equal(published, p.repo.dir:exists("migrations/alpha"))
      assert.same({}, p:problems())
    end)
  end

  describe("while git's lock is held", function()
    local untold, patience = tenancy.UNTOLD, tenancy.PATIENCE

    before_each(function()
      tenancy.UNTOLD, tenancy.PATIENCE = 0.05, 0.05
    end)

    after_each(function()
      tenancy.UNTOLD, tenancy.PATIENCE = untold, patience
    end)

    for _, file in ipairs { "index.lock", "refs/heads/main.lock" } do
      it("waits for it, says so, and goes on: " .. file, function()
        local p <close> = project.new()
        local ready = prepare(p, "alpha")
        local lock = p.repo:write(".git/" .. file, "")
        local told = {}
        local oid = assert(publish(ready, { notify = function(event)
          told[#told + 1] = ("%s: %s"):format(event.kind, event.text)
          assert(os.remove(lock))
        end }))
        ready.close()
        assert.equal(1, #told)
        assert.matches("^busy: git's lock .*" .. file:match("[^/]*$"):gsub("%p", "%%%0")
          .. " is held, .*; waiting for it$", told[1])
        assert.equal(oid, p.repo:head())
        assert.same({}, p:problems())
      end)
    end

    it("gives up in the end, and everything is as it was", function()
      local p <close> = project.new()
      local head = p.repo:head()
      local ready = prepare(p, "alpha")
      local lock = p.repo:write(".git/index.lock", "")
      local oid, message, name = publish(ready, {})
      ready.close()
      assert.is_nil(oid)
      assert.equal("EBUSY", name)
      assert.matches("index.lock is held", message, 1, true)
      assert(os.remove(lock))
      assert.equal(head, p.repo:head())
      assert.same({}, p:problems())
    end)
  end)

  it("makes one harmless line of an agent's words", function()
    assert.equal("two lines and a \\u{1B}[31mcolour",
      commit.flatten "  two\n\tlines  and a \27[31mcolour\n")
    assert.equal("in <repo>/x and <work>/y", commit.flatten("in /r/x and /r/state/w/y",
      { ["/r"] = "<repo>", ["/r/state/w"] = "<work>" }))
    assert.equal(240, utf8.len(commit.flatten(("ü"):rep(300))))
    assert.equal(("ü"):rep(240), commit.flatten(("ü"):rep(240)))
    assert.equal(("ü"):rep(239) .. "…", commit.flatten(("ü"):rep(4 << 20)))
  end)
end)
