local project = require "spec.support.project"
local running = require "spec.support.running"
local steps = require "loop.step"

local function take(p, more, opts)
  local ctx <close> = running.context(p, opts)
  return steps.take(ctx, "alpha", more or { target = "T" })
end

describe("loop.step", function()
  it("takes a step, under a subject of its own where one is given", function()
    local p <close> = project.new()
    local outcome = assert(take(p, { target = "T", subject = "plan alpha" }))
    assert.same({ "commit", "none", "planning.approaches", "alpha", "planning" }, {
      outcome.decision, outcome.retry, outcome.role, outcome.slug, outcome.stands })
    assert.equal(p.repo:head(), outcome.commit)
    assert.matches("^2 approaches", outcome.summary)
    assert.equal("mighost: plan alpha", p:subjects()[4])
    assert.equal("planning.pick-best", take(p, {}).role)
    assert.equal("mighost: planning/alpha/pick-best", p:subjects()[5])
  end)

  it("keeps the evidence below the action's", function()
    local p <close> = project.new()
    local ctx <close> = running.context(p)
    ctx.run:begin_action(2, true)
    assert(steps.take(ctx, "alpha", { target = "T" }))
    assert.is_string(p.home:read(ctx.run.path:sub(#p.home.path + 2)
      .. "/migration-probes/action-002/planning/approaches/prompt.md"))
  end)

  it("tells the failures of the agent and its answer apart", function()
    local p <close> = project.new()
    local cases = {
      { "echo said nothing", "planning-step-failed", "EJUDGE" },
      { "exit 3", "agent-infra-failure", "EEXITED" },
      { "sleep 60", "timeout", "ETIMEOUT", { timeout = 1 } },
      { "sleep 60", "stuck", "ESILENCE", { silence_timeout = 1 } },
    }
    for _, case in ipairs(cases) do
      local opts = case[4] or {}
      opts.agent_command = p:script(case[1])
      local outcome = assert(take(p, nil, opts))
      assert.same({ "abandon", "new-target", "planning.approaches", case[2], case[3] }, {
        outcome.decision, outcome.retry, outcome.role, outcome.failure_kind, outcome.name })
      assert.is_truthy(outcome.evidence[1]:find("/planning/approaches/why.txt", 1, true))
      assert.is_string(outcome.next_step)
    end
    local missing = take(p, nil, { agent_command = "/nosuch/agent" })
    assert.equal("agent-infra-failure", missing.failure_kind)
    assert.same({}, p:problems())
  end)

  it("is blocked where nothing can be published", function()
    local p <close> = project.new()
    take(p)
    p.repo:write("migrations/alpha/note.md", "a person's")
    local outcome = take(p, {})
    assert.same({ "blocked", "human-review", "planning.publish", "planning-publish-blocked",
      "EDIRTY" }, { outcome.decision, outcome.retry, outcome.role, outcome.failure_kind,
      outcome.name })
    assert.matches("git status", outcome.next_step)
    p.repo:commit("Keep the note")
    p.repo:write("migrations/alpha/.planning/state.json", "{")
    p.repo:commit("Break the state")
    outcome = take(p, {})
    assert.same({ "planning.state", "planning-state-invalid" },
      { outcome.role, outcome.failure_kind })
  end)

  it("says when another process has the migration, or its planning is over", function()
    local p <close> = project.new()
    take(p)
    local ctx <close> = running.context(p)
    do
      local lease <close> = assert(ctx.session.site:lease("alpha", "spec"))
      assert.is_truthy(lease)
      assert.equal("busy", take(p, {}))
    end
    p:plan { "alpha", "--to-end" }
    assert.equal("busy", take(p, {}))
  end)

  it("lists the evidence that there is", function()
    local p <close> = project.new()
    p.home:write("call/why.txt", "because")
    p.home:write("call/stderr.log", "")
    p.home:write("call/answer.md", "x")
    p.home:write("call/prompt.md", "x")
    assert.same({ p.home:join("call/why.txt"), p.home:join("call/answer.md") },
      steps.evidence_in(p.home:join("call")))
    assert.same({}, steps.evidence_in(p.home:join("nowhere")))
  end)
end)
