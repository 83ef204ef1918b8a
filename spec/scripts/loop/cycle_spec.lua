local cycles = require "loop.cycle"
local json = require "lib.json"
local project = require "spec.support.project"
local running = require "spec.support.running"
local tables = require "lib.tables"

local REFACTOR <const> = [[
  case $MIGHOST_ROLE in
  classify) echo "decision: cohesive-cleanup" ;;
  refactor) echo x >>README; echo done ;;
  esac]]

--- Runs a cycle to its end; gives it and the outcomes that were told.
local function run(p, opts, is_once)
  local ctx <close>, events, prepared = running.context(p, opts)
  local cycle = cycles.new(ctx, prepared.source, is_once)
  if is_once then
    cycle:run_once()
  else
    cycle:run()
  end
  local outcomes = {}
  for _, event in ipairs(events) do
    outcomes[#outcomes + 1] = event.kind == "outcome" and event or nil
  end
  local summary = json.decode(p.home:read(ctx.run.path:sub(#p.home.path + 2) .. "/summary.json"))
  return cycle, outcomes, summary
end

local function sources(p, agent, more)
  return tables.copy({ focus = false, paths = "README", agent_command = p:script(agent) }, more)
end

--- The scripted planner, whose last word is that a plan is not worth it.
local function rejecting(p)
  return p:agent_command { PLANNER_DECISION = "reject - it is not worth it" }
end

describe("loop.cycle", function()
  it("ends after as many actions as it may do", function()
    local p <close> = project.new()
    local cycle, outcomes, summary = run(p, sources(p, REFACTOR, { max_refactors = 2 }))
    assert.equal("completed", cycle.status, outcomes[1] and outcomes[1].text)
    assert.equal(2, #outcomes)
    assert.equal("refactor", outcomes[1].role)
    assert.equal(2, summary.counts.refactors)
    assert.equal(2, summary.counts.commits)
    assert.equal("low", summary.attempts[1].effort_used)
  end)

  it("ends when a list is used up, and when no migration is due", function()
    local p <close> = project.new()
    local list = p.home:write("list.jsonl",
      '{"description":"a","files":["README"]}\n{"description":"b","files":["README"]}\n')
    local cycle, outcomes = run(p, sources(p, REFACTOR, { targets = list }))
    assert.same({ "completed", 2 }, { cycle.status, #outcomes })
    p:plan { "alpha", "--target", "T", "--steps", "4" }
    cycle, outcomes = run(p, { focus = true, agent_command = rejecting(p) })
    assert.equal("completed", cycle.status, outcomes[1] and outcomes[1].text)
    assert.equal("planning.final-review", outcomes[1].role)
  end)

  it("ends after as many failures in a row as it may have, each with a snapshot", function()
    local p <close> = project.new()
    local cycle, outcomes, summary = run(p, sources(p, "exit 3",
      { max_refactors = 0, max_consecutive_failures = 2 }))
    assert.equal("max_consecutive_failures", cycle.status)
    assert.equal("2 failures in a row", cycle.message)
    assert.equal(2, #outcomes)
    for _, outcome in ipairs(outcomes) do
      assert.equal("abandon", outcome.decision)
      local file <close> = assert(io.open(outcome.snapshot))
      assert.matches("agent%-exited%-nonzero", file:read("a"))
    end
    assert.equal(2, summary.counts.failures)
  end)

  it("forgets failures once something was done", function()
    local p <close> = project.new()
    local flaky = ([[
      echo x >>%s
      [ $(($(wc -l <%s) %% 3)) -ne 1 ] || exit 3]]):format(p.home:join("count"),
      p.home:join("count")) .. "\n" .. REFACTOR
    local cycle, outcomes = run(p, sources(p, flaky,
      { max_refactors = 4, max_consecutive_failures = 2 }))
    assert.equal("completed", cycle.status, outcomes[1] and outcomes[1].text)
    local decisions = {}
    for index, outcome in ipairs(outcomes) do
      decisions[index] = outcome.decision
    end
    assert.same({ "abandon", "commit", "abandon", "commit" }, decisions)
  end)

  it("does not count what was left unchanged as a failure", function()
    local p <close> = project.new()
    local cycle, outcomes = run(p, sources(p, [[
      case $MIGHOST_ROLE in
      classify) echo "decision: cohesive-cleanup" ;;
      refactor) echo nothing to do ;;
      esac]], { max_refactors = 3, max_consecutive_failures = 1 }))
    assert.equal("completed", cycle.status, outcomes[1] and outcomes[1].text)
    assert.equal("unchanged", outcomes[3].decision)
    assert.is_nil(outcomes[3].snapshot)
  end)

  it("counts each plan that is blocked as one failure, and goes on with others", function()
    local p <close> = project.new()
    for _, slug in ipairs { "a", "b", "c" } do
      p:plan { slug, "--target", "T" }
    end
    p.repo:write("migrations/a/.planning/state.json", "{")
    p.repo:write("migrations/b/.planning/state.json", "{")
    p.repo:commit("Break two")
    local cycle, outcomes = run(p,
      { focus = true, max_consecutive_failures = 2, agent_command = rejecting(p) })
    assert.equal("completed", cycle.status, outcomes[1] and outcomes[1].text)
    assert.same({ "blocked", "blocked", "commit" },
      { outcomes[1].decision, outcomes[2].decision, outcomes[3].decision })
    cycle, outcomes = run(p, { focus = true, max_consecutive_failures = 1 })
    assert.equal("max_consecutive_failures", cycle.status)
    assert.equal(2, #outcomes)
  end)

  it("ends at once where a manifest cannot be read", function()
    local p <close> = project.new()
    p.repo:write("migrations/a/manifest.json", "{")
    p.repo:commit("Break it")
    local cycle, outcomes = run(p, sources(p, REFACTOR, { max_refactors = 5 }))
    assert.equal("migration_failed", cycle.status)
    assert.equal(1, #outcomes)
  end)

  it("takes one action, whose outcome decides", function()
    local p <close> = project.new()
    local once = { command = "run-once" }
    local cycle = run(p, sources(p, REFACTOR, once), true)
    assert.equal("completed", cycle.status)
    assert.equal(4, #p:subjects())
    cycle = run(p, sources(p, "exit 3", once), true)
    assert.same({ "agent_failed", "EEXITED" }, { cycle.status, cycle.name })
    cycle = run(p, sources(p, REFACTOR, { command = "run-once", paths = "nosuch" }), true)
    assert.same({ "completed", 0 }, { cycle.status, cycle.done })
  end)

  it("waits between actions", function()
    local p <close> = project.new()
    local begun = os.time()
    run(p, sources(p, REFACTOR, { max_refactors = 2, sleep = 2 }))
    assert.is_true(os.time() - begun >= 2)
  end)
end)
