--- Completions for shells, made from the parsers of all commands: lua-argparse writes them from one
--- parser that has the others as its commands.  It cannot build one from finished parsers, so
--- their options are put into its private fields; the spec notices when these change.

local argparse = require "argparse"

local cli = require "cli"

-- Words that are not commands by themselves.
local GROUPS <const> = { migration = "Inspect and steer plans." }


--- The command of this name beneath a parser, made where it is missing.
local function find_command(parser, name)
  for _, command in ipairs(parser._commands) do
    if command._name == name then
      return command
    end
  end
  return parser:command(name, GROUPS[name]):add_help(false)
end

--- Puts a command's own parser beneath the common one.
local function graft(root, words, purpose, parser)
  local at = root
  for word in words:gmatch("%S+") do
    at = find_command(at, word)
  end
  at:summary(purpose):description(purpose):add_help(false)
  at._options, at._arguments, at._mutexes = parser._options, parser._arguments, parser._mutexes
end

local M = {}

--- One parser for everything that `mighost` understands.
---@param commands {name: string, purpose: string, chunk: fun(): integer}[]
---@return table parser of lua-argparse
function M.parser(commands)
  local root = argparse("mighost", "Plans and runs changes of a code base with coding agents.")
  root:add_help(false)
  root:flag("-h --help", "Show the commands.")
  root:flag("--version", "Show the version.")
  for _, command in ipairs(commands) do
    local parser = cli.parser_of(command.chunk)
    if parser then
      graft(root, command.name, command.purpose, parser)
    end
  end
  return root
end

return M
