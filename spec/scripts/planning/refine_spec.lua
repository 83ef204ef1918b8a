local migration = require "spec.support.migration"
local pipelines = require "planning.pipeline"
local refine = require "planning.refine"
local states = require "planning.state"
local tables = require "lib.tables"

local NOW <const> = "2026-05-05T05:05:05.000+00:00"
local FEEDBACK <const> = { received_at = NOW, source = "message", text = "Keep it." }
local TO_READY <const> = {
  { "approaches", "completed" }, { "pick-best", "completed" }, { "expand", "completed" },
  { "review", "clear" }, { "final-review", "approve-auto" },
}

local function first(count)
  return table.move(TO_READY, 1, count, 1, {})
end

local function changed(fields, changes)
  local copy = tables.copy(fields)
  for key, value in pairs(changes) do
    copy[key] = value or nil
  end
  return copy
end

describe("planning.refine.refusal", function()
  it("lets a plan be refined that is being made, wherever it stands", function()
    for count = 0, 4 do
      local m <close> = migration.new { steps = first(count), phases = { "a" } }
      assert.is_nil(refine.refusal(m.manifest, m.state))
    end
  end)

  it("lets a ready one be refined at its first phase only", function()
    local m <close> = migration.new { steps = TO_READY, status = "ready", phases = { "a", "b" } }
    assert.is_nil(refine.refusal(m.manifest, m.state))
    for pattern, changes in pairs {
      ["first phase"] = { current_phase = "b" },
      ["no phases"] = { phases = {} },
      ["it is done"] = { status = "done" },
      ["it is skipped"] = { status = "skipped" },
      ["it is in%-progress"] = { status = "in-progress" },
      ["ended at terminal%-ready"] = { status = "planning" },
      ["a phase of it is done"] = { phases = { changed(m.manifest.phases[1], { done = true }) } },
    } do
      assert.matches(pattern, refine.refusal(changed(m.manifest, changes), m.state))
    end
  end)

  it("knows no way back where the pipeline has none", function()
    local m <close> = migration.new { steps = first(3), status = "ready", phases = { "a" } }
    assert.is_nil(refine.refusal(m.manifest, m.state))
    local graph = changed(assert(pipelines.built_in()), { refine = { to = "revise", from = {} } })
    assert.matches("stands at review, from where no way leads back",
      refine.refusal(m.manifest, changed(m.state, { graph = graph })))
  end)
end)

describe("planning.refine.apply", function()
  it("reopens a plan that has one, and adds the feedback", function()
    for count = 3, 5 do
      local m <close> = migration.new { steps = first(count), phases = { "a" },
        status = count == 5 and "ready" or nil }
      local manifest, state = refine.apply(m.manifest, m.state, FEEDBACK)
      assert.same({ "planning", "a" }, { manifest.status, manifest.current_phase })
      assert.same({ "revise", { count }, { FEEDBACK }, NOW }, { state.next_step,
        state.revision_base_step_counts, state.feedback, state.updated_at })
      assert.is_nil(state.final_decision)
      assert.is_nil(state.final_reason)
      assert.is_truthy(states.encode(state))
    end
  end)

  it("leaves the cursor where there is no plan yet, or where it is revised already", function()
    local found = { first(2)[1], first(2)[2], TO_READY[3], { "review", "findings" } }
    for count, cursor in pairs { [0] = "approaches", "pick-best", "expand", [4] = "revise" } do
      local m <close> = migration.new { steps = table.move(found, 1, count, 1, {}) }
      local _, state = refine.apply(m.manifest, m.state, FEEDBACK)
      assert.same({ cursor, {} }, { state.next_step, state.revision_base_step_counts })
      assert.equal(m.state.review_findings, state.review_findings)
    end
  end)

  it("clears what it waits for and changes nothing in place", function()
    local m <close> = migration.new { steps = TO_READY, status = "ready", phases = { "a" } }
    m:change_manifest { awaiting_human_review = true, human_review_reason = "look",
      cooldown_until = NOW, wake_up_on = NOW, extra = {} }
    local manifest = refine.apply(m.manifest, m.state, FEEDBACK)
    assert.same({ false, NOW }, { manifest.awaiting_human_review, manifest.wake_up_on })
    assert.is_nil(manifest.human_review_reason)
    assert.is_nil(manifest.cooldown_until)
    assert.same({ "ready", "look", 0 },
      { m.manifest.status, m.manifest.human_review_reason, #m.state.feedback })
  end)

  it("says why planning cannot be reopened", function()
    local m <close> = migration.new { steps = first(3), phases = { "a" } }
    local state = changed(m.state, { completed_steps = {} })
    local manifest, message = refine.apply(m.manifest, state, FEEDBACK)
    assert.is_nil(manifest)
    assert.is_string(message)
  end)
end)

describe("planning.refine.check_feedback", function()
  it("takes any text of some length", function()
    for _, text in ipairs { "x", "漢字\n\27[31m", ("x"):rep(refine.FEEDBACK_LIMIT) } do
      assert.is_true(refine.check_feedback(text))
    end
  end)

  it("refuses what is not text", function()
    local long = ("x"):rep(refine.FEEDBACK_LIMIT + 1)
    for _, text in ipairs { "", " \r\n\t ", "a\xffb", "a\0b", long } do
      local ok, message, name = refine.check_feedback(text)
      assert.is_nil(ok)
      assert.is_string(message)
      assert.equal("EUSAGE", name)
    end
  end)
end)

describe("planning.refine.refine", function()
  it("takes the step and gives what plan gives", function()
    local project = require "spec.support.project"
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local told = {}
    local result = assert(refine.refine(p:open(), "alpha", {
      slug = "alpha", feedback = { text = "Keep it.", source = "message" }, with = "command",
      agent_command = p:agent_command(), sandbox = "off",
      on_step = function(step)
        told[#told + 1] = step.step
      end,
    }))
    assert.same({ "alpha", "planning", { "pick-best" } }, { result.slug, result.stands, told })
    assert.equal(p.repo:head(), result.steps[1].commit)
    assert.matches("/runs/", result.artifacts)
    assert.equal("EUSAGE", select(3, refine.refine(p:open(), "alpha", {
      slug = "alpha", feedback = { text = "", source = "message" },
    })))
  end)
end)
