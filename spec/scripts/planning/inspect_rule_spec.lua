local inspect_rule = require "planning.inspect_rule"
local samples = require "planning.inspect_sample"
local tmp = require "spec.support.tmp"

local function try(check, modes)
  local dir <close> = tmp.dir()
  local told = {}
  local file = { name = "ours", path = "/x/ours.lua",
    value = { modes = modes or { "doctor" }, check = check } }
  assert(inspect_rule.try(file, assert(samples.migrations(dir:join("m"))), function(_, problem)
    told[#told + 1] = problem
  end))
  return told
end

describe("planning.inspect_rule", function()
  it("tries a rule on every sample in each of its modes", function()
    local seen = {}
    assert.same({}, try(function(m, report)
      seen[#seen + 1] = m.mode
      report { severity = "warning", code = "x", message = "y", path = "plan.md" }
    end, { "doctor", "execution-gate" }))
    assert.equal(8, #seen)
  end)

  it("tells of a failure once, with the migration and the mode", function()
    local told = try(function(m)
      return m.read("plan.md"):find("x")
    end)
    assert.equal(1, #told)
    assert.equal("rule-failed", told[1].code)
    assert.matches("^the rule fails for a plan that has just begun %(doctor%): ", told[1].message)
  end)

  it("holds a rule to reporting findings", function()
    assert.matches("needs a code and a message", try(function(_, report)
      report { severity = "error" }
    end)[1].message)
  end)
end)
