--- `doctor --all` of many sound migrations, every other one ready: it reads each manifest, the
--- state of those in planning, and the phase files of the others.

local fixture = require "spec.bench.fixture"
local many = require "spec.bench.many"

return function()
  return many.rows {
    what = "doctor", args = { "migration", "doctor", "--all" }, limit = 15,
    lines = function() return 0 end,
    add = function(repo, number)
      return (number % 2 == 1 and fixture.add_planning or fixture.add_ready)(repo, number)
    end,
  }
end
