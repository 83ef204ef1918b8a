--- A migration whose process died between the two renames of a file system without an exchange.

local between = require "planning.between"
local project = require "spec.support.project"
local program = require "spec.support.program"
local sh = require "spec.support.sh"

local CRASH <const> = program.root .. "/spec/support/crash_plan.lua"
local DEAD <const> = 77

--- Lets a process die after its exchange, and makes of it what two renames would have left.
local function die_between(p)
  assert.equal(0, p:plan({ "alpha", "--target", "T" }).exit)
  assert.equal(DEAD, p:run({ CRASH, "exchange done", "alpha" }).exit)
  sh.check { argv = { "sh", "-ec", [[cd migrations/__transactions__/alpha@*
    mv staged old && mv ../../alpha staged && rm -rf "$0"/*/work/*/*/accepted]],
    p:open().state_home .. "/projects" }, cwd = p.path }
  assert.is_false(p.repo.dir:exists("migrations/alpha"))
end

local AGENT <const> = { "--with", "command", "--agent-command", "true" }

describe("planning.between", function()
  for what, args in pairs {
    ["a plan that names it"] = { "plan", "alpha" },
    ["a plan that names none"] = { "plan" },
    undo = { "migration", "undo", "alpha" },
    ["undo of its path"] = { "migration", "undo", "migrations/alpha" },
    refine = { "migration", "refine", "alpha", "--message", "Better", table.unpack(AGENT) },
    review = { "migration", "review", "alpha", table.unpack(AGENT) },
  } do
    it("brings a migration back before " .. what, function()
      local p <close> = project.new()
      die_between(p)
      local result = args[1] == "plan" and p:plan { args[2] } or p:run(args)
      assert.is_truthy(result.stderr:find("interrupted process was finished", 1, true),
        result.stderr)
      assert.is_nil(result.stderr:find("there is no migration", 1, true))
      assert.is_true(p.repo.dir:exists("migrations/alpha/manifest.json"))
      if args[2] ~= "refine" and args[2] ~= "review" then -- for which it is too early
        assert.equal(0, result.exit, result.stderr)
        assert.same({}, p:problems())
      end
    end)
  end

  it("changes nothing in a dry run", function()
    local p <close> = project.new()
    die_between(p)
    for _, args in ipairs { { "plan", "alpha", "--dry-run" },
      { "migration", "undo", "alpha", "--dry-run" } } do
      p:run(args)
      assert.is_false(p.repo.dir:exists("migrations/alpha"))
    end
  end)

  it("lets alone what a living process works on, and has nothing to do as a rule", function()
    local p <close> = project.new()
    assert.is_true(between.settle(p:open(), error))
    die_between(p)
    local opened = p:open()
    local repo <close> = assert(require("host.repo").open(p.path))
    local site <close> = assert(require("planning.commit").open(opened, repo))
    do
      local lease <close> = assert(site:lease("alpha", "plan"))
      assert.is_true(between.settle(opened, error, "alpha"))
      assert.is_truthy(lease)
    end
    assert.is_false(p.repo.dir:exists("migrations/alpha"))
    local told = {}
    assert.is_true(between.settle(opened, function(event)
      table.insert(told, event.kind)
    end, "alpha"))
    assert.same({ "recovered" }, told)
    assert.is_true(p.repo.dir:exists("migrations/alpha"))
  end)
end)
