local consistency = require "planning.consistency"
local registry = require "planning.registry"
local samples = require "planning.inspect_sample"
local tmp = require "spec.support.tmp"

local function context(dir, wish)
  wish.place, wish.root, wish.step = dir:join("work"), "/root", "ours"
  wish.globs, wish.steps = wish.globs or {}, wish.steps or {}
  local sample = assert(samples.context(wish))
  sample.dir:close()
  return sample.ctx
end

describe("planning.inspect_sample", function()
  it("has no plan, phase or approach that was not wished for", function()
    local dir <close> = tmp.dir()
    local ctx = context(dir, {})
    assert.is_nil(ctx.plan)
    assert.equal(0, #ctx.phases)
    assert.equal(0, #ctx.approaches)
    assert.same({}, ctx.files())
    assert.equal(1, ctx.visit)
    assert.is_nil(ctx.taste)
    assert.is_nil(next(ctx.answers))
  end)

  it("has the files that globs mean, whatever they are called", function()
    local dir <close> = tmp.dir()
    local ctx = context(dir, { globs = { "plan.md", "phase-*.md", "approaches/*.md",
      "notes/**/risk-?.txt", "**" } })
    assert.matches("^# Plan", ctx.plan)
    assert.equal(3, #ctx.phases)
    assert.equal("Tests are green.", ctx.phases[1].precondition)
    assert.equal(2, #ctx.approaches)
    assert.is_truthy(table.concat(ctx.files(), " "):find("notes/risk-x.txt", 1, true))
  end)

  it("has blank files, and the answers of stages before", function()
    local dir <close> = tmp.dir()
    local ctx = context(dir, { globs = { "plan.md" }, is_blank = true, steps = { "approaches" } })
    assert.equal("\n", ctx.plan)
    assert.matches("answered", ctx.answers.approaches.text)
  end)

  it("has all that a later visit may see", function()
    local dir <close> = tmp.dir()
    local ctx = context(dir, { steps = { "a", "b" }, is_rich = true })
    assert.equal(3, ctx.visit)
    assert.equal(2, #ctx.feedback)
    assert.is_string(ctx.taste)
    assert.equal(ctx.answers.b.text, ctx.extra.review_findings)
  end)

  it("makes migrations that rules meet, the sound ones sound", function()
    local dir <close> = tmp.dir()
    local made = assert(samples.migrations(dir:join("m")))
    local rules = registry.new(nil, { installed = true })
    for index, sample in ipairs(made) do
      local opened <close> = assert(samples.open(sample.path))
      local findings = assert(consistency.check(opened, { slug = samples.SLUG,
        mode = "ready-publish", registry = rules, published = "migrations/sample" }))
      local is_sound = #findings == 0
      assert.equal(index == 2 or index == 3, is_sound, sample.about)
    end
  end)

  it("gives agents a call with everything in it", function()
    local call = samples.call("/x")
    for _, field in ipairs { "role", "stage", "prompt", "model", "effort", "work_dir", "artifacts",
      "agent_command", "env", "temp" } do
      assert.is_truthy(call[field], field)
    end
  end)
end)
