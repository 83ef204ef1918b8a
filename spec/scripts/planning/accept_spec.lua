local accept = require "planning.accept"
local held_jobs = require "spec.support.job"
local manifest = require "migration.manifest"
local project = require "spec.support.project"
local states = require "planning.state"
local tree = require "host.tree"
local workspace = require "planning.workspace"

local META <const> = { now = "2026-05-21T14:10:09.546+00:00", agent = "command", model = "m",
  effort = "low" }

local PHASE <const> = "# P\n\n## Precondition\n\nGreen.\n\n## Definition of Done\n\nDone.\n"

local function judged(outcome, reason)
  return { text = "said\n", outcome = outcome, reason = reason or outcome, summary = "in short" }
end

--- A job of `alpha` after `steps` accepted steps.
local function open(p, steps)
  if steps > 0 then
    assert(p:plan({ "alpha", "--target", "T", "--steps", tostring(steps) }).exit == 0)
  end
  return held_jobs.open(p)
end

local function read_back(job)
  return assert(manifest.load(job.dir)), assert(states.load(job.dir, job.published))
end

describe("planning.accept", function()
  it("writes the output, the state and the manifest", function()
    local p <close> = project.new()
    local held <close> = open(p, 0)
    local accepted = assert(accept.apply(held.job, held.reg, judged("completed"), META))
    assert.same({ cursor = "pick-best", stands = "planning" }, accepted)
    local written, state = read_back(held.job)
    assert.equal(META.now, written.last_touch)
    assert.equal("pick-best", state.next_step)
    assert.same({ "approaches", "completed", META.now,
      "migrations/alpha/.planning/stages/approaches.stdout.md", "command", "m", "low" },
      { state.completed_steps[1].name, state.completed_steps[1].outcome,
        state.completed_steps[1].completed_at, state.completed_steps[1].stdout,
        state.completed_steps[1].agent, state.completed_steps[1].model,
        state.completed_steps[1].effort })
    assert.equal("said\n", held.job.dir:read(".planning/stages/approaches.stdout.md"))
  end)

  it("discovers the phases again after a stage that writes them, and only then", function()
    local p <close> = project.new()
    local held <close> = open(p, 2)
    assert(held.job.dir:write("plan.md", "plan"))
    assert(held.job.dir:write("phase-1-cut.md", PHASE))
    assert(accept.apply(held.job, held.reg, judged("completed"), META))
    local written = read_back(held.job)
    assert.same({ 1, "cut", "cut", "Green." }, { #written.phases, written.phases[1].name,
      written.current_phase, written.phases[1].precondition })
  end)

  it("leaves the phases alone after a review", function()
    local p <close> = project.new()
    local held <close> = open(p, 3)
    assert(held.job.dir:write("phase-9-late.md", PHASE))
    assert(accept.apply(held.job, held.reg, judged("clear"), META))
    assert.equal(2, #read_back(held.job).phases)
  end)

  it("makes a plan ready, and gives a person's review its reason", function()
    for decision, expected in pairs {
      ["approve-auto"] = { "ready", false, "ready", nil },
      ["approve-needs-human"] = { "ready", true, "awaiting-human", "because" },
      reject = { "skipped", false, "skipped", nil },
    } do
      local p <close> = project.new()
      local held <close> = open(p, 4)
      local accepted = assert(accept.apply(held.job, held.reg, judged(decision, "because"), META))
      local written, state = read_back(held.job)
      assert.same(expected, { written.status, written.awaiting_human_review, accepted.stands,
        written.human_review_reason })
      assert.same({ decision, "because" }, { state.final_decision, state.final_reason })
      assert.equal(decision == "reject" and "# Intentionally skipped\n\nbecause\n" or nil,
        (held.job.dir:read("intentional-skip.md")))
    end
  end)

  it("refuses a ready plan that breaks a rule", function()
    local p <close> = project.new()
    local held <close> = open(p, 4)
    assert(held.job.dir:remove("plan.md"))
    local accepted, message, name =
      accept.apply(held.job, held.reg, judged("approve-auto", "x"), META)
    assert.is_nil(accepted)
    assert.matches("plan%.md.*missing%-plan", message)
    assert.equal("ERULES", name)
  end)

  it("refuses phase files that contradict each other", function()
    local p <close> = project.new()
    local held <close> = open(p, 2)
    assert(held.job.dir:write("phase-1-a.md", PHASE))
    assert(held.job.dir:write("phase-2-a.md", PHASE))
    local accepted, message = accept.apply(held.job, held.reg, judged("completed"), META)
    assert.is_nil(accepted)
    assert.matches("two phase files have the name", message)
  end)

  it("records what is to be published", function()
    local p <close> = project.new()
    local held <close> = open(p, 0)
    local accepted = assert(accept.apply(held.job, held.reg, judged("completed"), META))
    local record =
      assert(accept.record(held.job, held.snapshot, accepted, judged("completed"), "m"))
    assert.same({ "alpha", "approaches", "completed", "pick-best", "planning", "in short",
      held.snapshot:digest(), "", tree.digest(held.job.workspace.path), "planning.approaches",
      "m" },
      { record.slug, record.step, record.outcome, record.cursor, record.stands, record.summary,
        record.base_digest, record.base_tree, record.digest, record.operation, record.message })
    assert.same({ "alpha" }, workspace.slugs_with_answers(held.place))
  end)

  it("wants the files of every pattern, none of them empty", function()
    local stage = { name = "s", produces = { "plan.md", "phase-*.md" } }
    local full, empty = { kind = "file", size = 3 }, { kind = "file", size = 0 }
    assert.is_true(accept.check_produced(stage, { ["plan.md"] = full, ["phase-1-a.md"] = full }))
    assert.is_true(accept.check_produced({ name = "s" }, {}))
    for pattern, files in pairs {
      ["phase%-%*%.md, but the workspace holds none"] = { ["plan.md"] = full,
        ["sub/phase-1-a.md"] = full },
      ["plan%.md is empty"] = { ["plan.md"] = empty, ["phase-1-a.md"] = full },
      ["plan%.md, but the workspace holds none"] = { ["plan.md"] = { kind = "directory", size = 0 },
        ["phase-1-a.md"] = full },
    } do
      local ok, message, name = accept.check_produced(stage, files)
      assert.is_nil(ok)
      assert.matches(pattern, message)
      assert.equal("EJUDGE", name)
    end
  end)
end)
