--- From the start of the process to the first line of a script, and `list` where there is nothing.

local git = require "spec.support.git"
local measure = require "spec.bench.measure"
local program = require "spec.support.program"

local YARDSTICK <const> = "lua5.4 -e ''"
local LIMIT <const> = 4

return function()
  local repo <close> = git.repo()
  repo:write("empty.lua", "return 0\n")
  assert(program.run({ args = { "init" }, cwd = repo.path }).exit == 0)
  local inside = "cd " .. measure.line(repo.path) .. " && "
  local commands = {
    { name = YARDSTICK, line = measure.line("lua5.4", "-e", "") },
    { name = "mighost ./empty.lua", line = inside .. measure.line(program.exe, "./empty.lua") },
    { name = "list of an empty live directory",
      line = inside .. measure.line(program.exe, "migration", "list") },
  }
  local medians = measure.medians(commands, { rounds = 21, count = 20 })
  local rows = {}
  for i = 2, #commands do
    local name = commands[i].name
    table.insert(rows, { what = name, seconds = medians[name], against = YARDSTICK,
      other = medians[YARDSTICK], limit = LIMIT })
  end
  return rows
end
