local calls = require "planning.inspect_calls"
local generate = require "spec.support.generate"
local pipelines = require "planning.pipeline"
local replay = require "planning.replay"

local TERMINALS <const> = { over = { status = "ready" } }

local function worst(start, edges, max_visits)
  return calls.worst(assert(pipelines.check({ name = "x", start = start, edges = edges,
    terminals = TERMINALS, max_visits = max_visits }, "x.lua")))
end

---A loop of a bounded review and so many more of them.
local function loops(count, limit)
  local edges, max_visits = {}, {}
  for index = 1, count do
    local next_stage = index < count and "r" .. index + 1 or "over"
    edges["r" .. index] = { clear = next_stage, findings = "w" .. index }
    edges["w" .. index] = { done = "r" .. index }
    max_visits["r" .. index] = limit
  end
  return edges, max_visits
end

---The longest walk that the replay allows, found by trying every way.
local function try_all(pipeline, steps)
  local position = assert(replay.run(pipeline, steps, {}))
  if pipelines.is_terminal(pipeline, position.cursor) then
    return #steps
  elseif not replay.check_due(pipeline, position) then
    return #steps
  end
  local most = #steps + 1 -- an answer that leads nowhere is paid for too
  for _, outcome in ipairs(pipelines.outcomes(pipeline, position.cursor)) do
    local longer = table.move(steps, 1, #steps, 1, {})
    longer[#longer + 1] = { name = position.cursor, outcome = outcome, stdout = "x" }
    if replay.run(pipeline, longer, {}) then
      most = math.max(most, try_all(pipeline, longer))
    end
  end
  return most
end

describe("planning.inspect_calls", function()
  it("counts the longest way where there is no loop", function()
    assert.equal(7, calls.worst(assert(pipelines.built_in())))
    assert.equal(3, worst("a", { a = { short = "c", long = "b" }, b = { done = "c" },
      c = { done = "over" } }))
  end)

  it("counts every visit that limits allow", function()
    assert.equal(3, worst("r1", loops(1, 2)))
    assert.equal(5, worst("r1", loops(1, 3)))
    assert.equal(6, worst("r1", loops(2, 2)))
    assert.equal(3, worst("a", { a = { again = "a", done = "over" } }, { a = 3 }))
  end)

  it("agrees with the replay of every walk", function()
    for seed = 1, 60 do
      local random = generate.random(seed)
      local names, edges = { "a", "b", "c", "over" }, {}
      for index = 1, 3 do
        edges[names[index]] = { one = names[random(4)], two = names[random(4)] }
      end
      local pipeline = pipelines.check({ name = "x", start = "a", edges = edges,
        terminals = TERMINALS, max_visits = { a = random(2), b = random(3) } }, "x.lua")
      if pipeline then
        assert.equal(try_all(pipeline, {}), calls.worst(pipeline), "seed " .. seed)
      end
    end
  end)

  it("gives a bound where the walks are too many, at once", function()
    local edges, max_visits = loops(30, 9)
    local most = worst("r1", edges, max_visits)
    assert.is_true(most >= 30 * (9 + 8))
  end)
end)
