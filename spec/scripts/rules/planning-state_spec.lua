local migrations = require "spec.support.migration"
local rule = require "spec.support.rule"

describe("rules/planning-state", function()
  it("accepts a state whose history leads to where it stands", function()
    local m <close> = migrations.new { steps = { { "approaches", "completed" } } }
    assert.same({}, rule.run("planning-state", m, "doctor"))
  end)

  it("reports a missing or an invalid state, never both", function()
    local m <close> = migrations.new { steps = { { "approaches", "completed" } } }
    m:write(".planning/state.json", "{}")
    assert.same({ "planning-state-invalid .planning/state.json" },
      rule.run("planning-state", m, "doctor"))
    os.remove(m:path(".planning/state.json"))
    assert.same({ "planning-state-missing .planning/state.json" },
      rule.run("planning-state", m, "doctor"))
    m.root:mkdir(m.published .. "/.planning/state.json")
    assert.same({ "planning-state-invalid .planning/state.json" },
      rule.run("planning-state", m, "doctor"))
  end)

  it("asks only while a migration is being planned, and only as a doctor", function()
    local m <close> = migrations.new()
    os.remove(m:path(".planning/state.json"))
    assert.same({}, rule.run("planning-state", m, "planning-snapshot"))
    for _, status in ipairs { "ready", "in-progress", "done", "skipped" } do
      m:change_manifest { status = status }
      assert.same({}, rule.run("planning-state", m, "doctor"))
    end
  end)
end)
