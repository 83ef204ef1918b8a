--- An agent that nothing confines and that reaches beyond its work dir: what it did there is told
--- by name, nothing is published on top of it, and hooks, configuration and state are as they were.

local escapes = require "spec.support.escapes"
local sh = require "spec.support.sh"

--- Makes good what mighost leaves to people, and nothing of what it puts back itself.
local CURE <const> = [[
saved=$1.saved kept=$2/was-put-back
mkdir "$kept"; cp -a .git/hooks .git/config "$kept"; [ ! -e .git/config.worktree ]
cmp .git/more "$saved/.git/more"
find . -mindepth 1 -delete; cp -a "$saved/." .
rm -rf .git/hooks .git/config; cp -a "$kept/." .git
]]

describe("an agent that nothing confines", function()
  local p

  setup(function()
    p = escapes.make()
  end)

  before_each(function()
    escapes.reset(p)
  end)

  teardown(function()
    escapes.close(p)
  end)

  for _, edit in ipairs(escapes.edits) do
    it("is told to have done it: " .. edit[1], function()
      escapes.expect_refused(p, escapes.plan(p, edit[1], "off"), edit[2])
      sh.check { argv = { "sh", "-euc", CURE, "sh", p.path, p.home.path }, cwd = p.path }
      local result = escapes.plan(p, "true", "off")
      assert.equal(0, result.exit, result.stderr)
      assert.same({}, p:problems())
    end)
  end
end)
