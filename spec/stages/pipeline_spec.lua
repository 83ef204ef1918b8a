local pipeline = require "planning.pipeline"
local support = require "spec.support.stage"
local text = require "lib.text"

local graph = support.load("pipeline")

local function each_edge(visit)
  for step, edges in pairs(graph.edges) do
    for outcome, cursor in pairs(edges) do
      visit(step, outcome, cursor)
    end
  end
end

---Everything that can be reached from `start` by following edges.
local function reachable(start)
  local seen, queue = { [start] = true }, { start }
  while #queue > 0 do
    for _, cursor in pairs(graph.edges[table.remove(queue)] or {}) do
      if not seen[cursor] then
        seen[cursor] = true
        queue[#queue + 1] = cursor
      end
    end
  end
  return seen
end

describe("the built-in pipeline", function()
  it("passes the checks that any pipeline must", function()
    local checked, why = pipeline.check(graph, "stages/pipeline.lua")
    assert.is_truthy(checked, why)
  end)

  it("leads where the published rules of planning say", function()
    local found = {}
    each_edge(function(step, outcome, cursor)
      found[#found + 1] = ("%s %s %s"):format(step, outcome, cursor)
    end)
    table.sort(found)
    assert.same({
      "approaches completed pick-best",
      "expand completed review",
      "final-review approve-auto terminal-ready",
      "final-review approve-needs-human terminal-ready-awaiting-human",
      "final-review reject terminal-skipped",
      "pick-best completed expand",
      "review clear final-review",
      "review findings revise",
      "review-2 clear final-review",
      "revise completed review-2",
    }, found)
    assert.equal("approaches", graph.start)
    assert.same({
      ["terminal-ready"] = { status = "ready" },
      ["terminal-ready-awaiting-human"] = { status = "ready", awaiting_human_review = true },
      ["terminal-skipped"] = { status = "skipped" },
    }, graph.terminals)
    assert.equal("revise", graph.refine.to)
  end)

  it("names an outcome for an edge exactly where the stage declares it", function()
    for step, edges in pairs(graph.edges) do
      local stage = support.load(step)
      local declared = {}
      for _, outcome in ipairs(stage.outcomes) do
        declared[outcome] = true
        assert.is_string(edges[outcome], ("%s: %s leads nowhere"):format(step, outcome))
      end
      for outcome in pairs(edges) do
        assert.is_true(declared[outcome], ("%s never answers %s"):format(step, outcome))
      end
    end
  end)

  it("reaches every stage, and an end from each", function()
    local from_start = reachable(graph.start)
    for step in pairs(graph.edges) do
      assert.is_true(from_start[step], step)
      local ends = false
      for cursor in pairs(reachable(step)) do
        ends = ends or graph.terminals[cursor] ~= nil
      end
      assert.is_true(ends, step)
    end
  end)

  it("gives every stage what it needs, on every way to it", function()
    local function walk(step, produced)
      if graph.terminals[step] then
        return
      end
      local stage = support.load(step)
      for _, needed in ipairs(stage.needs) do
        assert.is_true(produced[needed], ("%s needs %s"):format(step, needed))
      end
      local after = setmetatable({}, { __index = produced })
      for _, pattern in ipairs(stage.produces) do
        after[pattern] = true
      end
      for _, cursor in pairs(graph.edges[step]) do
        walk(cursor, after)
      end
    end
    walk(graph.start, {})
  end)

  it("reopens only where a plan is there to revise", function()
    for _, cursor in ipairs(graph.refine.from) do
      assert.is_truthy(graph.edges[cursor] or graph.terminals[cursor], cursor)
    end
  end)
end)

describe("every stage", function()
  it("asks in plain text, without what the engine writes itself", function()
    for step in pairs(graph.edges) do
      local prompt = support.load(step).prompt(support.context(support.plan(), { step = step }))
      assert.is_truthy(utf8.len(prompt), step)
      assert.is_nil(prompt:find("[\0-\8\11-\31]"), step)
      assert.matches("^%a", prompt, step)
      for _, header in ipairs { "Stage:", "Target:", "Staged work dir:", "Live migration dir:",
        "## Taste" } do
        assert.is_nil(("\n" .. prompt):find("\n" .. header, 1, true), step .. " writes " .. header)
      end
    end
  end)

  it("ends with its output contract", function()
    for step in pairs(graph.edges) do
      local prompt = support.load(step).prompt(support.context(support.plan(), { step = step }))
      local last
      for _, line in ipairs(text.lines(prompt)) do
        last = line:match("^## (.*)") or last
      end
      assert.equal("Output contract", last, step)
    end
  end)

  it("asks without a plan too, and for the same thing in the same words", function()
    for step in pairs(graph.edges) do
      local stage = support.load(step)
      local prompt = stage.prompt(support.context())
      assert.is_true(#prompt > 500, step)
      assert.equal(prompt, stage.prompt(support.context()), step)
    end
  end)

  it("reads a context that cannot be changed", function()
    for step in pairs(graph.edges) do
      local ctx = setmetatable({}, {
        __index = support.context(support.plan()),
        __newindex = function(_, key)
          error("sets " .. key)
        end,
      })
      local stage = support.load(step)
      stage.prompt(ctx)
      stage.judge(setmetatable({}, { __index = { text = "x", files = {} }, __newindex = error }),
        ctx)
    end
  end)
end)
