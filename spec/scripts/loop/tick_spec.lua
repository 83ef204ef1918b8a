local program = require "spec.support.program"
local project = require "spec.support.project"
local running = require "spec.support.running"
local sample = require "spec.support.sample"
local tick = require "loop.tick"

local function take(ctx, memory)
  local blocked = {}
  local outcome = assert(tick.take(ctx, memory or tick.remember(), function(aside)
    blocked[#blocked + 1] = aside
  end))
  return outcome, blocked
end

--- A project with migrations under planning, made one after another.
local function with_migrations(...)
  local p = project.new()
  for _, slug in ipairs { ... } do
    assert(p:plan({ slug, "--target", "T " .. slug }).exit == 0)
  end
  return p
end

describe("loop.tick", function()
  it("takes the step of the oldest migration", function()
    local p <close> = with_migrations("b", "a")
    local ctx <close> = running.context(p)
    local outcome = take(ctx)
    assert.same({ "commit", "planning.pick-best", "b" },
      { outcome.decision, outcome.role, outcome.slug })
  end)

  it("finds nothing where nothing is under planning", function()
    local p <close> = project.new()
    local ctx <close> = running.context(p)
    assert.equal("none", take(ctx).decision)
    sample.write(p.repo, "migrations", "r", { status = "ready", phases = 1 })
    sample.write(p.repo, "migrations", "w", { steps = 1, reason = "look" })
    sample.write(p.repo, "migrations", "c", { steps = 1, cooldown = "2999-01-01T00:00:00Z" })
    p.repo:commit("Add samples")
    assert.equal("none", take(ctx).decision)
  end)

  it("passes over what another process has", function()
    local p <close> = with_migrations("b", "a")
    local ctx <close> = running.context(p)
    local lease <close> = assert(ctx.session.site:lease("b", "spec"))
    assert.is_truthy(lease)
    local outcome, blocked = take(ctx)
    assert.equal("a", outcome.slug)
    assert.same({}, blocked)
  end)

  it("puts aside what needs a person, for the rest of the run, and goes on", function()
    local p <close> = with_migrations("d")
    p.repo.dir:mkdir("x")
    sample.write(p.repo, "migrations", "a", { steps = 3, phases = 1 })
    p.repo:write("migrations/a/phase-01-again.md", "## Precondition\n## Definition of Done\n")
    sample.write(p.repo, "migrations", "b", { steps = 2 })
    p.repo:git("rm", "-rq", "--cached", "--ignore-unmatch", "migrations/b/.planning")
    os.remove(p.path .. "/migrations/b/.planning/state.json")
    sample.write(p.repo, "migrations", "c", { steps = 2 })
    p.repo:write("migrations/c/.planning/state.json", "{}")
    p.repo:commit("Add samples")
    local ctx <close> = running.context(p)
    local memory = tick.remember()
    local outcome, blocked = take(ctx, memory)
    assert.equal("d", outcome.slug)
    local kinds = {}
    for _, aside in ipairs(blocked) do
      assert.same({ "blocked", "human-review", "planning.state" },
        { aside.decision, aside.retry, aside.role })
      kinds[aside.slug] = aside.failure_kind
    end
    assert.same({ a = "planning-consistency-error", b = "planning-state-missing",
      c = "planning-state-invalid" }, kinds)
    outcome, blocked = take(ctx, memory)
    assert.equal("d", outcome.slug)
    assert.same({}, blocked)
  end)

  it("comes back to what it gave up on only when there is nothing else", function()
    local p <close> = with_migrations("b", "a")
    local ctx <close> = running.context(p, { agent_command = p:script("exit 3") })
    local memory = tick.remember()
    local slugs = {}
    for index = 1, 3 do
      local outcome = take(ctx, memory)
      assert.equal("abandon", outcome.decision)
      slugs[index] = outcome.slug
    end
    assert.same({ "b", "a", "b" }, slugs)
  end)

  it("publishes an answer that nobody published", function()
    local p <close> = project.new()
    local script = program.root .. "/spec/support/crash_plan.lua"
    assert.equal(77, p:run({ script, "accept done", "alpha", "T" }).exit)
    local ctx <close> = running.context(p, { agent_command = "/nosuch/agent" })
    local outcome = take(ctx)
    assert.same({ "commit", "planning.approaches", "alpha" },
      { outcome.decision, outcome.role, outcome.slug })
  end)

  it("says that the live directory cannot be read", function()
    local p <close> = project.new()
    local ctx <close> = running.context(p)
    ctx.project.live_path = p.path .. "/nowhere"
    local outcome, message = tick.take(ctx, tick.remember(), error)
    assert.is_nil(outcome)
    assert.matches("nowhere", message)
  end)
end)
