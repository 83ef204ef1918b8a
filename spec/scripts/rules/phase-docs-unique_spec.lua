local migrations = require "spec.support.migration"
local rule = require "spec.support.rule"

describe("rules/phase-docs-unique", function()
  it("accepts files of different numbers and names", function()
    local m <close> = migrations.new { phases = { "parse", "print" } }
    m:write("phase-2-print.mdx", "")
    m:write("notes/phase-1-parse.md", "")
    assert.same({}, rule.run("phase-docs-unique", m, "doctor"))
  end)

  it("reports each later file of a number, whatever its zeros, and of a name", function()
    local m <close> = migrations.new { phases = { "parse" } }
    m:write("phase-01-other.md", "")
    m.root:mkdir(m.published .. "/phase-1-third.md")
    m.root:symlink("nowhere", m.published .. "/phase-7-parse.md")
    for _, mode in ipairs { "planning-snapshot", "ready-publish", "execution-gate", "doctor" } do
      assert.same({
        "duplicate-phase-doc-index phase-1-parse.md", "duplicate-phase-doc-index phase-1-third.md",
        "duplicate-phase-doc-name phase-7-parse.md",
      }, rule.run("phase-docs-unique", m, mode))
    end
  end)

  it("compares numbers of any length", function()
    local m <close> = migrations.new()
    m:write("phase-18446744073709551616-a.md", "")
    m:write("phase-0-b.md", "")
    m:write("phase-000000000000000000018446744073709551616-c.md", "")
    assert.same({ "duplicate-phase-doc-index phase-18446744073709551616-a.md" },
      rule.run("phase-docs-unique", m, "doctor"))
  end)
end)
