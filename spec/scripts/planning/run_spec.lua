local project = require "spec.support.project"
local run = require "planning.run"

local function plan(p, more)
  local steps = {}
  local opts = {
    slug = "alpha", target = "T", with = "command", agent_command = p:agent_command(),
    sandbox = "off", -- the scripted agent writes its log
    on_step = function(step)
      table.insert(steps, step.step)
    end,
  }
  for key, value in pairs(more or {}) do
    opts[key] = value or nil
  end
  local results = table.pack(run.plan(p:open(), opts))
  return results[1], steps, { message = results[2], name = results[3], fix = results[4] }
end

describe("planning.run", function()
  it("takes one step by default", function()
    local p <close> = project.new()
    local result, steps = plan(p)
    assert.same({ "approaches" }, steps)
    assert.same({ "alpha", "planning", 1 }, { result.slug, result.stands, #result.steps })
    assert.matches("/runs/", result.artifacts)
  end)

  it("takes as many as asked for, and no more than there are", function()
    local p <close> = project.new()
    assert.same({ "approaches", "pick-best", "expand" }, (select(2, plan(p, { steps = 3 }))))
    local result, steps = plan(p, { steps = 9 })
    assert.same({ "review", "final-review" }, steps)
    assert.equal("ready", result.stands)
    result, steps = plan(p)
    assert.same({}, steps)
    assert.same({ "nothing", "alpha is ready: nothing to plan" }, { result.stands, result.message })
  end)

  it("goes on to the end", function()
    local p <close> = project.new()
    local result, steps = plan(p, { to_end = true,
      agent_command = p:agent_command { PLANNER_DECISION = "approve-needs-human - look" } })
    assert.equal(5, #steps)
    assert.equal("awaiting-human", result.stands)
  end)

  it("tells each step when its commit is made, before it clears up", function()
    local p <close> = project.new()
    local heads = {}
    plan(p, { to_end = true, on_step = function(step)
      table.insert(heads, step.commit == p.repo:head())
    end })
    assert.same({ true, true, true, true, true }, heads)
  end)

  it("stops at the first step that fails, and keeps the others", function()
    local p <close> = project.new()
    local result, steps, failure = plan(p, { to_end = true,
      agent_command = p:agent_command { PLANNER_DECISION = "perhaps" } })
    assert.is_nil(result)
    assert.equal(4, #steps)
    assert.equal("EJUDGE", failure.name)
    assert.equal("mighost: planning/alpha/review", p.repo:git("log", "-1", "--format=%s"))
  end)

  it("has nothing to do without a migration, and names none", function()
    local p <close> = project.new()
    local result = plan(p, { slug = false, target = false })
    assert.same({ "nothing", "nothing to plan" }, { result.stands, result.message })
    assert.is_nil(result.slug)
    assert.is_false(p.home:exists("state/mighost/runs"))
  end)

  it("refuses before it makes anything", function()
    local p <close> = project.new()
    for name, more in pairs {
      EAGENT = { with = "oracle" }, EUSAGE = { slug = "a b" },
    } do
      local result, _, failure = plan(p, more)
      assert.is_nil(result)
      assert.equal(name, failure.name)
    end
    p.repo:write(".mighost/rules/own.lua", "error()")
    assert.equal("EUNTRUSTED", (select(3, plan(p))).name)
    assert.is_false(p.home:exists("state/mighost"))
  end)
end)
