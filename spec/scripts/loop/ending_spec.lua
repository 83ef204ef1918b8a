local ending = require "loop.ending"
local exit = require "lib.exit"

describe("loop.ending", function()
  it("names the final status after what failed", function()
    local cases = {
      { "migration_failed", "phase.execution-gate", "migration-consistency-error" },
      { "validation_failed", "refactor", "validation-failed" },
      { "validation_failed", "phase.validation", "validation-infra-failure" },
      { "agent_failed", "planning.expand", "timeout" },
      { "agent_failed", "refactor", "agent-exited-nonzero" },
      { "migration_failed", "planning.expand", "planning-step-failed" },
      { "migration_failed", "phase.execute", "phase-failed" },
      { "failed", "refactor", "agent-requested-transition" },
      { "failed", "refactor" },
    }
    for _, case in ipairs(cases) do
      assert.equal(case[1], ending.status { role = case[2], failure_kind = case[3] })
    end
    assert.equal("completed", ending.status { decision = "deferred", role = "phase.ready-check",
      failure_kind = "phase-ready-no" })
  end)

  it("gives the exit codes that belong to failures", function()
    for kind, code in pairs {
      timeout = 11, stuck = 11, ["agent-infra-failure"] = 8, ["validation-failed"] = 9,
      ["phase-ready-unverifiable"] = 3, ["phase-ready-no"] = 4, ["phase-effort-over-budget"] = 4,
      ["planning-step-failed"] = 1,
    } do
      assert.equal(code, exit.code(ending.name { failure_kind = kind }), kind)
    end
    assert.equal(6, exit.code(ending.name { failure_kind = "x", name = "EDIRTY" }))
    assert.equal(1, exit.code(ending.name {}))
  end)
end)
