--- Lists the commands, or shows the help of one.

local cli = require "cli"
local commands = require "project.commands"

local INDENT <const> = 2
local GAP <const> = 2

local function write_overview()
  local width = 0
  local list = commands.list()
  for _, command in ipairs(list) do
    width = math.max(width, #command.name)
  end
  local lines = {
    "Usage: mighost COMMAND [ARGUMENT...]",
    "       mighost ./SCRIPT.lua [ARGUMENT...]",
    "",
    "Plans changes of a code base with coding agents, one accepted and committed step at a time.",
    "",
    "Commands:",
  }
  for _, command in ipairs(list) do
    local line = (" "):rep(INDENT) .. command.name .. (" "):rep(width - #command.name + GAP)
    table.insert(lines, line .. command.purpose)
  end
  table.insert(lines, "")
  table.insert(lines, "mighost COMMAND --help shows the options of one, with an example.")
  cli.write(table.concat(lines, "\n") .. "\n")
end

local parser = cli.parser {
  name = "help",
  summary = "Lists the commands; with the words of a command after it, shows the help of that one.",
  example = { "mighost help", "mighost help migration list" },
}
local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
end
write_overview()
return 0
