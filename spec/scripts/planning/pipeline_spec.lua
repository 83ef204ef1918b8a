local pipelines = require "planning.pipeline"
local program = require "spec.support.program"
local strict = require "lib.strict"

local function short()
  return {
    name = "short",
    start = "draft",
    edges = {
      draft = { completed = "check" },
      check = { clear = "done", findings = "draft" },
    },
    terminals = { done = { status = "ready", awaiting_human_review = true } },
    refine = { to = "draft", from = { "check", "done" } },
    max_visits = { draft = 3 },
  }
end

describe("planning.pipeline", function()
  it("has mighost's own, as stages/pipeline.lua says", function()
    local built_in = assert(pipelines.built_in())
    assert.equal("approaches", built_in.start)
    assert.equal("pipeline.lua", built_in.file)
    local written = dofile(program.root .. "/stages/pipeline.lua")
    assert.is_true(pipelines.same(built_in, assert(pipelines.check(written, "pipeline.lua"))))
    assert.equal(built_in, pipelines.built_in())
  end)

  it("answers where an outcome leads", function()
    local built_in = pipelines.built_in()
    assert.equal("revise", pipelines.edge(built_in, "review", "findings"))
    assert.is_nil(pipelines.edge(built_in, "review", "completed"))
    assert.is_nil(pipelines.edge(built_in, "nothing", "completed"))
    assert.is_nil(pipelines.edge(built_in, "terminal-ready", "completed"))
    assert.same({ "approve-auto", "approve-needs-human", "reject" },
      pipelines.outcomes(built_in, "final-review"))
    assert.same({}, pipelines.outcomes(built_in, "terminal-ready"))
  end)

  it("tells stages, terminals and places of reopening apart", function()
    local built_in = pipelines.built_in()
    assert.is_true(pipelines.is_step(built_in, "expand"))
    assert.is_false(pipelines.is_step(built_in, "terminal-ready"))
    assert.is_true(pipelines.is_terminal(built_in, "terminal-ready"))
    assert.is_false(pipelines.is_terminal(built_in, "nothing"))
    assert.is_true(pipelines.can_reopen(built_in, "terminal-ready-awaiting-human"))
    assert.is_false(pipelines.can_reopen(built_in, "terminal-skipped"))
    assert.is_false(pipelines.can_reopen(built_in, "revise"))
    local fields = short()
    fields.refine = nil
    assert.is_false(pipelines.can_reopen(assert(pipelines.check(fields, "short.lua")), "done"))
  end)

  it("compares graphs, not names", function()
    local one = assert(pipelines.check(short(), "one.lua"))
    local fields = short()
    fields.name = "another"
    assert.is_true(pipelines.same(one, assert(pipelines.check(fields, "two.lua"))))
    fields.max_visits.draft = 4
    assert.is_false(pipelines.same(one, assert(pipelines.check(fields, "two.lua"))))
    assert.is_false(pipelines.same(one, pipelines.built_in()))
  end)

  it("records a graph and reads it back the same", function()
    for _, pipeline in ipairs {
      assert(pipelines.check(short(), "x/stages/short.lua")), pipelines.built_in(),
    } do
      local text = assert(strict.encode(pipelines.to_record(pipeline)))
      local again = assert(pipelines.from_record(strict.decode(text)))
      assert.same(pipeline, again)
    end
  end)

  it("refuses a damaged record", function()
    local function damaged(change)
      local record = strict.decode((strict.encode(pipelines.to_record(pipelines.built_in()))))
      change(record)
      return pipelines.from_record(record)
    end
    local damages = {
      function(record) record.file = nil end,
      function(record) record.name = strict.null end,
      function(record) record.edges = strict.array() end,
      function(record) record.edges.review = "x" end,
      function(record) record.edges.review.clear = "nowhere" end,
      function(record) record.terminals["terminal-ready"].status = "planning" end,
      function(record) record.terminals["terminal-ready"] = strict.null end,
      function(record) record.refine.from[1] = 1 end,
      function(record) record.max_visits.review = strict.decode("1.5") end,
      function(record) record.extra = 1 end,
    }
    for index, change in ipairs(damages) do
      local pipeline, message = damaged(change)
      assert.is_nil(pipeline, index)
      assert.is_string(message, index)
    end
    assert.is_nil((pipelines.from_record(strict.null)))
    assert.is_nil((pipelines.from_record("built-in")))
  end)
end)
