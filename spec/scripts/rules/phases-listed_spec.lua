local migrations = require "spec.support.migration"
local rule = require "spec.support.rule"

describe("rules/phases-listed", function()
  it("accepts a plan whose phases are all listed", function()
    local m <close> = migrations.new { status = "ready", phases = { "parse", "print" } }
    assert.same({}, rule.run("phases-listed", m, "ready-publish"))
    assert.same({}, rule.run("phases-listed", m, "doctor"))
  end)

  it("wants phases, a current one and every phase file, once each", function()
    local m <close> = migrations.new { status = "ready" }
    m:write("phase-1-a.md", "")
    m:write("phase-2-a.md", "")
    m.root:mkdir(m.published .. "/phase-3-b.md")
    assert.same({
      "missing-manifest-phases manifest.json", "invalid-current-phase manifest.json",
      "phase-doc-not-in-manifest phase-1-a.md", "phase-doc-not-in-manifest phase-3-b.md",
    }, rule.run("phases-listed", m, "ready-publish"))
  end)

  it("wants a current phase also where there are phases", function()
    local m <close> = migrations.new { status = "in-progress", phases = { "parse" } }
    m:change_manifest { current_phase = "" }
    assert.same({ "invalid-current-phase manifest.json" }, rule.run("phases-listed", m, "doctor"))
  end)

  it("is due before publishing a ready plan, and for a doctor of one", function()
    local m <close> = migrations.new()
    for status, is_due in pairs {
      planning = false, ready = true, ["in-progress"] = true, done = false, skipped = false,
    } do
      m:change_manifest { status = status }
      assert.equal(is_due, #rule.run("phases-listed", m, "doctor") > 0, status)
      assert.is_true(#rule.run("phases-listed", m, "ready-publish") > 0, status)
      assert.same({}, rule.run("phases-listed", m, "execution-gate"))
      assert.same({}, rule.run("phases-listed", m, "planning-snapshot"))
    end
  end)
end)
