local loop = require "spec.support.loop"
local project = require "spec.support.project"
local running = require "spec.support.running"
local tables = require "lib.tables"
local tick = require "loop.tick"
local turn = require "loop.turn"

local function take(ctx, more)
  local aside = {}
  local action = tables.copy({
    number = 1, is_probe = true, memory = tick.remember(), handed_over = {},
    aside = function(outcome)
      aside[#aside + 1] = outcome
    end,
  }, more)
  local outcome, message, name, goes_on = turn.take(ctx, action)
  return outcome, aside, goes_on, message, name
end

--- A source of one target, which says how often it was asked.
local function source_of(files)
  local source = { asked = 0 }
  function source.take()
    source.asked = source.asked + 1
    return { description = "d", files = files }
  end
  return source
end

describe("loop.turn", function()
  it("plans before anything else, below the probes of a run", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local ctx <close> = running.context(p)
    local source = source_of {}
    local outcome = take(ctx, { source = source })
    assert.equal("planning.pick-best", outcome.role)
    assert.equal(0, source.asked)
    assert.is_string(p.home:read(ctx.run.path:sub(#p.home.path + 2)
      .. "/migration-probes/action-001/planning/pick-best/answer.md"))
  end)

  it("carries a phase out before it takes a target", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local ctx <close> = running.context(site.inner, { agent_command = site:agent(
      "echo new >code.txt; echo done") })
    local source = source_of {}
    local outcome = take(ctx, { source = source })
    assert.same({ "commit", "move" }, { outcome.decision, outcome.slug }, outcome.summary)
    assert.equal(0, source.asked)
  end)

  it("goes on to a target where a phase is not ready, and routes it beside the probes", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local ctx <close> = running.context(site.inner, { agent_command = site:agent([[
      case $MIGHOST_ROLE in
      phase.ready-check) echo "ready: no - not yet" ;;
      classify) echo "decision: cohesive-cleanup" ;;
      refactor) echo new >code.txt; echo done ;;
      esac]]) })
    local outcome, aside = take(ctx, { source = source_of { "code.txt" } })
    assert.same({ "commit", "d" }, { outcome.decision, outcome.target })
    assert.equal(1, #aside)
    assert.same({ "deferred", "phase-ready-no" }, { aside[1].decision, aside[1].failure_kind })
    assert.equal(1, ctx.run:counts().targets)
    local run = ctx.run.path:sub(#site.home.path + 2)
    assert.is_string(site.home:read(run .. "/classify/answer.md"))
    assert.is_string(site.home:read(run .. "/attempt-001/refactor/answer.md"))
    assert.is_string(site.home:read(run
      .. "/migration-probes/action-001/phase-ready-check/answer.md"))
  end)

  it("finds nothing to do, and says whether looking again may help", function()
    local p <close> = project.new()
    local ctx <close> = running.context(p)
    local outcome, aside, goes_on = take(ctx)
    assert.equal("none", outcome.decision)
    assert.same({}, aside)
    assert.is_false(goes_on)
    local empty = { take = function() end }
    assert.equal("none", (take(ctx, { source = empty })).decision)
    p.repo.dir:mkdir("migrations")
    p:plan { "alpha", "--target", "T" }
    p.repo:write("migrations/alpha/.planning/state.json", "{")
    p.repo:commit("Break it")
    outcome, aside, goes_on = take(ctx)
    assert.equal("none", outcome.decision)
    assert.equal("planning-state-invalid", aside[1].failure_kind)
    assert.is_true(goes_on)
  end)

  it("hands a phase over to a person once", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    site.repo:git("rm", "-q", "migrations/move/plan.md")
    site.repo:commit("Lose the plan")
    local ctx <close> = running.context(site.inner)
    local handed_over = {}
    local _, aside, goes_on = take(ctx, { handed_over = handed_over })
    assert.same({ "blocked", "phase.execution-gate" }, { aside[1].decision, aside[1].role })
    assert.is_true(goes_on)
    _, aside, goes_on = take(ctx, { handed_over = handed_over })
    assert.same({}, aside)
    assert.is_false(goes_on)
  end)

  it("tells once, not at each action, that a phase is kept from its work tree", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local ctx <close> = running.context(site.inner)
    site.repo:write("new", "a person's")
    local handed_over = {}
    local _, aside = take(ctx, { handed_over = handed_over })
    assert.same({ "blocked", "EDIRTY" }, { aside[1].decision, aside[1].name })
    local goes_on
    _, aside, goes_on = take(ctx, { handed_over = handed_over })
    assert.same({}, aside)
    assert.is_false(goes_on)
  end)

  it("takes nothing up where a manifest cannot be read", function()
    local p <close> = project.new()
    p.repo:write("migrations/a/manifest.json", "{")
    p.repo:commit("Break it")
    local ctx <close> = running.context(p)
    local source = source_of {}
    local outcome = take(ctx, { source = source })
    assert.equal("migration-consistency-error", outcome.failure_kind)
    assert.equal(0, source.asked)
    ctx.project.live_path = p.path .. "/nowhere"
    local none, _, _, message, name = take(ctx)
    assert.is_nil(none)
    assert.matches("nowhere", message)
    assert.equal("ENOENT", name)
  end)
end)
