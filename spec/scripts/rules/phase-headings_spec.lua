local migrations = require "spec.support.migration"
local rule = require "spec.support.rule"

---What the rule says of one phase file with this text.
local function judge(content)
  local m <close> = migrations.new { status = "ready", phases = { "parse" } }
  m:write("phase-1-parse.md", content)
  return rule.run("phase-headings", m, "doctor")
end

local BOTH <const> = {
  "missing-phase-precondition phase-1-parse.md",
  "missing-phase-definition-of-done phase-1-parse.md",
}

describe("rules/phase-headings", function()
  it("accepts both headings in any case, with any blanks and line ends, in code too", function()
    for _, content in ipairs {
      migrations.PHASE,
      "##\tPRECONDITION \t\n##   definition of done",
      "## Precondition\r\n\r\n## Definition of Done\r\n",
      "## Precondition\r## Definition of Done\r",
      "```\n## Precondition\n## Definition of Done\n```\n",
      "\xff\n## Precondition\n\0\n## Definition of Done\n",
    } do
      assert.same({}, judge(content), content)
    end
  end)

  it("reports each that is not a whole line of its own", function()
    for _, content in ipairs {
      "", "# Precondition\n# Definition of Done\n", "### Precondition\n### Definition of Done\n",
      "##Precondition\n##Definition of Done\n", " ## Precondition\n ## Definition of Done\n",
      "## Precondition:\n## Definition of Done.\n", "## Preconditions\n## Definition  of Done\n",
      "##\nPrecondition\n##\nDefinition of Done\n", "x ## Precondition\n> ## Definition of Done\n",
    } do
      assert.same(BOTH, judge(content), content)
    end
    assert.same({ BOTH[2] }, judge("## Precondition\n"))
    assert.same({ BOTH[1] }, judge("## Definition of Done\n"))
  end)

  it("says of a file that is too long to read that it lacks them", function()
    assert.same(BOTH, judge(migrations.PHASE .. ("x"):rep(1 << 20)))
  end)

  it("leaves what is not a regular file of the migration to the rule on phase files", function()
    local m <close> = migrations.new { status = "ready", phases = { "a", "b", "c", "d" } }
    for _, file in ipairs { "phase-1-a.md", "phase-2-b.md", "phase-3-c.md" } do
      os.remove(m:path(file))
    end
    m.root:mkdir(m.published .. "/phase-1-a.md")
    m.root:symlink("nowhere", m.published .. "/phase-2-b.md")
    m.manifest.phases[4].file = "../sample/phase-4-d.md"
    m:change_manifest {}
    m:write("phase-4-d.md", "")
    assert.same({}, rule.run("phase-headings", m, "doctor"))
  end)

  it("is due before publishing a ready plan, and for a doctor of one", function()
    local m <close> = migrations.new { phases = { "parse" } }
    m:write("phase-1-parse.md", "")
    for status, is_due in pairs {
      planning = false, ready = true, ["in-progress"] = true, done = false, skipped = false,
    } do
      m:change_manifest { status = status }
      assert.same(is_due and BOTH or {}, rule.run("phase-headings", m, "doctor"), status)
      assert.same(BOTH, rule.run("phase-headings", m, "ready-publish"), status)
      assert.same({}, rule.run("phase-headings", m, "execution-gate"))
      assert.same({}, rule.run("phase-headings", m, "planning-snapshot"))
    end
  end)
end)
