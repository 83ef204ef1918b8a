local actions = require "loop.action"
local changes = require "loop.changes"
local loop = require "spec.support.loop"
local project = require "spec.support.project"
local run = require "loop.run"
local tables = require "lib.tables"

local function go(p, more)
  local events = {}
  local opts = tables.copy({
    command = "run", with = "command", agent_command = p:agent_command(), focus = true,
    validation_command = "true", sandbox = "off",
    on_event = function(event)
      events[#events + 1] = event
    end,
  }, more)
  local result, message, name = run.run(p:open(), opts)
  return result, events, message, name
end

local function has(events, kind, text)
  for _, event in ipairs(events) do
    if event.kind == kind and (not text or (event.text or ""):find(text, 1, true)) then
      return true
    end
  end
  return false
end

describe("loop.run", function()
  it("tells where its evidence is, checks the baseline, and says how it went", function()
    local p <close> = project.new()
    local result, events = go(p)
    assert.equal("completed", result.status)
    assert.is_nil(result.name)
    assert.equal("run", events[1].kind)
    assert.equal(result.artifacts, events[1].path)
    assert.is_true(has(events, "validating"))
    assert.equal(0, result.counts.commits)
    assert.is_true(result.seconds > 0)
  end)

  it("touches nothing where the baseline is red", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local head = p.repo:head()
    local result = go(p, { validation_command = "sh -c 'echo it is broken >&2; exit 1'" })
    assert.same({ "baseline_failed", "EVALIDATION" }, { result.status, result.name })
    assert.matches("the baseline is red: .*it is broken", result.message)
    assert.equal(head, p.repo:head())
    assert.equal(1, p:count "approaches")
    local failures = p.home:names("state/mighost/projects/"
      .. p.home:names("state/mighost/projects")[1] .. "/failures")
    assert.matches("%-attempt%-000%-retry%-01%-baseline%.md$", failures[1])
    result = go(p, { validation_command = "/nosuch/command" })
    assert.same({ "baseline_failed", "EVALIDATION" }, { result.status, result.name })
    result = go(p, { validation_command = "sleep 60", validation_timeout = 1 })
    assert.same({ "baseline_failed", "ETIMEOUT" }, { result.status, result.name })
  end)

  it("begins with nothing uncommitted", function()
    local p <close> = project.new()
    p.repo:write("new.txt", "a person's")
    local result = go(p)
    assert.same({ "failed", "EDIRTY" }, { result.status, result.name })
    assert.equal("a person's", p.repo:read("new.txt"))
  end)

  it("pays nobody where the baseline leaves what is not committed, and leaves it", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local result = go(p, { validation_command = "sh -c 'echo 9 >cov.out'" })
    assert.same({ "failed", "EDIRTY", "git status" }, { result.status, result.name, result.fix })
    assert.equal("the baseline is green, but since it began the work tree has changes that are not "
      .. "committed: cov.out; have git ignore what the validation command makes", result.message)
    assert.equal(1, #p:calls())
    assert.equal("9\n", p.repo:read("cov.out"))
  end)

  it("counts and tells what became of an action that it picked up, and keeps why it failed",
    function()
      for decision, validation in pairs { commit = "true", abandon = "grep -q old code.txt" } do
        local site <close> = loop.new()
        local action = assert(actions.begin(site:context(),
          { kind = "refactor", target = "tidy" }))
        site.repo:write("code.txt", "new\n")
        local change = assert(changes.stage(action))
        assert(action:note("answered", { tree = change.tree }))
        action.lock:drop()
        action.lock = nil
        local result, events = go(site.inner, { validation_command = validation })
        assert.equal("completed", result.status)
        assert.same({ decision == "commit" and 1 or 0, decision == "commit" and 0 or 1 },
          { result.counts.commits, result.counts.failures })
        local told = {}
        for _, event in ipairs(events) do
          told[#told + 1] = event.kind == "outcome" and event or nil
        end
        assert.equal(1, #told)
        assert.same({ 0, decision, "tidy" },
          { told[1].attempt, told[1].decision, told[1].target })
        assert.is_true(told[1].seconds < 60)
        assert.equal(decision == "abandon", told[1].snapshot ~= nil)
      end
    end)

  it("removes what older runs left beyond as many as are kept", function()
    local p <close> = project.new()
    p.repo:write(".mighost/config.json",
      '{"schema_version": 1, "live_migrations_dir": "migrations", "keep_runs": 2}')
    p.repo:commit("Keep two")
    for _ = 1, 3 do
      assert.equal("completed", go(p).status)
    end
    assert.equal(2, #p.home:names("state/mighost/runs"))
  end)

  it("warns of attempts without a limit", function()
    local p <close> = project.new()
    local _, limited = go(p, { max_attempts = 2 })
    assert.is_false(has(limited, "warning"))
    local _, unlimited = go(p, { max_attempts = 0 })
    assert.is_true(has(unlimited, "warning", "attempts are not limited"))
  end)

  it("refuses what setup refuses, without a result", function()
    local p <close> = project.new()
    local result, events, message, name = go(p, { with = "oracle" })
    assert.is_nil(result)
    assert.same({}, events)
    assert.is_string(message)
    assert.equal("EAGENT", name)
  end)
end)
