--- A person at work while an agent is: nothing of either is lost, and messages say what to do.

local project = require "spec.support.project"
local sh = require "spec.support.sh"

local PLAN <const> = "migrations/alpha/plan.md"

-- Nobody but the kernel can tell a person's edit from the agent's.
local describe_where_confined = project.can_confine() and describe or function(name)
  it(name .. " is told from the agent", function()
    pending("agents cannot be confined here")
  end)
end

describe_where_confined("a person who, while the agent works,", function()
  local p, head

  before_each(function()
    p = project.new { confined = true }
    for _ = 1, 3 do
      local result = p:plan { "alpha", "--target", "T" }
      assert(result.exit == 0, result.stderr)
    end
    head = p.repo:head()
  end)

  after_each(function()
    p:close()
  end)

  --- Lets `act` happen while the agent is asked for a review; the exit code and what was said.
  local function during(act)
    local hold = p:hold "review"
    local run = p:start({ "alpha" }, hold.env)
    hold.arrived()
    act()
    hold.release()
    local code = run.wait()
    return code, p.home:read "err"
  end

  --- The answer was kept: it is published now, without another call.
  local function expect_published()
    local result = p:plan { "alpha" }
    assert.equal(0, result.exit, result.stderr)
    assert.is_truthy(result.stderr:find("review was answered and accepted before", 1, true))
    assert.equal(1, p:count "review")
    assert.equal("mighost: planning/alpha/review", p.repo:git("log", "-1", "--format=%s"))
    assert.same({}, p:problems())
  end

  for what, act in pairs {
    ["collects garbage"] = function()
      p.repo:git("reflog", "expire", "--expire=now", "--all")
      p.repo:git("gc", "-q", "--prune=now")
    end,
    ["resets"] = function()
      p.repo:git("reset", "-q", "--hard")
    end,
    ["cleans everything"] = function()
      p.repo:git("clean", "-qffdx")
    end,
    ["commits something else"] = function()
      p.repo:write("other.txt", "mine\n")
      p.repo:commit("By hand")
    end,
    ["changes branches and comes back"] = function()
      p.repo:git("switch", "-q", "-c", "side")
      p.repo:git("switch", "-q", "main")
    end,
  } do
    it(what .. " is in nobody's way", function()
      local code, said = during(act)
      assert.equal(0, code, said)
      assert.same({}, p:problems())
      assert.equal("mighost: planning/alpha/review", p.repo:git("log", "-1", "--format=%s"))
    end)
  end

  it("edits the migration finds the edit in place, and puts it away as told", function()
    local code, said = during(function()
      p.repo:write(PLAN, "mine\n")
    end)
    assert.equal(6, code)
    assert.is_truthy(said:find("the accepted answer of review is kept", 1, true), said)
    assert.equal("mine\n", p.repo:read(PLAN))
    local result = p:plan { "alpha" }
    assert.equal(6, result.exit)
    assert.is_truthy(result.stderr:find(PLAN, 1, true), result.stderr)
    assert.is_truthy(result.stderr:find("next: git status migrations/alpha", 1, true))
    sh.check { argv = { "sh", "-c", said:match("'(git stash push [^']+)'") }, cwd = p.path }
    expect_published()
    assert.is_truthy(p.repo:git("stash", "show", "-p"):find("+mine", 1, true))
  end)

  it("adds a file to the migration finds it there", function()
    local code = during(function()
      p.repo:write("migrations/alpha/note.md", "mine\n")
    end)
    assert.equal(6, code)
    assert.equal("mine\n", p:read "alpha/note.md")
    assert.equal(head, p.repo:head())
  end)

  it("stages a change finds it staged", function()
    local code, said = during(function()
      local text = p.repo:read(PLAN)
      p.repo:write(PLAN, "mine\n")
      p.repo:git("add", PLAN)
      p.repo:write(PLAN, text)
    end)
    assert.equal(6, code, said)
    assert.equal("mine", p.repo:git("show", ":" .. PLAN))
    sh.check { argv = { "sh", "-c", said:match("'(git restore [^']+)'") }, cwd = p.path }
    expect_published()
  end)

  it("stages something elsewhere finds it staged, and not committed", function()
    local code, said = during(function()
      p.repo:write("other.txt", "mine\n")
      p.repo:git("add", "other.txt")
      p.repo:write("README", "edited\n")
    end)
    assert.equal(0, code, said)
    assert.equal(" M README\nA  other.txt", p.repo:status())
  end)

  it("commits a change of the migration has it published over by nobody", function()
    local code, said = during(function()
      p.repo:write("migrations/alpha/note.md", "mine\n")
      p.repo:commit("By hand")
    end)
    assert.equal(6, code, said)
    assert.equal("By hand", p.repo:git("log", "-1", "--format=%s"))
    local result = p:plan { "alpha" }
    assert.equal(0, result.exit, result.stderr)
    assert.is_truthy(result.stderr:find("set-aside/alpha@", 1, true), result.stderr)
    assert.equal(2, p:count "review")
    assert.equal("mine\n", p:read "alpha/note.md")
    assert.same({}, p:problems())
  end)

  it("commits a change while a step is half published has both trees of it kept", function()
    local program = require "spec.support.program"
    local script = program.root .. "/spec/support/crash_plan.lua"
    assert.equal(77, p:run({ script, "exchange done", "alpha" }).exit)
    sh.check { argv = { "sh", "-c", "cd __transactions__/alpha@* && mv ../../alpha x && "
      .. "mv staged ../../alpha && mv x staged" }, cwd = p.path .. "/migrations" }
    p.repo:write("migrations/alpha/note.md", "mine\n") -- as if it had died before the exchange
    p.repo:commit("By hand")
    local result = p:plan { "alpha" }
    assert.equal(0, result.exit, result.stderr)
    local tree, answer = result.stderr:match("kept in (%S+)\n.*kept in (%S+)\n")
    assert.equal(tree .. "-2", answer) -- the staged tree, and the workspace with its record
    local listed = p:run({ "migration", "doctor", "--set-aside" }).stdout
    assert.is_truthy(listed:find(tree .. "\n", 1, true) and listed:find(answer .. "\n", 1, true))
    assert.equal("mine\n", p:read "alpha/note.md")
    assert.same({}, p:problems())
  end)

  it("changes branches is told which one to change to", function()
    local code, said = during(function()
      p.repo:git("switch", "-q", "-c", "team/side")
    end)
    assert.equal(6, code)
    assert.is_truthy(said:find("'git switch main'", 1, true), said)
    assert.equal(head, p.repo:git("rev-parse", "team/side"))
    p.repo:git("switch", "-q", "main")
    expect_published()
  end)

  it("detaches HEAD is told to go back", function()
    local code, said = during(function()
      p.repo:git("checkout", "-q", "--detach")
    end)
    assert.equal(2, code)
    assert.is_truthy(said:find("HEAD is detached", 1, true), said)
    p.repo:git("switch", "-q", "main")
    expect_published()
  end)

  local function rebase()
    sh.check { argv = { "git", "-C", p.path, "rebase", "-q", "-i", "HEAD~1" },
      env = { GIT_SEQUENCE_EDITOR = "sed -i -e 's/^pick/edit/'" } }
  end

  it("begins a rebase is not disturbed by it", function()
    local code, said = during(rebase)
    assert.equal(6, code)
    assert.is_truthy(said:find("a git rebase is under way", 1, true), said)
    local result = p:plan { "alpha" }
    assert.equal(6, result.exit, result.stderr)
    p.repo:git("rebase", "--abort")
    expect_published()
  end)

  it("has a merge conflict in the migration resolves it first", function()
    p.repo:git("switch", "-q", "-c", "other", "HEAD~1")
    p.repo:write(PLAN, "another\n")
    p.repo:commit("Another")
    p.repo:git("switch", "-q", "main")
    local code, said = during(function()
      sh.run { argv = { "git", "-C", p.path, "merge", "-q", "other" } }
    end)
    assert.equal(6, code)
    assert.is_truthy(said:find("a git merge is under way", 1, true), said)
    assert.is_truthy(p.repo:read(PLAN):find("<<<<<<<", 1, true))
    p.repo:git("merge", "--abort")
    expect_published()
  end)

  it("has removed the migration keeps it removed, and is told", function()
    local code, said = during(function()
      sh.check { argv = { "rm", "-rf", p.path .. "/migrations/alpha" } }
    end)
    assert.equal(6, code, said)
    assert.is_false(p.repo.dir:exists "migrations/alpha")
    p.repo:git("checkout", "-q", "--", "migrations/alpha")
    expect_published()
  end)
end)

describe("a plan", function()
  it("is refused before an agent is asked during a rebase", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    sh.check { argv = { "git", "-C", p.path, "rebase", "-q", "-i", "HEAD~1" },
      env = { GIT_SEQUENCE_EDITOR = "sed -i -e 's/^pick/edit/'" } }
    local result = p:plan { "alpha" }
    assert.equal(6, result.exit)
    assert.is_truthy(result.stderr:find("a rebase is under way", 1, true), result.stderr)
    assert.same({ "approaches 1" }, p:calls())
  end)

  it("is refused before an agent is asked beside the older tool's lock", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    p.repo:write("migrations/__transactions__/.lock/owner.json",
      '{"pid": 4194303, "operation": "planning.expand"}')
    for _, args in ipairs { { "alpha" }, { "--target", "Another" }, {} } do
      local result = p:plan(args)
      assert.equal(5, result.exit, result.stderr)
      assert.is_truthy(result.stderr:find("pid 4194303, planning.expand", 1, true), result.stderr)
      assert.is_truthy(result.stderr:find("next: mighost migration doctor --repair", 1, true))
    end
    assert.same({ "approaches 1" }, p:calls())
    assert.equal(0, p:run({ "migration", "doctor", "--repair" }).exit)
    assert.equal(0, p:plan({ "alpha" }).exit)
  end)
end)
