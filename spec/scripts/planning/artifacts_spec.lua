local artifacts = require "planning.artifacts"
local json = require "lib.json"
local tmp = require "spec.support.tmp"

describe("planning.artifacts", function()
  it("makes a folder for a run, and in it one for each call of a stage", function()
    local dir <close> = tmp.dir()
    local run = assert(artifacts.start(dir.path, "/repo", "plan"))
    assert.matches("^%d%d%d%d%d%d%d%dT%d%d%d%d%d%d%-%x%x%x%x%x%x$", run.id)
    local about = json.decode(dir:read("runs/" .. run.id .. "/run.json"))
    assert.equal("/repo", about.root)
    assert.equal(run.path .. "/planning/review", assert(run:evidence "review").path)
    assert.equal(run.path .. "/planning/review-2", assert(run:evidence "review").path)
    local evidence = assert(run:evidence "expand")
    assert(evidence:write("answer.md", "said\n"))
    assert.equal("said\n", dir:read("runs/" .. run.id .. "/planning/expand/answer.md"))
  end)

  it("tells how a run ended, and whether one still runs", function()
    local dir <close> = tmp.dir()
    local run = assert(artifacts.start(dir.path, "/repo", "plan"))
    local listed = assert(artifacts.list(dir.path, "/repo"))
    assert.equal(1, #listed)
    assert.equal("plan", listed[1].about.command)
    assert.is_true(artifacts.is_alive(listed[1].about))
    listed[1].about.process_start = "1"
    assert.is_false(artifacts.is_alive(listed[1].about))
    assert(run:finish("failed", "the agent is missing"))
    local about = artifacts.list(dir.path, "/repo")[1].about
    assert.equal("failed", about.status)
    assert.equal("the agent is missing", about.message)
    assert.is_false(artifacts.is_alive(about))
    assert.same({}, artifacts.list(dir.path, "/other"))
    assert.same({}, artifacts.list(dir:join("nowhere"), "/repo"))
    tmp.remove(run.path)
    assert.is_nil((run:finish("completed")))
  end)

  it("keeps the newest twenty runs of a project and all of others", function()
    local dir <close> = tmp.dir()
    for index = 1, 25 do
      dir:write(("runs/20200101T0000%02d-aaaaaa/run.json"):format(index), '{"root":"/repo"}')
    end
    dir:write("runs/20190101T000000-bbbbbb/run.json", '{"root":"/other"}')
    dir:write("runs/20190101T000001-cccccc/note", "no run.json")
    assert.equal(5, #artifacts.prune(dir.path, "/repo"))
    local names = dir:names("runs")
    assert.equal(22, #names)
    assert.equal("20200101T000006-aaaaaa", names[3])
    assert.same({ "20200101T000006-aaaaaa" }, artifacts.prune(dir.path, "/repo", 19))
    local running = assert(artifacts.start(dir.path, "/repo", "plan"))
    assert.equal(19, #artifacts.prune(dir.path, "/repo", 0))
    assert.equal(running.id, artifacts.list(dir.path, "/repo")[1].id)
  end)

  it("lists runs of one second in the order in which they began", function()
    local dir <close> = tmp.dir()
    for index, id in ipairs { "bbbbbb", "cccccc", "aaaaaa" } do
      dir:write(("runs/20200101T000000-%s/run.json"):format(id), json.encode {
        root = "/repo", started = ("2020-01-01T00:00:00.%03d+00:00"):format(index) })
    end
    dir:write("runs/20200101T000001-000000/run.json", '{"root":"/repo","started":7}')
    local ids = {}
    for index, run in ipairs(artifacts.list(dir.path, "/repo")) do
      ids[index] = run.id:sub(-6)
    end
    assert.same({ "000000", "aaaaaa", "cccccc", "bbbbbb" }, ids)
  end)

  it("keeps of a call what was asked and how it ended, not what was said", function()
    local stream = { bytes = 3, whole = true, head = "abc", tail = "" }
    local kept = artifacts.describe_call({ slug = "alpha", stage = "review", visit = 2,
      agent = "command", effort = "low", prompt = "a secret" },
      { exit = 1, wall = 0.5, stdout = stream, usage = { tokens = 7 } })
    assert.same({ slug = "alpha", stage = "review", visit = 2, agent = "command", effort = "low",
      exit = 1, wall = 0.5, stdout = { bytes = 3, whole = true }, usage = { tokens = 7 } }, kept)
  end)

  it("says where evidence cannot be kept", function()
    local dir <close> = tmp.dir()
    dir:write("runs", "a file in its place")
    local run, message = artifacts.start(dir.path, "/repo", "plan")
    assert.is_nil(run)
    assert.matches("cannot keep evidence in " .. dir.path:gsub("%p", "%%%0"), message)
    artifacts.prune(dir.path .. "/nowhere", "/repo")
  end)
end)
