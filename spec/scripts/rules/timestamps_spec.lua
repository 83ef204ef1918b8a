local migrations = require "spec.support.migration"
local rule = require "spec.support.rule"

describe("rules/timestamps", function()
  it("reads every time of a sound manifest", function()
    local m <close> = migrations.new()
    assert.same({}, rule.run("timestamps", m, "doctor"))
    m:change_manifest { wake_up_on = "2026-03-01", cooldown_until = "20260301T1015Z" }
    assert.same({}, rule.run("timestamps", m, "doctor"))
  end)

  it("reports each that cannot be read, in every mode", function()
    local m <close> = migrations.new()
    m:change_manifest { created_at = "", last_touch = "soon", wake_up_on = "2026-02-30",
      cooldown_until = "x" }
    for _, mode in ipairs { "planning-snapshot", "ready-publish", "execution-gate", "doctor" } do
      assert.equal(4, #rule.run("timestamps", m, mode))
    end
    assert.equal("invalid-timestamp manifest.json", rule.run("timestamps", m, "doctor")[1])
  end)
end)
