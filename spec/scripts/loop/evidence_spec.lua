local artifacts = require "planning.artifacts"
local evidence = require "loop.evidence"
local json = require "lib.json"
local tmp = require "spec.support.tmp"

local function open(dir, opts)
  local project = { root = "/repo", worktree = "/repo", common = dir:join("git"),
    state_home = dir.path, config = { keep_runs = opts and opts.keep_runs } }
  return assert(evidence.open(project, { command = "run", place = dir:join("projects/1"),
    settings = { with = "command" } })), project
end

local function read(run, name)
  local file <close> = assert(io.open(run.path .. "/" .. name, "rb"))
  return file:read("a")
end

local function events(run)
  local list = {}
  for line in read(run, "events.jsonl"):gmatch("[^\n]+") do
    list[#list + 1] = assert(json.decode(line))
  end
  return list
end

describe("loop.evidence", function()
  it("makes a folder for each call, by role", function()
    local dir <close> = tmp.dir()
    local run <close> = open(dir)
    local function folder(role, where)
      local path = assert(run:folder(role, where))
      assert.equal("directory", require("lfs").attributes(path, "mode"))
      return path:sub(#run.path + 2)
    end
    assert.equal("baseline/initial", folder "baseline")
    run:begin_action(1)
    assert.equal("scope-expansion", folder "scope-expansion")
    assert.equal("classify", folder "classify")
    assert.equal("attempt-001/refactor", folder("refactor", { attempt = 1 }))
    assert.equal("attempt-001/validation", folder("validation", { attempt = 1, retry = 1 }))
    assert.equal("attempt-001/retry-02/refactor", folder("refactor", { attempt = 1, retry = 2 }))
    assert.equal("attempt-001/planning/approaches", folder "planning.approaches")
    assert.equal("phase-ready-check", folder "phase.ready-check")
    assert.equal("attempt-001/phase-execute", folder("phase.execute", { attempt = 1 }))
    assert.equal("attempt-001/phase-validation", folder("phase.validation", { attempt = 1 }))
    run:begin_action(12)
    assert.equal("classify-2", folder "classify")
    assert.equal("attempt-012/refactor", folder "refactor")
    assert.equal("attempt-012/refactor-2", folder "refactor")
  end)

  it("keeps ticks inside a run below migration-probes", function()
    local dir <close> = tmp.dir()
    local run <close> = open(dir)
    run:begin_action(7, true)
    local step = assert(run:evidence "expand")
    assert.equal(run.path .. "/migration-probes/action-007/planning/expand", step.path)
    assert(step:write("answer.md", "said\n"))
    assert.equal("said\n", read(run, "migration-probes/action-007/planning/expand/answer.md"))
    assert.equal(run.path .. "/migration-probes/action-007/phase-ready-check",
      run:folder("phase.ready-check", { attempt = 7 }))
    assert.equal(run.path .. "/migration-probes/action-007/retry-03/phase-execute",
      run:folder("phase.execute", { attempt = 7, retry = 3 }))
    run:begin_action(7)
    assert.equal(run.path .. "/attempt-007/refactor", run:folder "refactor")
  end)

  it("keeps events as JSON lines and as lines for people", function()
    local dir <close> = tmp.dir()
    local run <close> = open(dir)
    run:event { event = "asking", role = "refactor", attempt = 3, retry = 2, target = "a\nb",
      message = "asking\27[1m the agent" }
    local last = events(run)[2]
    assert.equal("asking", last.event)
    assert.equal("info", last.level)
    assert.equal("a\nb", last.target)
    assert.equal(3, last.attempt)
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT", last.timestamp)
    local lines = read(run, "run.log")
    assert.matches("info  asking  attempt=3  retry=2  role=refactor  target=a b  asking\\u{1B}",
      lines)
    assert.equal("rw-------", require("lfs").attributes(run.path .. "/events.jsonl", "permissions"))
  end)

  it("writes the summary again with every attempt, and how it all ended", function()
    local dir <close> = tmp.dir()
    local run, project = open(dir)
    local function summary()
      return assert(json.decode(read(run, "summary.json")))
    end
    assert.equal("running", summary().status)
    assert.equal("command", summary().settings.with)
    dir:write(("runs/%s/attempt-001/refactor/report.json"):format(run.id),
      '{"agent":"command","usage":{"total_tokens":12,"cost_usd":0.5}}')
    run:tally("targets")
    run:attempt { attempt = 1, role = "refactor", decision = "commit", commit = "abc",
      summary = "in /repo/a.c\nit is done", effort_asked = "xhigh", effort_used = "high" }
    assert.equal("in <repo>/a.c it is done", summary().attempts[1].summary)
    assert.equal("xhigh", summary().attempts[1].effort_asked)
    assert.equal(1, summary().counts.commits)
    assert.equal(1, summary().counts.targets)
    assert.same({ calls = 1, tokens = 12, cost_usd = 0.5 }, summary().spent)
    run:close("max_consecutive_failures", "three in a row")
    assert.equal("max_consecutive_failures", summary().status)
    assert.equal("three in a row", summary().message)
    assert.matches("^%d%d%d%d", summary().finished_at)
    run:close("completed")
    assert.equal("max_consecutive_failures", summary().status)
    local about = artifacts.list(project.state_home, "/repo")[1].about
    assert.equal("max_consecutive_failures", about.status)
    assert.equal("run", about.command)
    assert.equal("ended", events(run)[#events(run)].event)
  end)

  it("tells a run that was left without an end as interrupted", function()
    local dir <close> = tmp.dir()
    local path
    do
      local run <close> = open(dir)
      path = run.path
    end
    local file <close> = assert(io.open(path .. "/summary.json", "rb"))
    assert.equal("interrupted", json.decode(file:read("a")).status)
  end)

  it("keeps failures beyond the run, as many runs' as are kept", function()
    local dir <close> = tmp.dir()
    dir:write("projects/1/failures/20200101T000000-aaaaaa-attempt-001-retry-01-x.md", "old")
    local run = open(dir, { keep_runs = 1 })
    run:begin_action(4)
    local log = dir:write("call/log", "what was printed\n")
    dir:write("call/rejected.patch", "+what was thrown away\n")
    local path = assert(run:failure { role = "refactor", decision = "abandon", retry = "new-target",
      failure_kind = "timeout", summary = "in /repo/a.c", target = "t",
      evidence = { log, dir:join("call/none") } })
    assert.matches("/projects/1/failures/" .. run.id:gsub("%-", "%%-")
      .. "%-attempt%-004%-retry%-01%-refactor%.md$", path)
    local text = dir:read("projects/1/failures/" .. path:match("[^/]+$"))
    assert.matches("in <repo>/a.c", text)
    assert.matches("what was printed", text)
    assert.matches("### [^\n]+/call/rejected.patch\n\n```\n%+what was thrown away\n", text)
    assert.equal(path, events(run)[2].snapshot)
    assert.equal(2, #dir:names("projects/1/failures"))
    run:close("failed")
    assert.equal(1, #dir:names("projects/1/failures"))
  end)

  it("says where evidence cannot be kept", function()
    local dir <close> = tmp.dir()
    local run <close>, project = open(dir)
    dir:write(("runs/%s/attempt-001"):format(run.id), "a file in its place")
    local path, message = run:folder "refactor"
    assert.is_nil(path)
    assert.matches("^cannot keep the evidence of refactor", message)
    run.place = nil
    assert.is_nil((run:failure { role = "refactor", decision = "abandon" }))
    project.state_home = dir:join("log/none")
    dir:write("log", "")
    local none, why = evidence.open(project, { command = "run" })
    assert.is_nil(none)
    assert.matches("cannot keep evidence", why)
  end)
end)
