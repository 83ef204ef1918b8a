local registry = require "planning.registry"
local workflow = require "planning.workflow"

local TERMINALS <const> = { over = { status = "ready" } }

--- A registry with just these stages.
local function reg_of(stages)
  return {
    stage = function(_, name)
      if not stages[name] then
        return nil, "there is no stage " .. name, "ECONFIG"
      end
      return stages[name]
    end,
  }
end

local function stage(name, outcomes, needs, produces)
  return { name = name, outcomes = outcomes, needs = needs, produces = produces }
end

local function problem(pipeline, stages)
  pipeline.name, pipeline.terminals = "test", TERMINALS
  local loaded, message, name = workflow.load(reg_of(stages), pipeline)
  assert.is_nil(loaded)
  assert.equal("ECONFIG", name)
  return message
end

describe("planning.workflow", function()
  it("accepts mighost's own pipeline and gives its stages", function()
    local reg = registry.new()
    local stages = assert(workflow.load(reg, assert(reg:pipeline "pipeline")))
    local count = 0
    for name, loaded in pairs(stages) do
      assert.equal(name, loaded.name)
      count = count + 1
    end
    assert.equal(7, count)
  end)

  it("names a stage that is not there", function()
    assert.equal("there is no stage a; the pipeline test needs the stage a",
      problem({ start = "a", edges = { a = { done = "over" } } }, {}))
  end)

  it("wants every outcome to lead somewhere, and every edge to have its outcome", function()
    local stages = { a = stage("a", { "done", "odd" }) }
    assert.equal("pipeline test: outcome odd of stage a leads nowhere",
      problem({ start = "a", edges = { a = { done = "over" } } }, stages))
    stages.a.outcomes = { "done" }
    assert.equal("pipeline test: stage a has no outcome odd",
      problem({ start = "a", edges = { a = { done = "over", odd = "over" } } }, stages))
  end)

  it("wants what a stage needs to be produced on every path to it", function()
    local stages = {
      a = stage("a", { "long", "short" }),
      b = stage("b", { "done" }, {}, { "plan.md" }),
      c = stage("c", { "done" }, { "plan.md" }),
    }
    local edges = { a = { long = "b", short = "c" }, b = { done = "c" }, c = { done = "over" } }
    assert.matches("stage c needs plan%.md", problem({ start = "a", edges = edges }, stages))
    edges.a.short = "b"
    assert.is_table((workflow.load(reg_of(stages),
      { name = "test", terminals = TERMINALS, start = "a", edges = edges })))
  end)

  it("counts a reopening as a way into its stage", function()
    local stages = {
      a = stage("a", { "done" }, {}, { "x" }),
      b = stage("b", { "done" }, { "x" }, { "y" }),
      c = stage("c", { "done" }, { "y" }),
    }
    local edges = { a = { done = "b" }, b = { done = "c" }, c = { done = "over" } }
    assert.matches("stage c needs y", problem({ start = "a", edges = edges,
      refine = { to = "c", from = { "b" } } }, stages))
    assert.is_table((workflow.load(reg_of(stages), { name = "test", terminals = TERMINALS,
      start = "a", edges = edges, refine = { to = "c", from = { "c", "over" } } })))
  end)

  it("follows loops to their end", function()
    local stages = {
      a = stage("a", { "done" }, {}, { "x" }),
      b = stage("b", { "again", "done" }, { "x" }),
      c = stage("c", { "done" }, { "x" }),
    }
    assert.is_table((workflow.load(reg_of(stages), { name = "test", terminals = TERMINALS,
      start = "a", edges = { a = { done = "b" }, b = { again = "c", done = "over" },
        c = { done = "b" } } })))
  end)

  it("wants of a plan that goes on only what it can still come to", function()
    local stages = {
      b = stage("b", { "done" }, { "x.md" }),
      c = stage("c", { "done" }, { "y.md" }),
    }
    local pipeline = { name = "test", terminals = TERMINALS, start = "a",
      edges = { a = { done = "b" }, b = { done = "c", more = "c" }, c = { done = "over" } } }
    local present = { ["x.md"] = true, ["y.md"] = true }
    local opts = { cursor = "b", has = function(matches)
      for path in pairs(present) do
        if matches(path) then
          return true
        end
      end
    end }
    local loaded = assert(workflow.load(reg_of(stages), pipeline, opts))
    assert.same({ b = stages.b, c = stages.c }, loaded)
    present["y.md"] = nil
    assert.matches("stage c needs y%.md, which not every path to it produces: b %-> c",
      (select(2, workflow.load(reg_of(stages), pipeline, opts))))
    stages.b.produces = { "y.md" }
    assert.is_table((workflow.load(reg_of(stages), pipeline, opts)))
    stages.c.outcomes = { "done", "odd" }
    local _, message, name, fix = workflow.load(reg_of(stages), pipeline, opts)
    assert.equal("pipeline test, as the plan has it recorded: outcome odd of stage c leads nowhere",
      message)
    assert.same({ "ECONFIG", "mighost check" }, { name, fix })
    stages.c = nil
    assert.equal("there is no stage c; the plan, which stands at b, still needs the stage c",
      (select(2, workflow.load(reg_of(stages), pipeline, opts))))
  end)

  it("tells all that does not fit together, each with its place", function()
    local lines = {}
    local pipeline = { name = "test", terminals = TERMINALS, start = "a",
      edges = { a = { done = "b", odd = "b" }, b = { done = "over" } } }
    for index, found in ipairs(workflow.problems(pipeline, {
      a = stage("a", { "done", "loose" }), b = stage("b", { "done" }, { "x.md" }),
    }, {})) do
      lines[index] = ("%s %s"):format(found.code, table.concat(found.at, "."))
      assert.is_true(#found.mend > 0)
    end
    assert.same({ "undeclared-outcome edges.a.odd", "leads-nowhere edges.a",
      "unmet-need edges.b" }, lines)
  end)

  it("tells of broken stages and agents of the team", function()
    local asked = {}
    local reg = { broken = function(_, kind)
      asked[#asked + 1] = kind
      return { kind .. " is broken" }
    end }
    assert.same({ "stages is broken", "agents is broken" }, workflow.broken(reg))
    assert.same({ "stages", "agents" }, asked)
  end)
end)
