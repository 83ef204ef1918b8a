--- The spec of the rule rollback: mighost .mighost/spec/rollback.lua

local mighost = require "mighost"

local HERE <const> = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$")

local project = assert(mighost.open {})
local rule = assert(mighost.load(project, "rule", "rollback"))

--- What the rule finds in a migration whose phases are files in recordings/.
local function find(mode, ...)
  local phases, found = {}, {}
  for i, name in ipairs { ... } do
    phases[i] = { name = name, file = name }
  end
  rule.check({
    mode = mode,
    manifest = { phases = phases },
    read = function(path)
      local file <close> = io.open(HERE .. "/../recordings/rollback/" .. path)
      return file and file:read("a")
    end,
  }, function(finding)
    table.insert(found, finding)
  end)
  return found
end

assert(#find("ready-publish", "phase-1-good.md") == 0)
local found = find("ready-publish", "phase-1-good.md", "phase-2-bad.md", "phase-3-gone.md")
assert(#found == 1 and found[1].path == "phase-2-bad.md" and found[1].severity == "error")
assert(find("doctor", "phase-2-bad.md")[1].severity == "warning")

print("rollback: ok")
return 0
