local git = require "spec.support.git"
local program = require "spec.support.program"
local project = require "spec.support.project"
local tmp = require "spec.support.tmp"

local DEAD <const> = 77

local function die(p, point, slug, target)
  local script = program.root .. "/spec/support/crash_plan.lua"
  local result = p:run { script, point, slug, target }
  assert.equal(DEAD, result.exit, result.stderr)
end

--- How often each step was committed.
local function commits_of(p, slug, step)
  local count = 0
  for _, subject in ipairs(p:subjects()) do
    count = count + (subject == ("mighost: planning/%s/%s"):format(slug, step) and 1 or 0)
  end
  return count
end

--- Takes the step pick-best, and does something while its agent works; gives the exit code.
local function plan_meanwhile(p, act)
  p:plan { "alpha", "--target", "T" }
  local hold = p:hold "pick-best"
  local run = p:start({ "alpha" }, hold.env)
  hold.arrived()
  act()
  hold.release()
  return run.wait()
end

describe("a plan that is killed", function()
  it("between two steps goes on at the next one", function()
    local p <close> = project.new()
    local hold = p:hold "expand"
    local run = p:start({ "alpha", "--target", "T", "--to-end" }, hold.env)
    hold.arrived()
    run.stop "KILL"
    assert.equal(137, run.wait())
    assert.same({ "approaches 1", "pick-best 1", "expand 1" }, p:calls())
    assert.same({}, p:problems())
    assert.equal(0, p:plan({ "alpha", "--to-end" }).exit)
    assert.same({ "approaches 1", "pick-best 1", "expand 1", "expand 1", "review 1",
      "final-review 1" }, p:calls())
    assert.same({}, p:problems())
  end)

  it("leaves no agent running", function()
    local p <close> = project.new()
    local hold = p:hold "approaches"
    local run = p:start({ "alpha", "--target", "T" }, hold.env)
    hold.arrived()
    run.stop "KILL"
    run.wait()
    -- The lease dies with mighost, and the guardian ends the agent.
    assert.equal(0, p:plan({ "alpha", "--target", "T" }).exit)
    assert.equal(2, p:count("approaches"))
    assert.same({}, p:problems())
  end)

  for _, point in ipairs { "accept done", "begin", "begin done", "exchange" } do
    it(("at '%s' publishes the accepted answer without asking again"):format(point), function()
      local p <close> = project.new()
      for _, step in ipairs { "approaches", "pick-best" } do
        die(p, point, "alpha", "T")
        assert.equal(0, commits_of(p, "alpha", step))
        local result = p:plan { "alpha" }
        assert.equal(0, result.exit, result.stderr)
        assert.is_truthy(result.stderr:find(step .. " was answered and accepted", 1, true))
        assert.equal(1, p:count(step))
        assert.equal(1, commits_of(p, "alpha", step))
        assert.same({}, p:problems())
      end
    end)
  end

  for _, point in ipairs { "exchange done", "commit", "commit done", "finish" } do
    it(("at '%s' is finished, and the next step is taken"):format(point), function()
      local p <close> = project.new()
      p:plan { "alpha", "--target", "T" }
      die(p, point, "alpha")
      local result = p:plan { "alpha" }
      assert.equal(0, result.exit, result.stderr)
      assert.matches("^expand ", result.stdout)
      assert.same({ "approaches 1", "pick-best 1", "expand 1" }, p:calls())
      assert.equal(1, commits_of(p, "alpha", "pick-best"))
      assert.same({}, p:problems())
    end)

    it(("at '%s' of the first step is finished"):format(point), function()
      local p <close> = project.new()
      die(p, point, "alpha", "T")
      local result = p:plan { "alpha" }
      assert.equal(0, result.exit, result.stderr)
      assert.same({ "approaches 1", "pick-best 1" }, p:calls())
      assert.equal(1, commits_of(p, "alpha", "approaches"))
      assert.same({}, p:problems())
    end)
  end

  for _, point in ipairs { "inspect", "accept" } do
    it(("at '%s', before its answer was accepted, asks again"):format(point), function()
      local p <close> = project.new()
      die(p, point, "alpha", "T")
      assert.equal(0, p:plan({ "alpha", "--target", "T" }).exit)
      assert.equal(2, p:count("approaches"))
      assert.same({}, p:problems())
    end)
  end

  it("twice, also while the kept answer is published, still pays once", function()
    local p <close> = project.new()
    die(p, "accept done", "alpha", "T")
    die(p, "begin done", "alpha")
    die(p, "exchange done", "alpha")
    assert.equal(0, p:plan({ "alpha" }).exit)
    assert.same({ "approaches 1", "pick-best 1" }, p:calls())
    assert.same({}, p:problems())
  end)

  it("in its first step is found again by plan without a name", function()
    local p <close> = project.new()
    die(p, "accept done", "alpha", "T")
    local result = p:plan { "--json" }
    assert.equal(0, result.exit, result.stderr)
    assert.matches('"slug":"alpha"', result.stdout)
    assert.equal(1, p:count("approaches"))
  end)
end)

describe("a plan that is interrupted", function()
  local script <const> = program.root .. "/spec/support/crash_plan.lua"

  for _, point in ipairs { "accept", "begin", "exchange" } do
    it(("after '%s' publishes nothing, and nothing is paid for again"):format(point), function()
      local p <close> = project.new()
      p:plan { "alpha", "--target", "T" }
      local head = p.repo:head()
      assert.equal(130, p:run({ script, point .. " interrupted", "alpha" }).exit)
      assert.equal(head, p.repo:head())
      assert.equal("", p.repo:status())
      assert.equal(0, p:plan({ "alpha" }).exit)
      assert.equal(1, p:count("pick-best"))
      assert.same({}, p:problems())
    end)
  end

  it("after the commit has taken its step", function()
    local p <close> = project.new()
    assert.equal(130, p:run({ script, "commit interrupted", "alpha", "T" }).exit)
    assert.equal("mighost: planning/alpha/approaches", p.repo:git("log", "-1", "--format=%s"))
    assert.same({}, p:problems())
    assert.equal("", p:run({ "migration", "doctor", "--all" }).stdout)
    assert.equal(0, p:plan({ "alpha" }).exit)
    assert.same({ "approaches 1", "pick-best 1" }, p:calls())
    assert.same({}, p:problems())
  end)
end)

describe("an accepted answer that was not published", function()
  it("is set aside, and said so, when the migration changed meanwhile", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    die(p, "accept done", "alpha")
    p.repo:write("migrations/alpha/approaches/third.md", "# third\n\nBy hand.\n")
    p.repo:commit("Add an approach")
    local result = p:plan { "alpha" }
    assert.equal(0, result.exit, result.stderr)
    assert.matches("no longer what the accepted answer of pick%-best was made for", result.stderr)
    local kept = result.stderr:match("it is kept in (%S+)")
    assert.is_truthy(kept and io.open(kept .. "/accepted"):close())
    assert.equal(2, p:count("pick-best"))
    assert.same({}, p:problems())
  end)

  it("is set aside when its files were changed afterwards", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    die(p, "accept done", "alpha")
    local places = p.home:join("state/mighost/projects")
    local work = io.popen("find " .. places .. " -name in-place.md -path '*work*'"):read("l")
    local file <close> = assert(io.open(work, "a"))
    file:write("more\n")
    file:close()
    local result = p:plan { "alpha" }
    assert.equal(0, result.exit, result.stderr)
    assert.matches("were changed afterwards", result.stderr)
    assert.equal(2, p:count("pick-best"))
  end)

  it("waits while the work tree is dirty, and is published once it is clean", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    die(p, "accept done", "alpha")
    p.repo:write("migrations/alpha/notes.md", "mine\n")
    assert.equal(6, p:plan({ "alpha" }).exit)
    assert.equal("mine\n", p:read("alpha/notes.md"))
    tmp.remove(p.path .. "/migrations/alpha/notes.md")
    assert.equal(0, p:plan({ "alpha" }).exit)
    assert.equal(1, p:count("pick-best"))
  end)

  it("is not published for another target", function()
    local p <close> = project.new()
    die(p, "accept done", "alpha", "T")
    local result = p:plan { "alpha", "--target", "another" }
    assert.equal(2, result.exit)
    assert.matches("started for another target: T", result.stderr)
    assert.equal(0, p:plan({ "alpha", "--target", "T" }).exit)
    assert.equal(1, p:count("approaches"))
  end)

  it("is kept when a merge begins while the agent works", function()
    if not project.can_confine() then
      return pending("agents cannot be confined here")
    end
    local p <close> = project.new { confined = true }
    assert.equal(6, plan_meanwhile(p, function()
      p.repo:git("checkout", "-q", "-b", "side")
      p.repo:write("side.txt", "side\n")
      p.repo:git("add", "side.txt")
      p.repo:git("commit", "-q", "-m", "Side")
      p.repo:git("checkout", "-q", "main")
      git.run(p.path, "merge", "-q", "--no-commit", "--no-ff", "side")
    end))
    assert.matches("the accepted answer of pick%-best is kept", p.home:read("err"))
    p.repo:git("commit", "-q", "-m", "Merge")
    local result = p:plan { "alpha" }
    assert.equal(0, result.exit, result.stderr)
    assert.equal(1, p:count("pick-best"))
    assert.same({}, p:problems())
  end)

  it("is kept when somebody edits the migration while the agent works", function()
    if not project.can_confine() then
      return pending("agents cannot be confined here")
    end
    local p <close> = project.new { confined = true }
    assert.equal(6, plan_meanwhile(p, function()
      p.repo:write("migrations/alpha/notes.md", "mine\n")
    end))
    assert.equal("mine\n", p:read("alpha/notes.md"))
    assert.equal("mighost: planning/alpha/approaches", p.repo:git("log", "-1", "--format=%s"))
    tmp.remove(p.path .. "/migrations/alpha/notes.md")
    assert.equal(0, p:plan({ "alpha" }).exit)
    assert.equal(1, p:count("pick-best"))
  end)
end)
