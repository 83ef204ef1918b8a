--- Lists the commands, or shows the help of one.

local cli = require "cli"
local commands = require "project.commands"

local INDENT <const> = 2
local GAP <const> = 2

local HEAD <const> = {
  "Usage: mighost COMMAND [ARGUMENT...]",
  "  or:  mighost ./SCRIPT.lua [ARGUMENT...]",
  "",
  "Plans changes to a code base with coding agents, one reviewed and committed step at a time.",
}

--- The commands; of a group, those whose names begin with its words.
local function list_commands(group)
  local list, width = {}, 0
  for _, command in ipairs(commands.list()) do
    if not group or command.name:sub(1, #group + 1) == group .. " " then
      table.insert(list, command)
      width = math.max(width, #command.name)
    end
  end
  return list, width
end

local function write_overview(group)
  local lines = group and { ("Usage: mighost %s COMMAND [ARGUMENT...]"):format(group) }
    or table.move(HEAD, 1, #HEAD, 1, {})
  table.insert(lines, "")
  table.insert(lines, "Commands:")
  local list, width = list_commands(group)
  for _, command in ipairs(list) do
    local line = (" "):rep(INDENT) .. command.name .. (" "):rep(width - #command.name + GAP)
    table.insert(lines, line .. command.purpose)
  end
  table.insert(lines, "")
  table.insert(lines, ("mighost %sCOMMAND --help shows a command's options, with an example.")
    :format(group and group .. " " or ""))
  cli.write(table.concat(lines, "\n") .. "\n")
end

local parser = cli.parser {
  name = "help",
  summary = "Lists the commands.  Given a command, shows its help; given a group such as "
    .. "migration, lists the commands in it.",
  example = { "mighost help", "mighost help migration", "mighost help migration list" },
}
parser:argument("command", "A command or a group."):args("?")
local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
end
write_overview(opts.command)
return 0
