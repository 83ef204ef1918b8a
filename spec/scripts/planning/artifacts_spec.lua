local artifacts = require "planning.artifacts"
local json = require "lib.json"
local tmp = require "spec.support.tmp"

describe("planning.artifacts", function()
  it("makes a folder for a run, and in it one for each call of a stage", function()
    local dir <close> = tmp.dir()
    local run = assert(artifacts.start(dir.path, "/repo"))
    assert.matches("^%d%d%d%d%d%d%d%dT%d%d%d%d%d%d%-%x%x%x%x%x%x$", run.id)
    local about = json.decode(dir:read("runs/" .. run.id .. "/run.json"))
    assert.equal("/repo", about.root)
    assert.equal(run.path .. "/planning/review", assert(run:evidence "review").path)
    assert.equal(run.path .. "/planning/review-2", assert(run:evidence "review").path)
    local evidence = assert(run:evidence "expand")
    assert(evidence:write("answer.md", "said\n"))
    assert.equal("said\n", dir:read("runs/" .. run.id .. "/planning/expand/answer.md"))
  end)

  it("keeps the newest twenty runs of a project and all of others", function()
    local dir <close> = tmp.dir()
    for index = 1, 25 do
      dir:write(("runs/20200101T0000%02d-aaaaaa/run.json"):format(index), '{"root":"/repo"}')
    end
    dir:write("runs/20190101T000000-bbbbbb/run.json", '{"root":"/other"}')
    dir:write("runs/20190101T000001-cccccc/note", "no run.json")
    artifacts.prune(dir.path, "/repo")
    local names = dir:names("runs")
    assert.equal(22, #names)
    assert.equal("20200101T000006-aaaaaa", names[3])
  end)

  it("says where evidence cannot be kept", function()
    local dir <close> = tmp.dir()
    dir:write("runs", "a file in its place")
    local run, message = artifacts.start(dir.path, "/repo")
    assert.is_nil(run)
    assert.matches("cannot keep evidence in " .. dir.path:gsub("%p", "%%%0"), message)
    artifacts.prune(dir.path .. "/nowhere", "/repo")
  end)
end)
