local json = require "lib.json"
local spending = require "planning.spending"
local tmp = require "spec.support.tmp"

--- Evidence of one call.
local function write(dir, run, call, report)
  report.agent = "command"
  dir:write(("runs/%s/%s/report.json"):format(run, call), json.encode(report))
end

describe("planning.spending", function()
  it("adds up what the calls for a migration told", function()
    local dir <close> = tmp.dir()
    dir:write("runs/1/run.json", '{"root":"/p"}')
    dir:write("runs/2/run.json", '{"root":"/p"}')
    dir:write("runs/3/run.json", '{"root":"/other"}')
    dir:write("runs/4/run.json", "broken")
    local used = { input_tokens = 100, output_tokens = 20, cache_read_tokens = 3, cost_usd = 0.25 }
    write(dir, "1", "planning/expand", { slug = "a", usage = used })
    write(dir, "1", "planning/expand-2", { slug = "a", usage = used })
    write(dir, "2", "planning/review", { slug = "a", usage = { total_tokens = 1000 } })
    write(dir, "2", "planning/revise", { slug = "a" })
    write(dir, "2", "planning/other", { slug = "b", usage = used })
    write(dir, "3", "planning/expand", { slug = "a", usage = used })
    assert.same({ calls = 3, tokens = 1246, cost_usd = 0.5 }, spending.read(dir.path, "/p", "a"))
    write(dir, "1", "migration-probes/action-002/retry-02/phase-execute",
      { slug = "a", usage = { output_tokens = 4 } })
    assert.same({ calls = 4, tokens = 1250, cost_usd = 0.5 }, spending.read(dir.path, "/p", "a"))
    assert.is_nil(spending.read(dir.path, "/p", "c"))
    assert.is_nil(spending.read(dir:join("nowhere"), "/p", "a"))
  end)

  it("adds up a run, with calls that told nothing and without what is not a call", function()
    local dir <close> = tmp.dir()
    write(dir, "1", "planning/expand", { slug = "a", usage = { total_tokens = 7, cost_usd = 1 } })
    write(dir, "1", "attempt-001/refactor", {})
    dir:write("runs/1/attempt-001/validation/report.json", '{"exit":0}')
    dir:write("runs/1/attempt-001/classify/report.json", "[1")
    assert.same({ calls = 2, tokens = 7, cost_usd = 1 }, spending.of_run(dir.path, "1"))
    assert.same({ calls = 0, tokens = 0 }, spending.of_run(dir.path, "2"))
    assert.same({ calls = 0, tokens = 0 }, spending.of_run(dir:join("nowhere"), "1"))
  end)
end)
