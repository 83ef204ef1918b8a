local manifest = require "migration.manifest"
local migrations = require "spec.support.migration"
local phases = require "migration.phases"

local function discover(files)
  local m <close> = migrations.new()
  for file, content in pairs(files) do
    m:write(file, content)
  end
  local dir <close> = m:open()
  return phases.discover(dir)
end

local function first(content)
  return assert(discover { ["phase-1-x.md"] = content })[1]
end

describe("migration.phases.parse_name", function()
  it("reads number and name", function()
    assert.same({ file = "phase-1-x.md", index = "1", name = "x" },
      phases.parse_name("phase-1-x.md"))
    assert.same({ file = "phase-007-a-b.md", index = "7", name = "a-b" },
      phases.parse_name("phase-007-a-b.md"))
    assert.equal("0", phases.parse_name("phase-000-x.md").index)
  end)

  it("knows what is not a phase file", function()
    for _, file in ipairs {
      "phase-x-1.md", "phase-1-.md", "phase-1.md", "phase--x.md", "Phase-1-x.md", "phase-1-x.mdx",
      "xphase-1-x.md", "phase-1-x.MD", "plan.md",
    } do
      assert.is_nil(phases.parse_name(file), file)
    end
  end)
end)

describe("migration.phases.discover", function()
  it("orders by number, of any length", function()
    local names = {}
    for index, phase in ipairs(assert(discover {
      ["phase-10-c.md"] = "", ["phase-9-b.md"] = "", ["phase-0-a.md"] = "",
      ["phase-010-d.md"] = "", ["phase-99999999999999999999-f.md"] = "",
      ["phase-9999999999999999999-e.md"] = "", ["phase-x.md"] = "",
    })) do
      names[index] = phase.file
    end
    assert.same({
      "phase-0-a.md", "phase-9-b.md", "phase-010-d.md", "phase-10-c.md",
      "phase-9999999999999999999-e.md", "phase-99999999999999999999-f.md",
    }, names)
  end)

  it("takes fields from sections, their lines joined", function()
    assert.same({
      name = "x", file = "phase-1-x.md", done = false, extra = {},
      precondition = "- Tests are green. - The parser is there. ### part of it",
      required_effort = "high", effort_reason = "Many callers.",
    }, first [[
# Phase 1

## Precondition

- Tests are green.
- The parser is there.

### part of it

## required effort
`High`: because.

##  EFFORT REASON
Many callers.
## Definition of Done
It is.
]])
  end)

  it("falls back to lines with a label, then to a default", function()
    local phase = first(
      "precondition: it compiles\nRequired_Effort: `low`,\n  effort_reason:   few files  \n")
    assert.equal("it compiles", phase.precondition)
    assert.equal("low", phase.required_effort)
    assert.equal("few files", phase.effort_reason)
    phase = first("## Precondition\n\n## Other\nprecondition: from the line\n")
    assert.equal("from the line", phase.precondition)
    phase = first("")
    assert.equal("prerequisites in phase-1-x.md are met", phase.precondition)
    assert.is_nil(phase.required_effort)
    assert.is_nil(phase.effort_reason)
  end)

  it("reads any line ends", function()
    assert.equal("a b", first("## Precondition\r\na\r\nb\r\n## X\r\n").precondition)
    assert.equal("a b", first("## Precondition\ra\rb").precondition)
  end)

  it("refuses two files of one name, an unknown effort, what is not text or not a file", function()
    local function refused(files, message)
      local list, why = discover(files)
      assert.is_nil(list)
      assert.matches(message, why)
    end
    refused({ ["phase-1-x.md"] = "", ["phase-2-x.md"] = "" },
      '^two phase files have the name "x": phase%-1%-x%.md and phase%-2%-x%.md$')
    refused({ ["phase-1-x.md"] = "required_effort: enormous" },
      '^phase%-1%-x%.md: required effort "enormous" is not one of low, medium, high, xhigh$')
    refused({ ["phase-1-x.md"] = "\xff" }, "^phase%-1%-x%.md: not UTF%-8 text$")
    refused({ ["phase-1-x.md/file"] = "" }, "not a regular file")
  end)

  it("finds none in a migration that has none", function()
    assert.same({}, discover {})
  end)
end)

describe("migration.phases.apply", function()
  local function listed(...)
    local list = {}
    for index, name in ipairs { ... } do
      list[index] = {
        name = name, file = name .. ".md", precondition = "", done = false, extra = {},
      }
    end
    return list
  end

  it("keeps the current phase where it still exists", function()
    local before = manifest.new { slug = "x", now = "" }
    before.current_phase = "b"
    assert.equal("b", phases.apply(before, listed("a", "b")).current_phase)
    assert.equal("a", phases.apply(before, listed("a", "c")).current_phase)
    assert.equal("", phases.apply(before, listed()).current_phase)
  end)

  it("changes a copy", function()
    local before = manifest.new { slug = "x", now = "" }
    local after = phases.apply(before, listed("a"))
    assert.same({}, before.phases)
    assert.equal("a", after.phases[1].name)
    assert.equal("x", after.name)
  end)
end)
