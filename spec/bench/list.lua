--- `list` of many migrations: it reads each manifest and state.

local fixture = require "spec.bench.fixture"
local many = require "spec.bench.many"

return function()
  return many.rows {
    what = "list", args = { "migration", "list" }, limit = 8,
    lines = function(count) return count + 1 end,
    add = fixture.add_planning,
  }
end
