local migrations = require "spec.support.migration"
local pipelines = require "planning.pipeline"
local states = require "planning.state"
local tables = require "lib.tables"

local MOMENT <const> = migrations.MOMENT
local LATER <const> = "2026-03-02T00:00:00.000+00:00"

local function step(name, outcome, changes)
  return tables.copy({ name = name, outcome = outcome, completed_at = LATER,
    stdout = "out/" .. name .. ".stdout.md" }, changes)
end

local function new(pipeline)
  return assert(states.new { target = "src/x.c", now = MOMENT, pipeline = pipeline })
end

local function after(...)
  local state = new()
  for _, pair in ipairs { ... } do
    state = assert(states.accept(state, step(pair[1], pair[2])))
  end
  return state
end

local function at_final_review()
  return after({ "approaches", "completed" }, { "pick-best", "completed" },
    { "expand", "completed" },
    { "review", "clear" })
end

describe("planning.state.new", function()
  it("stands at the start of mighost's own pipeline and records none", function()
    local state = new()
    assert.equal("approaches", state.next_step)
    assert.equal(MOMENT, state.started_at)
    assert.equal(MOMENT, state.updated_at)
    assert.is_nil(state.pipeline)
    assert.equal(pipelines.built_in(), state.graph)
    assert.is_nil(new(pipelines.built_in()).pipeline)
  end)

  it("records another pipeline", function()
    local pipeline = assert(pipelines.check({
      name = "short", start = "draft", edges = { draft = { done = "end" } },
      terminals = { ["end"] = { status = "ready" } },
    }, "short.lua"))
    local state = new(pipeline)
    assert.equal("draft", state.next_step)
    assert.equal(pipeline, state.pipeline)
    assert.equal(pipeline, state.graph)
  end)
end)

describe("planning.state.accept", function()
  it("appends the step, moves the cursor and changes a copy", function()
    local before = new()
    local state = assert(states.accept(before,
      step("approaches", "completed", { agent = "codex" })))
    assert.equal("pick-best", state.next_step)
    assert.equal(LATER, state.updated_at)
    assert.equal("codex", state.completed_steps[1].agent)
    assert.is_nil(state.completed_steps[1].reason)
    assert.equal("approaches", before.next_step)
    assert.same({}, before.completed_steps)
  end)

  it("keeps findings for the stage that answers them", function()
    local state = after({ "approaches", "completed" }, { "pick-best", "completed" },
      { "expand", "completed" },
      { "review", "findings" })
    assert.equal("revise", state.next_step)
    assert.equal("out/review.stdout.md", state.review_findings)
  end)

  it("keeps decision and reason at the end; the decision stands in for a reason", function()
    local state = assert(states.accept(at_final_review(),
      step("final-review", "reject", { reason = "too risky" })))
    assert.equal("terminal-skipped", state.next_step)
    assert.equal("reject", state.final_decision)
    assert.equal("too risky", state.final_reason)
    for _, reason in ipairs { "", false } do
      state = assert(states.accept(at_final_review(),
        step("final-review", "approve-auto", { reason = reason or nil })))
      assert.equal("approve-auto", state.final_reason)
    end
  end)

  it("refuses a step that is not due and an outcome that leads nowhere", function()
    assert.same({ nil, "step 'expand' is accepted where 'approaches' is due" },
      { states.accept(new(), step("expand", "completed")) })
    local state, message = states.accept(new(), step("approaches", "clear"))
    assert.is_nil(state)
    assert.matches("which is not among: completed", message)
  end)

  it("says EVISITS when a stage may not run once more", function()
    local pipeline = assert(pipelines.check({
      name = "loop", start = "a", edges = { a = { again = "a", done = "end" } },
      terminals = { ["end"] = { status = "ready" } }, max_visits = { a = 1 },
    }, "loop.lua"))
    local state, message, name = states.accept(new(pipeline), step("a", "again"))
    assert.is_nil(state)
    assert.matches("^visit%-limit: ", message)
    assert.equal("EVISITS", name)
    assert.equal("end", states.accept(new(pipeline), step("a", "done")).next_step)
  end)
end)

describe("planning.state.reopen", function()
  it("goes back to revising, and can do so after each later step", function()
    local state = assert(states.accept(at_final_review(), step("final-review", "approve-auto")))
    local reopened = assert(states.reopen(state, LATER))
    assert.equal("revise", reopened.next_step)
    assert.is_nil(reopened.final_decision)
    assert.is_nil(reopened.final_reason)
    assert.same({ 5 }, reopened.revision_base_step_counts)
    assert.same({}, state.revision_base_step_counts)
    local revised = assert(states.accept(reopened, step("revise", "completed")))
    assert.same({ 5, 6 }, assert(states.reopen(revised, LATER)).revision_base_step_counts)
  end)

  it("is refused where planning cannot be reopened, twice in a row too", function()
    assert.same({ nil, "planning cannot be reopened before its first step" },
      { states.reopen(new(), LATER) })
    assert.same({ nil, "planning cannot be reopened at 'pick-best'" },
      { states.reopen(after { "approaches", "completed" }, LATER) })
    local reopened = assert(states.reopen(at_final_review(), LATER))
    assert.is_nil((states.reopen(reopened, LATER)))
    local skipped = assert(states.accept(at_final_review(), step("final-review", "reject")))
    assert.is_nil((states.reopen(skipped, LATER)))
  end)
end)

describe("planning.state.adopt", function()
  local function review_first(changes)
    local fields = tables.copy({
      name = "ours", start = "approaches",
      edges = { approaches = { completed = "review" },
        review = { clear = "over", findings = "review" } },
      terminals = { over = { status = "ready" } }, max_visits = { review = 2 },
    }, changes)
    return assert(pipelines.check(fields, "ours.lua"))
  end

  it("leads the history over the other graph, and records that", function()
    local before = after { "approaches", "completed" }
    local adopted = assert(states.adopt(before, review_first()))
    assert.equal("review", adopted.next_step)
    assert.equal("ours.lua", adopted.pipeline.file)
    assert.equal("pick-best", before.next_step)
    assert.is_nil(before.pipeline)
    local back = assert(states.adopt(adopted, assert(pipelines.built_in())))
    assert.is_nil(back.pipeline)
    assert.equal("pick-best", back.next_step)
  end)

  it("keeps a decision and its reason only where the other graph has one too", function()
    local decided = assert(states.accept(at_final_review(),
      step("final-review", "approve-auto", { reason = "it holds" })))
    local same = pipelines.check({ name = "same", start = "approaches",
      edges = decided.graph.edges, terminals = decided.graph.terminals,
      refine = decided.graph.refine, max_visits = { review = 9 } }, "same.lua")
    assert.equal("it holds", assert(states.adopt(decided, assert(same))).final_reason)
    local longer = tables.copy(decided.graph.edges)
    longer["final-review"] = { ["approve-auto"] = "legal", ["approve-needs-human"] = "legal",
      reject = "legal" }
    longer.legal = { ok = "terminal-ready" }
    local other = assert(pipelines.check({ name = "longer", start = "approaches", edges = longer,
      terminals = decided.graph.terminals }, "longer.lua"))
    local adopted = assert(states.adopt(decided, other))
    assert.equal("legal", adopted.next_step)
    assert.is_nil(adopted.final_decision)
    assert.is_nil(adopted.final_reason)
  end)

  it("refuses where the history does not fit", function()
    local adopted, message = states.adopt(after({ "approaches", "completed" },
      { "pick-best", "completed" }), review_first())
    assert.is_nil(adopted)
    assert.equal("step 'pick-best' is accepted where 'review' is due", message)
  end)
end)

describe("planning.state.check_due", function()
  it("refuses a step all of whose outcomes lead to stages that may not run again", function()
    local graph = assert(pipelines.check({
      name = "loop", start = "review",
      edges = { review = { clear = "over", findings = "revise" },
        revise = { completed = "review" } },
      terminals = { over = { status = "ready" } }, max_visits = { review = 1 },
      refine = { to = "revise", from = { "revise" } },
    }, "loop.lua"))
    local state = new(graph)
    assert.is_true(states.check_due(state))
    state = assert(states.accept(state, step("review", "findings")))
    assert.same({ nil, "visit-limit: 'review' has run 1 time, which is all it may", "EVISITS" },
      { states.check_due(state) })
    assert.is_true(states.check_due(assert(states.reopen(state, LATER))))
  end)

  it("counts the visit that is due", function()
    local graph = assert(pipelines.check({
      name = "loop", start = "a", edges = { a = { again = "a", over = "over" } },
      terminals = { over = { status = "ready" } }, max_visits = { a = 1 },
    }, "loop.lua"))
    assert.is_true(states.check_due(new(graph)))
    graph.edges.a.over = nil
    assert.equal("EVISITS", select(3, states.check_due(new(graph))))
  end)
end)

describe("planning.state.add_feedback", function()
  it("appends to a copy", function()
    local before = new()
    local state = states.add_feedback(before, { received_at = LATER, source = "file", text = "x" })
    assert.same({ { received_at = LATER, source = "file", text = "x" } }, state.feedback)
    assert.equal(LATER, state.updated_at)
    assert.same({}, before.feedback)
  end)
end)

describe("planning.state.visits", function()
  it("counts accepted runs over reopenings", function()
    local state = assert(states.accept(assert(states.reopen(at_final_review(), LATER)),
      step("revise", "completed")))
    state = assert(states.accept(assert(states.reopen(state, LATER)), step("revise", "completed")))
    assert.equal(2, states.visits(state, "revise"))
    assert.equal(1, states.visits(state, "review"))
    assert.equal(0, states.visits(state, "final-review"))
  end)
end)

describe("planning.state.output_path", function()
  local function path(state, name, taken)
    return states.output_path(state, name, function(candidate)
      return taken[candidate] == true
    end)
  end

  it("takes the first free name", function()
    assert.equal(".planning/stages/review.stdout.md", path(new(), "review", {}))
    assert.equal(".planning/stages/review-3.stdout.md", path(new(), "review", {
      [".planning/stages/review.stdout.md"] = true, [".planning/stages/review-2.stdout.md"] = true,
    }))
  end)

  it("does not reuse a name that an accepted step has", function()
    assert.equal(".planning/stages/approaches-2.stdout.md",
      path(after { "approaches", "completed" }, "approaches", {}))
  end)
end)

describe("planning.state.files_of", function()
  it("knows files, through links as long as they stay inside", function()
    local m <close> = migrations.new()
    m:write("out/file", "")
    m.root:write("outside", "")
    m.root:symlink("file", m.published .. "/out/link")
    m.root:symlink(m:path("out/file"), m.published .. "/out/absolute")
    m.root:symlink("../../../outside", m.published .. "/out/outside")
    m.root:symlink("nowhere", m.published .. "/out/dangling")
    m.root:symlink("out", m.published .. "/folder")
    m.root:mkdir(m.published .. "/out/sub")
    local dir <close> = m:open()
    local is_file = states.files_of(dir)
    for _, path in ipairs {
      "out/file", "out/link", "out/absolute", "folder/file", "manifest.json",
    } do
      assert.is_true(is_file(path), path)
    end
    for _, path in ipairs {
      "out/outside", "out/dangling", "out/sub", "out/absent", "absent/file", "absent", "a\0b/c",
    } do
      assert.is_false(is_file(path), path)
    end
  end)
end)

describe("planning.state.load", function()
  it("reads a migration's state wherever the migration lies", function()
    local m <close> = migrations.new { steps = { { "approaches", "completed" } } }
    local dir <close> = m:open()
    assert.same(m.state, assert(states.load(dir, m.published)))
    local state, message, name = states.load(dir, "migrations/other")
    assert.is_nil(state)
    assert.matches("is not inside migrations/other", message)
    assert.equal("EINVAL", name)
  end)

  it("tells absence from damage", function()
    local m <close> = migrations.new { steps = { { "approaches", "completed" } } }
    local dir <close> = m:open()
    os.remove(m:path(".planning/stages/approaches.stdout.md"))
    local state, message, name = states.load(dir, m.published)
    assert.is_nil(state)
    assert.matches("^%.planning/state%.json: .* names no file of this migration", message)
    assert.equal("EINVAL", name)
    os.remove(m:path(".planning/state.json"))
    assert.equal("ENOENT", select(3, states.load(dir, m.published)))
  end)
end)
