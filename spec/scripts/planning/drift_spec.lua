local drifts = require "planning.drift"
local states = require "planning.state"
local team = require "spec.support.team"

local NOW <const> = "2026-05-05T05:05:05.000+00:00"

--- What is found of a plan that began with these files, now that there are others.
local function find(began, now, pipeline)
  local state = assert(states.new { target = "T", now = NOW,
    pipeline = assert(team.registry(began):pipeline(pipeline or "secure")) })
  local drift = drifts.new(nil)
  drift.reg = team.registry(now)
  return drift:find("alpha", state), drift, state
end

describe("planning.drift", function()
  it("says nothing of a plan whose pipeline is what it was", function()
    assert.is_nil((find(team.files(), team.files())))
    assert.is_nil((find({}, {}, "pipeline")))
    assert.is_nil((find({}, team.files(), "pipeline")))
    local commented = team.files()
    commented["stages/secure.lua"] = "-- A remark.\n" .. commented["stages/secure.lua"]
    assert.is_nil((find(team.files(), commented)))
  end)

  it("tells that the graph has changed, and how to adopt it", function()
    assert.same({
      severity = "warning", code = "pipeline-changed",
      message = "it goes on under the pipeline secure as recorded: secure.lua has changed since; "
        .. "it can be adopted",
      fix = "mighost migration refine alpha --adopt-pipeline",
    }, (find(team.files(), team.files(5))))
    local own = { ["stages/pipeline.lua"] = team.pipeline() }
    for _ = 1, 2 do
      local found, drift, state = find({}, own, "pipeline")
      assert.matches("under the pipeline built%-in as recorded: pipeline%.lua has changed",
        found.message)
      assert.same(found, drift:find("alpha", state))
    end
  end)

  it("tells why a changed graph cannot be adopted", function()
    local state = assert(states.new { target = "T", now = NOW,
      pipeline = assert(team.registry(team.files()):pipeline "secure") })
    state = assert(states.accept(state, { name = "approaches", outcome = "completed",
      completed_at = NOW, stdout = "x" }))
    local drift = drifts.new(nil)
    drift.reg = team.registry { ["stages/secure.lua"] = [[return { name = "secure", start = "plan",
      edges = { plan = { done = "over" } }, terminals = { over = { status = "ready" } } }]] }
    local found = drift:find("alpha", state)
    assert.matches("cannot be adopted: step 'approaches' is accepted where 'plan' is due",
      found.message)
    assert.is_nil(found.fix)
  end)

  it("tells that the file is gone or broken, and nothing where it may not be read", function()
    local found = find(team.files(), {})
    assert.matches("there is no secure%.lua any more", found.message)
    found = find(team.files(), { ["stages/secure.lua"] = "return {" })
    assert.matches("secure%.lua cannot be used now: .*secure%.lua:1: ", found.message)
    local _, drift, state = find(team.files(), {})
    function drift.reg.pipeline()
      return nil, "not trusted", "EUNTRUSTED"
    end
    assert.is_nil(drift:find("alpha", state))
  end)
end)
