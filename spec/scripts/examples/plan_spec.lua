local program = require "spec.support.program"
local project = require "spec.support.project"

local FILE <const> = program.root .. "/scripts/examples/plan.lua"

local function run(p, stdin, ...)
  return program.run { args = { FILE, "Confine agents", "--slug", "confine", "--with", "replay",
    ... }, cwd = p.path, env = p:env(), stdin = stdin }
end

describe("the example plan.lua", function()
  it("plans up to the review and stops there without a yes", function()
    local p <close> = project.new()
    for _ = 1, 2 do
      local result = run(p, "")
      assert.equal(3, result.exit, result.stderr)
      assert.matches("Go on with confine%? %[y/N%] .*confine waits for a yes", result.stderr)
      assert.matches("\tplanning:review\t", p:run({ "migration", "list" }).stdout)
    end
  end)

  it("goes on to the end with one", function()
    local p <close> = project.new()
    assert.equal(3, run(p, "no\n").exit)
    local result = run(p, "yes\n")
    assert.equal(0, result.exit, result.stderr)
    assert.matches("^review: .*\nconfine: ready\n$", result.stdout)
    assert.matches("nothing to plan", run(p, "").stdout)
  end)

  it("does not ask with --yes", function()
    local p <close> = project.new()
    local result = run(p, nil, "--yes")
    assert.equal(0, result.exit, result.stderr)
    assert.matches("^approaches: .*final%-review: .*\nconfine: ready\n$", result.stdout)
    assert.same({}, p:problems())
  end)

  it("fails as the shipped commands do", function()
    local p <close> = project.new()
    local result = program.run { args = { FILE, "T", "--slug", "a b", "--with", "replay" },
      cwd = p.path, env = p:env() }
    assert.equal(2, result.exit)
    assert.matches("cannot name a migration", result.stderr)
    assert.equal(2, program.run({ args = { FILE, "T" }, cwd = p.path, env = p:env() }).exit)
  end)
end)
