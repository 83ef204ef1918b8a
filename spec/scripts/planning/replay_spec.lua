local generate = require "spec.support.generate"
local pipelines = require "planning.pipeline"
local replay = require "planning.replay"

local BUILT_IN <const> = assert(pipelines.built_in())

local function steps_of(text)
  local steps = {}
  for name, outcome in text:gmatch("([%w-]+)=([%w-]+)") do
    steps[#steps + 1] = { name = name, outcome = outcome, stdout = name .. ".stdout.md" }
  end
  return steps
end

local TO_REVIEW <const> = "approaches=completed pick-best=completed expand=completed "
local REVISED <const> = TO_REVIEW .. "review=findings revise=completed review-2=clear "

describe("planning.replay", function()
  it("starts at the start", function()
    assert.same({ cursor = "approaches", visits = {} }, replay.run(BUILT_IN, {}, {}))
  end)

  -- What each step of the built-in pipeline leads to: cursor, findings, decision.
  local table_of_edges = {
    { "approaches=completed", "pick-best" },
    { "approaches=completed pick-best=completed", "expand" },
    { TO_REVIEW, "review" },
    { TO_REVIEW .. "review=clear", "final-review" },
    { TO_REVIEW .. "review=findings", "revise", "review.stdout.md" },
    { TO_REVIEW .. "review=findings revise=completed", "review-2", "review.stdout.md" },
    { REVISED, "final-review", "review.stdout.md" },
    { REVISED .. "final-review=approve-auto", "terminal-ready", "review.stdout.md",
      "approve-auto" },
    { TO_REVIEW .. "review=clear final-review=approve-needs-human",
      "terminal-ready-awaiting-human", nil,
      "approve-needs-human" },
    { TO_REVIEW .. "review=clear final-review=reject", "terminal-skipped", nil, "reject" },
  }
  for _, row in ipairs(table_of_edges) do
    it("goes to " .. row[2] .. " after " .. row[1], function()
      local position = assert(replay.run(BUILT_IN, steps_of(row[1]), {}))
      assert.equal(row[2], position.cursor)
      assert.equal(row[3], position.review_findings)
      assert.equal(row[4], position.final_decision)
    end)
  end

  it("refuses a step that is not due, also after the end", function()
    assert.same({ nil, "step 'expand' is accepted where 'pick-best' is due" },
      { replay.run(BUILT_IN, steps_of "approaches=completed expand=completed", {}) })
    assert.same({ nil, "step 'review' is accepted where 'terminal-skipped' is due" },
      { replay.run(BUILT_IN,
        steps_of(TO_REVIEW .. "review=clear final-review=reject review=clear"), {}) })
  end)

  it("refuses an outcome that the step does not have", function()
    assert.same({ nil, "step 'review-2' has the outcome 'findings', which is not among: clear" },
      { replay.run(BUILT_IN,
        steps_of(TO_REVIEW .. "review=findings revise=completed review-2=findings"), {}) })
  end)

  it("reopens where planning may be reopened, and forgets findings and decision", function()
    local steps = steps_of(REVISED .. "final-review=approve-auto")
    for count, cursor in pairs {
      [3] = "review", [5] = "review-2", [6] = "final-review", [7] = "terminal-ready",
    } do
      local history = table.move(steps, 1, count, 1, {})
      assert.equal(cursor, replay.run(BUILT_IN, history, {}).cursor)
      assert.same({ cursor = "revise", visits = {} }, replay.run(BUILT_IN, history, { count }))
    end
    for _, count in ipairs { 1, 2, 4 } do
      local history = table.move(steps, 1, count, 1, {})
      local position, message = replay.run(BUILT_IN, history, { count })
      assert.is_nil(position)
      assert.matches("^planning cannot be reopened at '", message)
    end
  end)

  it("reopens again and again", function()
    local steps = steps_of(REVISED .. "final-review=approve-auto revise=completed review-2=clear "
      .. "revise=completed review-2=clear final-review=reject")
    local position = assert(replay.run(BUILT_IN, steps, { 7, 9 }))
    assert.equal("terminal-skipped", position.cursor)
    assert.is_nil(position.review_findings)
    assert.equal("reject", position.final_decision)
    assert.is_nil((replay.run(BUILT_IN, steps, { 7 })))
    assert.is_nil((replay.run(BUILT_IN, steps, { 9 })))
    for _, count in ipairs { 0, 12, 13 } do
      assert.is_nil((replay.run(BUILT_IN, steps, { 7, 9, count })), count)
    end
  end)

  describe("over a pipeline with a bounded loop", function()
    local looping = assert(pipelines.check({
      name = "looping",
      start = "draft",
      edges = {
        draft = { completed = "check" },
        check = { clear = "end", findings = "draft", ["approve-auto"] = "end" },
      },
      terminals = { ["end"] = { status = "ready" } },
      refine = { to = "draft", from = { "check", "end" } },
      max_visits = { draft = 2 },
    }, "looping.lua"))
    local loop = "draft=completed check=findings "

    it("counts visits and stops at the limit", function()
      local position = assert(replay.run(looping, steps_of(loop .. "draft=completed"), {}))
      assert.same({ draft = 2, check = 1 }, position.visits)
      assert.equal("check.stdout.md", position.review_findings)
      assert.same({ nil, "visit-limit: 'draft' has run 2 times, which is all it may", "EVISITS" },
        { replay.run(looping, steps_of(loop .. loop), {}) })
    end)

    it("counts anew after a reopening", function()
      local steps = steps_of(loop .. "draft=completed check=clear " .. loop .. "draft=completed")
      local position = assert(replay.run(looping, steps, { 4 }))
      assert.equal("check", position.cursor)
      assert.same({ draft = 2, check = 1 }, position.visits)
    end)

    it("has a decision only for the three outcomes that are one", function()
      assert.is_nil(replay.run(looping, steps_of "draft=completed check=clear", {}).final_decision)
      assert.equal("approve-auto",
        replay.run(looping, steps_of "draft=completed check=approve-auto", {}).final_decision)
    end)
  end)

  it("accepts every walk along the edges, reopenings included, and ends where the walk ends",
    function()
    for seed = 1, 300 do
      local random = generate.random(seed)
      local cursor, steps, reopenings = BUILT_IN.start, {}, {}
      for _ = 1, random(25) do
        local is_new = reopenings[#reopenings] ~= #steps
        if is_new and pipelines.can_reopen(BUILT_IN, cursor) and random(3) == 1 then
          reopenings[#reopenings + 1] = #steps
          cursor = BUILT_IN.refine.to
        elseif not pipelines.is_terminal(BUILT_IN, cursor) then
          local outcome = generate.pick(random, pipelines.outcomes(BUILT_IN, cursor))
          steps[#steps + 1] = { name = cursor, outcome = outcome, stdout = "x" }
          cursor = pipelines.edge(BUILT_IN, cursor, outcome)
        end
      end
      local position, message = replay.run(BUILT_IN, steps, reopenings)
      assert.is_nil(message, "seed " .. seed)
      assert.equal(cursor, position.cursor, "seed " .. seed)
    end
  end)
end)
