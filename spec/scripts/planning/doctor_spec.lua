local doctor = require "planning.doctor"
local sample = require "spec.support.sample"
local tmp = require "spec.support.tmp"

local function project()
  local dir = tmp.dir()
  dir:mkdir("m")
  return dir, { root = dir.path, live = "m", live_path = dir:join("m"), common = dir:join("git") }
end

local function codes(findings)
  local found = {}
  for i, finding in ipairs(findings) do
    found[i] = finding.slug .. " " .. finding.severity .. " " .. finding.code
  end
  return found
end

describe("planning.doctor", function()
  it("finds nothing in a sound migration", function()
    local dir <close>, of = project()
    sample.write(dir, "m", "a", { steps = 7 })
    sample.write(dir, "m", "b", { status = "ready", phases = 2 })
    assert.same({}, doctor.check(of, "a"))
    assert.same({}, doctor.check_all(of))
  end)

  it("finds what is wrong, with paths from the project's root", function()
    local dir <close>, of = project()
    sample.write(dir, "m", "a", { status = "ready", phases = 2 })
    os.remove(dir:join("m/a/plan.md"))
    os.remove(dir:join("m/a/phase-1-part-1.md"))
    local findings = assert(doctor.check(of, "a"))
    local found = codes(findings)
    table.sort(found)
    assert.same({ "a error missing-phase-file", "a error missing-plan" }, found)
    for _, finding in ipairs(findings) do
      assert.matches("^m/a/", finding.path)
      assert.equal("doctor", finding.mode)
      assert.matches("^[^\n]+$", finding.message)
    end
  end)

  it("goes through all migrations in order, then through what publications left", function()
    local dir <close>, of = project()
    sample.write(dir, "m", "b", { status = "ready", phases = 1 })
    os.remove(dir:join("m/b/plan.md"))
    dir:mkdir("m/a")
    sample.write(dir, "m", "c", { steps = 0 })
    dir:mkdir("m/__transactions__/x")
    assert.same({ "a error missing-manifest", "b error missing-plan",
      "__transactions__ error transaction-leftover" }, codes(doctor.check_all(of)))
  end)

  it("runs no rule of the project's", function()
    local dir <close>, of = project()
    sample.write(dir, "m", "a", { steps = 0 })
    dir:write(".mighost/rules/manifest-name.lua", "error 'ran'")
    dir:write(".mighost/rules/own.lua", "error 'ran'")
    assert.same({}, doctor.check(of, "a"))
  end)

  it("has a finding for a migration that cannot be opened", function()
    local _ <close>, of = project()
    assert.same({ "gone error missing-manifest" }, codes(doctor.check(of, "gone")))
  end)

  it("says when there is no live directory", function()
    local dir <close>, of = project()
    tmp.remove(dir:join("m"))
    for _, name in ipairs { "check", "check_all" } do
      local findings, message, code, fix = doctor[name](of, "a")
      assert.is_nil(findings)
      assert.is_string(message)
      assert.same({ "ECONFIG", "mighost init" }, { code, fix })
    end
  end)
end)
