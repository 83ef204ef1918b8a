local accepted = require "planning.accepted"
local migration = require "spec.support.migration"
local program = require "spec.support.program"
local project = require "spec.support.project"

local STEPS <const> = {
  { "approaches", "completed" }, { "pick-best", "completed" }, { "expand", "completed" },
  { "review", "findings" }, { "revise", "completed" }, { "review-2", "clear" },
}

describe("planning.accepted.find", function()
  local m

  before_each(function()
    m = migration.new { steps = STEPS, phases = { "a" } }
  end)

  after_each(function()
    m:__close()
  end)

  it("takes a stage, its n-th acceptance, a number", function()
    local states = require "planning.state"
    local state = assert(states.reopen(m.state, migration.MOMENT))
    state = assert(m:accept(state, "revise", "completed"))
    for word, number in pairs {
      approaches = 1, ["approaches-1"] = 1, ["pick-best"] = 2, ["review"] = 4, ["review-2"] = 6,
      ["review-2-1"] = 6, ["revise"] = 7, ["revise-1"] = 5, ["revise-2"] = 7, ["3"] = 3,
    } do
      assert.equal(number, accepted.find(state, word), word)
    end
  end)

  it("means the second acceptance by review-2 where the stage of that name has none", function()
    local state = { completed_steps = { { name = "review" }, { name = "review" } } }
    assert.equal(2, accepted.find(state, "review-2"))
  end)

  it("refuses what is not there, and says what is", function()
    for _, word in ipairs { "final-review", "revise-2", "revise-0", "0", "7", "1e400", "-1", "" } do
      local number, message, name = accepted.find(m.state, word)
      assert.is_nil(number, word)
      assert.equal(("no step '%s' was accepted; there are: approaches, pick-best, expand, review, "
        .. "revise, review-2"):format(word), message)
      assert.equal("EUSAGE", name)
    end
    assert.matches("there are: none$", select(2, accepted.find({ completed_steps = {} }, "x")))
  end)
end)

describe("planning.accepted", function()
  it("reads outputs and diffs of a plan that went round twice", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T", "--to-end" }
    p:refine { "alpha", "--message", "x" }
    p:refine({ "alpha", "--message", "y" }, { agent = p:script(
      "cd $MIGHOST_WORK_DIR; echo third >plan.md && "
      .. "mv phase-2-part-2.md phase-2-other.md; echo Third.") })
    local opened = p:open()
    assert.equal("Made the second phase precise.\n",
      assert(accepted.output(opened, "alpha", "revise-1")).text)
    local last = assert(accepted.output(opened, "alpha", "revise"))
    assert.same({ "Third.\n", 7, "revise", "high", "migrations/alpha/.planning/stages/"
      .. "revise-2.stdout.md" }, { last.text, last.number, last.name, last.effort, last.stdout })
    local diff = assert(accepted.diff(opened, "alpha", "revise-1", "revise-2"))
    assert.matches("rename from phase-2-part-2.md\nrename to phase-2-other.md\n", diff.text, 1,
      true)
    assert.matches("+third\n", diff.text, 1, true)
    assert.equal(p.repo:head(), diff.to.commit)
    assert.equal(p.repo:git("rev-parse", "HEAD~1"), diff.from.commit)
    local back = assert(accepted.diff(opened, "alpha", "7", "expand"))
    assert.matches("-third\n", back.text, 1, true)
  end)

  it("goes by the steps that stand, after an undo and planning again", function()
    local p <close> = project.new()
    local function expand(words)
      return { agent = p:script(([[. %s/spec/support/agents/planner.sh
        [ "$MIGHOST_STAGE" != expand ] || echo %s >plan.md]]):format(program.root, words)) }
    end
    p:plan({ "alpha", "--target", "T", "--steps", "3" }, expand "undone")
    assert.equal(0, p:run({ "migration", "undo", "alpha", "--to", "pick-best" }).exit)
    local opened = p:open()
    assert.equal("EUSAGE", select(3, accepted.diff(opened, "alpha", "approaches", "expand")))
    p:plan({ "alpha", "--steps", "2" }, expand "again")
    local diff = assert(accepted.diff(opened, "alpha", "pick-best", "expand"))
    assert.matches("+again\n", diff.text, 1, true)
    assert.is_nil(diff.text:find("undone", 1, true))
    assert.equal(p.repo:git("rev-parse", "HEAD~1"), diff.to.commit)
    p:run { "migration", "undo", "alpha" }
    assert.equal(diff.text, assert(accepted.diff(opened, "alpha", "pick-best", "expand")).text)
  end)

  it("shows more files than an argument list can name, and nothing of planning's own", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T", "--steps", "3" }
    local name = ("x"):rep(200)
    local result = p:refine({ "alpha", "--message", "x" }, { agent = p:script(([[
      cd $MIGHOST_WORK_DIR; echo changed >plan.md
      for _ in 1 2 3 4 5 6 7 8 9 10; do mkdir %s; cd %s; done
      seq 1200 | xargs touch; echo done]]):format(name, name)) })
    assert.equal(0, result.exit, result.stderr)
    local diff = assert(accepted.diff(p:open(), "alpha", "expand", "revise"))
    assert.equal(1201, select(2, diff.text:gsub("%f[^\n\0]diff %-%-git ", "")))
    assert.is_nil(diff.text:find("manifest.json", 1, true))
    assert.is_nil(diff.text:find(".planning", 1, true))
  end)

  it("finds the commit of a step whatever came after it", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T", "--steps", "3" }
    local commit = p.repo:head()
    p.repo:write("migrations/alpha/notes.md", "by hand\n")
    p.repo:commit("By hand")
    local diff = assert(accepted.diff(p:open(), "alpha", "expand", "expand"))
    assert.same({ commit, commit, "" }, { diff.from.commit, diff.to.commit, diff.text })
  end)

  it("says what cannot be read", function()
    local p <close> = project.new()
    local opened = p:open()
    for _, ask in ipairs { accepted.output, accepted.diff } do
      assert.equal("ECORRUPT", select(3, ask(opened, "nosuch", "1", "1")))
    end
    p:plan { "alpha", "--target", "T" }
    p.repo:write("migrations/alpha/.planning/state.json", "{")
    local _, message, name, fix = accepted.output(opened, "alpha", "1")
    assert.matches("what was accepted of alpha cannot be read", message)
    assert.same({ "ECORRUPT", "mighost migration doctor alpha" }, { name, fix })
  end)
end)
