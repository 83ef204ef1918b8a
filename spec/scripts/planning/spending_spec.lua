local json = require "lib.json"
local spending = require "planning.spending"
local tmp = require "spec.support.tmp"

--- Evidence of one call.
local function write(dir, run, call, report)
  dir:write(("runs/%s/planning/%s/report.json"):format(run, call), json.encode(report))
end

describe("planning.spending", function()
  it("adds up what the calls for a migration told", function()
    local dir <close> = tmp.dir()
    dir:write("runs/1/run.json", '{"root":"/p"}')
    dir:write("runs/2/run.json", '{"root":"/p"}')
    dir:write("runs/3/run.json", '{"root":"/other"}')
    dir:write("runs/4/run.json", "broken")
    local used = { input_tokens = 100, output_tokens = 20, cache_read_tokens = 3, cost_usd = 0.25 }
    write(dir, "1", "expand", { slug = "a", usage = used })
    write(dir, "1", "expand-2", { slug = "a", usage = used })
    write(dir, "2", "review", { slug = "a", usage = { total_tokens = 1000 } })
    write(dir, "2", "revise", { slug = "a" })
    write(dir, "2", "other", { slug = "b", usage = used })
    write(dir, "3", "expand", { slug = "a", usage = used })
    assert.same({ calls = 3, tokens = 1246, cost_usd = 0.5 }, spending.read(dir.path, "/p", "a"))
    assert.is_nil(spending.read(dir.path, "/p", "c"))
    assert.is_nil(spending.read(dir:join("nowhere"), "/p", "a"))
  end)
end)
