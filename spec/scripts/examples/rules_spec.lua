--- The rules that are shipped as examples, in a project that uses them, in every mode.

local inspected = require "spec.support.inspected"
local program = require "spec.support.program"
local project = require "spec.support.project"
local sample = require "spec.support.sample"

local PATHS <const> = {
  rollback = "scripts/examples/rule/rules/rollback.lua",
  ["disjoint-phases"] = "scripts/examples/rules/disjoint-phases.lua",
  ["effort-reason"] = "scripts/examples/rules/effort-reason.lua",
}
local PHASE <const> = "## Precondition\n\nNone.\n\n## Definition of Done\n\nIt works.\n"

local function source(name)
  local file <close> = assert(io.open(("%s/%s"):format(program.root, PATHS[name])))
  return file:read("a")
end

--- A project that uses these rules.
local function with(...)
  local p = project.new()
  for _, name in ipairs { ... } do
    p.repo:write((".mighost/rules/%s.lua"):format(name), source(name))
  end
  assert(p:run({ "trust", "--yes" }).exit == 0)
  return p
end

--- A ready migration whose two phases have these texts behind what every phase has.
local function write(p, first, second)
  sample.write(p.repo, "migrations", "x", { status = "ready", phases = 2 })
  p.repo:write("migrations/x/phase-1-part-1.md", PHASE .. first)
  p.repo:write("migrations/x/phase-2-part-2.md", PHASE .. second)
end

--- What doctor finds, "severity code file: message" each.
local function doctor(p)
  local found = {}
  for line in p:run({ "migration", "doctor", "x" }).stdout:gmatch("[^\n]+") do
    local severity, code, path, message = line:match("^x\t(.-)\t(.-)\t(.-)\t(.*)$")
    found[#found + 1] = ("%s %s %s: %s"):format(severity, code, path:match("[^/]*$"), message)
  end
  return found
end

--- What one of the rules finds in a migration of these phases, in a mode.
local function find(name, mode, phases)
  local rule = assert(load(source(name)))()
  local codes, texts = {}, {}
  local m = { mode = mode, manifest = { phases = phases }, read = function(path)
    return texts[path]
  end }
  for index, phase in ipairs(phases) do
    phase.file = ("phase-%d-x.md"):format(index)
    texts[phase.file] = phase.text
  end
  rule.check(m, function(finding)
    codes[#codes + 1] = finding.severity .. " " .. finding.code
  end)
  return codes
end

describe("the example rules", function()
  it("are sound, as mighost check has it", function()
    local files = {}
    for name in pairs(PATHS) do
      files[("rules/%s.lua"):format(name)] = source(name)
    end
    assert.same({}, (inspected.find(files)))
  end)

  it("tell in doctor what is wrong with phases, several things at once", function()
    local p <close> = with("rollback", "disjoint-phases", "effort-reason")
    write(p, "\n## Rollback\n\nRevert.\n\n## Files\n\n- `a.c`\n- `b.c`\n",
      "\n## Files\n\n- `c.c`\n- `b.c`\n- `a.c`\n\n## Notes\n\n- `x.c`\n")
    assert.same({
      "error phases-overlap phase-2-part-2.md: b.c is changed by phase-1-part-1.md too",
      "error phases-overlap phase-2-part-2.md: a.c is changed by phase-1-part-1.md too",
      "warning missing-rollback phase-2-part-2.md: there is no heading '## Rollback' that says how "
        .. "the phase is taken back",
    }, doctor(p))
    write(p, "\n## Rollback\n\nRevert.\n\n## Files\n\n- `a.c`\n", "\n## Rollback\n\nRevert.\n")
    assert.same({ "warning missing-phase-files phase-2-part-2.md: there is no heading '## Files' "
      .. "with the paths that the phase changes" }, doctor(p))
  end)

  it("let a plan be made, and do not let it become ready", function()
    local p <close> = with("rollback")
    local result = p:plan { "x", "--target", "T", "--to-end" }
    assert.equal(1, result.exit)
    assert.matches("phase%-1%-part%-1%.md: there is no heading '## Rollback'", result.stderr)
    assert.matches("\nreview +clear ", result.stdout)
    assert.equal("planning:final-review", p:run({ "migration", "list", "--no-headers" }).stdout
      :match("^x\tplanning\t([^\t]*)"))
  end)

  it("ask for a reason where an effort is above high", function()
    for _, mode in ipairs { "ready-publish", "execution-gate", "doctor" } do
      assert.same({ "error missing-effort-reason" }, find("effort-reason", mode, {
        { required_effort = "xhigh" }, { required_effort = "high" },
        { required_effort = "xhigh", effort_reason = "It moves every caller." },
      }))
    end
    assert.same({ "info much-effort" }, find("effort-reason", "doctor", {
      { required_effort = "xhigh", effort_reason = "a" },
      { required_effort = "xhigh", effort_reason = "b" },
      { required_effort = "xhigh", effort_reason = "c" },
    }))
  end)

  it("say nothing of files that other rules tell of", function()
    assert.same({}, find("disjoint-phases", "doctor", { {}, {} }))
    assert.same({}, find("rollback", "doctor", { {}, {} }))
  end)
end)

describe("a rule of a team's own", function()
  local RULE <const> = [[return {
    modes = { %s },
    check = function(m, report)
      report { severity = %q, code = "seen", message = m.mode, path = "plan.md" }
    end,
  }]]

  --- A project with a rule that reports in some modes.
  local function reporting(modes, severity)
    local p = project.new()
    p.repo:write(".mighost/rules/own.lua", RULE:format(modes, severity))
    assert(p:run({ "trust", "--yes" }).exit == 0)
    return p
  end

  it("stops each step in planning-snapshot, and nothing there in other modes", function()
    local p <close> = reporting('"planning-snapshot"', "error")
    local result = p:plan { "x", "--target", "T" }
    assert.equal(1, result.exit)
    assert.matches("plan%.md: planning%-snapshot %(seen%)", result.stderr)
    assert.is_false(p.repo.dir:exists("migrations/x"))
    local gate <close> = reporting('"execution-gate"', "error")
    assert.equal(0, gate:plan({ "x", "--target", "T", "--to-end" }).exit)
    assert.equal("", gate:run({ "migration", "doctor", "x" }).stdout)
  end)

  it("stops only what becomes executable in ready-publish", function()
    local p <close> = reporting('"ready-publish"', "error")
    assert.equal(0, p:plan({ "x", "--target", "T", "--steps", "4" }).exit)
    local result = p:plan { "x" }
    assert.equal(1, result.exit)
    assert.matches("plan%.md: ready%-publish %(seen%)", result.stderr)
  end)

  it("never stops anything with a warning or an info", function()
    for _, severity in ipairs { "warning", "info" } do
      local p <close> = reporting('"planning-snapshot", "ready-publish", "doctor"', severity)
      assert.equal(0, p:plan({ "x", "--target", "T", "--to-end" }).exit)
      local result = p:run { "migration", "doctor", "x" }
      assert.equal(0, result.exit)
      assert.equal(("x\t%s\tseen\tmigrations/x/plan.md\tdoctor\n"):format(severity), result.stdout)
    end
  end)

  it("that fails is an error that names its file and line", function()
    local p <close> = project.new()
    p.repo:write(".mighost/rules/own.lua", "return {\n  modes = { 'doctor' },\n"
      .. "  check = function(m)\n    return m.nothing.there\n  end,\n}\n")
    assert(p:run({ "trust", "--yes" }).exit == 0)
    sample.write(p.repo, "migrations", "x", { status = "ready", phases = 1 })
    local result = p:run { "migration", "doctor", "x" }
    assert.equal(1, result.exit)
    assert.matches("^x\terror\trule%-failed\tmigrations/x/manifest%.json\t.*rules/own%.lua:4: ",
      result.stdout)
  end)
end)
