local migrations = require "spec.support.migration"
local rule = require "spec.support.rule"

describe("rules/plan-present", function()
  it("wants a plan before anything is executed, and only then", function()
    local m <close> = migrations.new()
    local expected = {
      planning = { ["ready-publish"] = true },
      ready = { ["ready-publish"] = true, ["execution-gate"] = true, doctor = true },
      ["in-progress"] = { ["ready-publish"] = true, ["execution-gate"] = true, doctor = true },
      done = { ["ready-publish"] = true },
      skipped = { ["ready-publish"] = true },
    }
    for status, modes in pairs(expected) do
      m:change_manifest { status = status }
      for _, mode in ipairs { "planning-snapshot", "ready-publish", "execution-gate", "doctor" } do
        assert.same(modes[mode] and { "missing-plan plan.md" } or {},
          rule.run("plan-present", m, mode),
          status .. " " .. mode)
      end
    end
  end)

  it("takes anything that is there once links are followed", function()
    local m <close> = migrations.new { status = "ready" }
    m.root:symlink("nowhere", m.published .. "/plan.md")
    assert.same({ "missing-plan plan.md" }, rule.run("plan-present", m, "doctor"))
    m:write("nowhere", "")
    assert.same({}, rule.run("plan-present", m, "doctor"))
    os.remove(m:path("plan.md"))
    m.root:write("outside.md", "")
    m.root:symlink("../../outside.md", m.published .. "/plan.md")
    assert.same({}, rule.run("plan-present", m, "doctor"))
    os.remove(m:path("plan.md"))
    m.root:mkdir(m.published .. "/plan.md")
    assert.same({}, rule.run("plan-present", m, "doctor"))
  end)
end)
