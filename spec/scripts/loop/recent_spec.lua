local artifacts = require "planning.artifacts"
local json = require "lib.json"
local project = require "spec.support.project"
local recent = require "loop.recent"
local running = require "spec.support.running"

local function plan(p)
  assert(p:plan({ "alpha", "--target", "T" }).exit == 0)
end

describe("loop.recent", function()
  it("has nothing where nothing ran", function()
    local p <close> = project.new()
    assert.same({}, recent.list(p:open()))
    assert.equal("EUSAGE", select(3, recent.show(p:open(), "2")))
    assert.same({}, recent.prune(p:open(), 0))
  end)

  it("lists runs of every command, the newest first", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T", "--steps", "2" }
    p:plan({ "beta", "--target", "T" }, { agent = "/nosuch/agent" })
    local opened = p:open()
    local listed = assert(recent.list(opened))
    assert.equal(2, #listed)
    local by_outcome = {}
    for _, run in ipairs(listed) do
      assert.equal("plan", run.command)
      assert.is_true(run.seconds >= 0)
      by_outcome[run.outcome] = run
    end
    assert.equal(2, by_outcome.completed.commits)
    assert.equal(2, by_outcome.completed.spent.calls)
    assert.is_nil(by_outcome.completed.message)
    assert.equal(0, by_outcome.failed.commits)
    assert.matches("/nosuch/agent", by_outcome.failed.message)
  end)

  it("knows what still runs from what was interrupted", function()
    local p <close> = project.new()
    local opened = p:open()
    local run = assert(artifacts.start(opened.state_home, opened.root, "plan"))
    assert.equal("running", recent.list(opened)[1].outcome)
    local path = ("state/mighost/runs/%s/run.json"):format(run.id)
    local about = json.decode(p.home:read(path))
    about.process_start = "0"
    p.home:write(path, json.encode(about))
    local dead = recent.list(opened)[1]
    assert.equal("interrupted", dead.outcome)
    assert.is_nil(dead.seconds)
  end)

  it("tells the story of a run: attempts, calls, failures", function()
    local p <close> = project.new()
    local id
    do
      local ctx <close> = running.context(p)
      id = ctx.run.id
      ctx.run:begin_action(1, true)
      assert(require("loop.step").take(ctx, "alpha", { target = "T" }))
      ctx.run:attempt { attempt = 1, role = "planning.approaches", decision = "commit",
        commit = "abc" }
      ctx.run:failure { role = "refactor", decision = "abandon", summary = "no" }
    end
    local story = assert(recent.show(p:open(), id))
    assert.equal("completed", story.outcome)
    assert.equal(1, story.commits)
    assert.equal("run", story.summary.command)
    assert.equal("planning.approaches", story.summary.attempts[1].role)
    assert.equal(1, #story.calls)
    assert.equal("migration-probes/action-001/planning/approaches", story.calls[1].path)
    assert.equal("command", story.calls[1].agent)
    assert.equal(1, #story.snapshots)
    assert.matches("%-attempt%-001%-retry%-01%-refactor%.md$", story.snapshots[1])
  end)

  it("finds a run by how its name begins, if only one does so", function()
    local p <close> = project.new()
    plan(p)
    local opened = p:open()
    local id = recent.list(opened)[1].id
    assert.equal(id, recent.show(opened, id:sub(1, -2)).id)
    assert.equal(id, recent.show(opened, id).id)
    assert.matches("^no run", (select(2, recent.show(opened, "x"))))
    assert.matches("^no run", (select(2, recent.show(opened, ""))))
    p:plan { "alpha" }
    assert.matches("^more than one run", (select(2, recent.show(opened, id:sub(1, 2)))))
  end)

  it("goes on where evidence is damaged", function()
    local p <close> = project.new()
    plan(p)
    local opened = p:open()
    local run = "state/mighost/runs/" .. recent.list(opened)[1].id
    p.home:write(run .. "/summary.json", '{"counts":3,"attempts":{}}')
    p.home:write(run .. "/planning/approaches/report.json", "[")
    p.home:write(run .. "/planning/other/report.json", '{"agent":3}')
    p.home:write(run .. "/run.json", json.encode { root = opened.root, started = 3, pid = "x",
      finished = {}, status = 7, commits = "many" })
    local story = assert(recent.show(opened, recent.list(opened)[1].id))
    assert.same({}, story.calls)
    assert.equal(0, story.commits)
    assert.equal("interrupted", story.outcome)
  end)

  it("removes all but the newest, with the snapshots of older ones", function()
    local p <close> = project.new()
    for _ = 1, 3 do
      local ctx <close> = running.context(p)
      ctx.run:failure { role = "refactor", decision = "abandon", summary = "no" }
    end
    local opened = p:open()
    opened.config.keep_runs = 2
    assert.equal(1, #recent.prune(opened))
    assert.equal(2, #recent.list(opened))
    assert.equal(1, #recent.prune(opened, 1))
    assert.equal(1, #recent.show(opened, recent.list(opened)[1].id).snapshots)
    assert.equal(1, #recent.prune(opened, 0))
    assert.same({}, recent.list(opened))
  end)
end)
