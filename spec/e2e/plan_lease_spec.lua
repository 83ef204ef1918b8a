local project = require "spec.support.project"

describe("two plan commands", function()
  it("never work on one migration: the second is refused at once, with the holder", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local hold = p:hold "pick-best"
    local run = p:start({ "alpha" }, hold.env)
    hold.arrived()
    local result = p:plan { "alpha" }
    assert.equal(5, result.exit)
    assert.matches("pid:? ?" .. run.pid(), result.stderr)
    assert.equal(1, p:count("pick-best"))
    hold.release()
    assert.equal(0, run.wait())
    assert.same({ "approaches 1", "pick-best 1" }, p:calls())
    assert.same({}, p:problems())
  end)

  it("start the same new migration only once", function()
    local p <close> = project.new()
    local hold = p:hold "approaches"
    local run = p:start({ "alpha", "--target", "T" }, hold.env)
    hold.arrived()
    assert.equal(5, p:plan({ "alpha", "--target", "T" }).exit)
    local unnamed = p:plan { "alpha" }
    assert.equal(5, unnamed.exit)
    assert.matches("another process is starting 'alpha' %(pid " .. run.pid(), unnamed.stderr)
    hold.release()
    assert.equal(0, run.wait())
    assert.same({ "approaches 1" }, p:calls())
  end)

  it("take different migrations when they name none", function()
    if not project.can_confine() then
      return pending("agents cannot be confined here")
    end
    local p <close> = project.new { confined = true }
    p:plan { "first", "--target", "T" }
    p:plan { "second", "--target", "T" }
    local hold = p:hold "pick-best"
    local run = p:start({}, hold.env)
    hold.arrived()
    local result = p:plan { "--json" }
    assert.equal(0, result.exit, result.stderr)
    assert.matches('"slug":"second"', result.stdout)
    hold.release()
    assert.equal(0, run.wait())
    assert.matches("mighost: planning/first/pick%-best", p.repo:git("log", "-1", "--format=%s"))
    assert.same({}, p:problems())
  end)

  it("are both refused where the only migration is taken", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local hold = p:hold "pick-best"
    local run = p:start({ "alpha" }, hold.env)
    hold.arrived()
    assert.equal(5, p:plan({}).exit)
    assert.equal(5, p:plan({ "--dry-run" }).exit)
    hold.release()
    assert.equal(0, run.wait())
  end)

  it("publish side by side: the commits of two migrations do not lose each other", function()
    if not project.can_confine() then
      return pending("agents cannot be confined here")
    end
    local p <close> = project.new { confined = true }
    p:plan { "first", "--target", "T" }
    local hold = p:hold "pick-best"
    local run = p:start({ "first" }, hold.env)
    hold.arrived()
    assert.equal(0, p:plan({ "second", "--target", "T", "--to-end" }).exit)
    hold.release()
    assert.equal(0, run.wait())
    assert.equal("mighost: planning/first/pick-best", p.repo:git("log", "-1", "--format=%s"))
    assert.matches('"status": "ready"', p.repo:git("show", "HEAD:migrations/second/manifest.json"))
    assert.same({}, p:problems())
  end)
end)

describe("an interrupted plan command", function()
  for signal, code in pairs { INT = 130, TERM = 143 } do
    it("ends the agent, publishes nothing, says how to go on: SIG" .. signal, function()
      local p <close> = project.new()
      p:plan { "alpha", "--target", "T" }
      local head = p.repo:head()
      local hold = p:hold "pick-best"
      local run = p:start({ "alpha", "--to-end" }, hold.env)
      hold.arrived()
      run.stop(signal)
      assert.equal(code, run.wait())
      assert.matches("next: mighost plan alpha %-%-with command", p.home:read("err"))
      assert.equal(head, p.repo:head())
      assert.same({}, p:problems())
      assert.equal(0, p:plan({ "alpha" }).exit)
      assert.same({ "approaches 1", "pick-best 1", "pick-best 1" }, p:calls())
    end)
  end
end)
