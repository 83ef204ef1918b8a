local context = require "planning.context"
local fs = require "host.fs"
local tables = require "lib.tables"
local tmp = require "spec.support.tmp"

local function build(dir, more)
  local opened = assert(fs.open_dir(dir.path))
  local source = tables.copy({
    slug = "alpha", step = "revise", visit = 2, work_dir = dir.path, live_dir = "/live/alpha",
    repo_root = "/repo", published = "migrations/alpha", taste = "nice",
    effort = { label = "high" }, dir = opened,
    files = { "approaches/a.md", "approaches/b.md", "phase-1-x.md", "plan.md" },
    manifest = {
      phases = { { name = "x", file = "phase-1-x.md", precondition = "p", done = false } },
    },
    state = {
      target = "T", feedback = { { text = "more", source = "message", received_at = "" } },
      review_findings = "migrations/alpha/.planning/stages/review.stdout.md",
      completed_steps = {
        { name = "review", outcome = "findings", stdout = "migrations/alpha/old.md" },
        { name = "review", outcome = "findings",
          stdout = "migrations/alpha/.planning/stages/review.stdout.md" },
      },
    },
  }, more)
  return context.build(source), opened
end

local function fill(dir)
  dir:write("approaches/a.md", "A")
  dir:write("approaches/b.md", "B")
  dir:write("phase-1-x.md", "phase")
  dir:write("plan.md", "plan")
  dir:write("old.md", "old")
  dir:write(".planning/stages/review.stdout.md", "1. found\n")
end

describe("planning.context", function()
  it("holds what a stage may know", function()
    local dir <close> = tmp.dir()
    fill(dir)
    local ctx, opened <close> = build(dir)
    assert.equal("T", ctx.target)
    assert.equal(2, ctx.visit)
    assert.equal("plan", ctx.plan)
    assert.equal("high", ctx.effort.label)
    assert.equal("nice", ctx.taste)
    assert.equal("B", ctx.approaches[2].text)
    assert.equal("b", ctx.approaches[2].name)
    assert.equal("phase", ctx.phases[1].text)
    assert.equal("1. found\n", ctx.answers.review.text)
    assert.equal("1. found\n", ctx.extra.review_findings)
    assert.equal("more", ctx.feedback[1].text)
    assert.is_truthy(opened)
  end)

  it("can be looped over and counted, but not changed", function()
    local dir <close> = tmp.dir()
    fill(dir)
    local ctx, opened <close> = build(dir)
    local names = {}
    for _, approach in ipairs(ctx.approaches) do
      table.insert(names, approach.name)
    end
    assert.same({ "a", "b" }, names)
    assert.equal(2, #ctx.approaches)
    local seen = {}
    for key in pairs(ctx.effort) do
      seen[key] = true
    end
    assert.same({ label = true }, seen)
    for _, change in ipairs {
      function() ctx.target = "other" end,
      function() ctx.approaches[3] = {} end,
      function() ctx.phases[1].done = true end,
    } do
      assert.has_error(change)
    end
    ctx.files()[1] = "changed"
    assert.equal("approaches/a.md", ctx.files()[1])
    assert.is_truthy(opened)
  end)

  it("has no plan and no answers before there are any", function()
    local dir <close> = tmp.dir()
    local ctx, opened <close> = build(dir, { files = {}, manifest = { phases = {} },
      state = { target = "T", feedback = {}, completed_steps = {} } })
    assert.is_nil(ctx.plan)
    assert.equal(0, #ctx.approaches)
    assert.is_nil(ctx.answers.review)
    assert.is_nil(ctx.extra.review_findings)
    assert.is_truthy(opened)
  end)

  it("reads only inside the workspace, and only so much", function()
    local dir <close> = tmp.dir()
    fill(dir)
    dir:write("big", ("x"):rep((1 << 20) + 1))
    dir:symlink("/etc/passwd", "link")
    local ctx, opened <close> = build(dir)
    assert.equal("plan", ctx.read "plan.md")
    for _, path in ipairs { "../x", "a/../../x", "/etc/passwd", "", "big", "link", "missing" } do
      local text, why = ctx.read(path)
      assert.is_nil(text, path)
      assert.is_string(why)
    end
    assert.is_nil((ctx.read(nil)))
    assert.is_truthy(opened)
  end)
end)
