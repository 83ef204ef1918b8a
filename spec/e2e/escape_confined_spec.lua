--- An agent that is confined and tries to reach beyond its work dir: it cannot, or is told to have
--- done what no kernel keeps it from.

local escapes = require "spec.support.escapes"
local sys = require "host.sys"

describe("an agent that is confined", function()
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
    it(("%s: %s"):format(edit[3] and "is told to have done it" or "cannot do it", edit[1]),
      function()
        if sys.sandbox() ~= "full" then
          return pending("this system has no full Landlock")
        end
        local result = escapes.plan(p, edit[1], "auto")
        if edit[3] then
          return escapes.expect_refused(p, result, edit[2])
        end
        assert.equal(0, result.exit, result.stderr)
        assert.same({}, p:problems())
      end)
  end
end)
