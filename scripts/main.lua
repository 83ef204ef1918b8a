--- Finds the script that the command line names, runs it, and turns its end into an exit code.
--- A word with a "/" is a file; other words name a command: `migration list` is migration/list.lua.

local EXIT_FAILED <const> = 1
local EXIT_USAGE <const> = 2
local EXIT_INTERNAL <const> = 12
local EXIT_MAX <const> = 255
local BYTECODE <const> = "\27"
local BYTE_ORDER_MARK <const> = "\239\187\191"

--- Whether an option is among the arguments before `--`.
local function has_option(words, name)
  for _, word in ipairs(words) do
    if word == "--" or word == name then
      return word == name
    end
  end
  return false
end

local function refuse(message, fix)
  return require("cli").end_early(message, EXIT_USAGE, fix)
end

--- Compiles source text.  A `#!` line is for the kernel and is skipped.
local function compile(text, path, env)
  if text:sub(1, 1) == BYTECODE then
    return nil, path .. ": it is compiled; only source text runs"
  elseif text:sub(1, #BYTE_ORDER_MARK) == BYTE_ORDER_MARK then
    return nil, path .. ": it starts with a byte order mark; remove these three bytes"
  end
  local chunk, why = load((text:gsub("^#[^\n]*", "", 1)), "@" .. path, "t", env)
  -- Lua shortens a long path; people need the whole one.
  return chunk, why and why:gsub("^.-(:%d+: )", (path:gsub("%%", "%%%%")) .. "%1", 1)
end

local function to_exit_code(value, script)
  if value == nil or value == true then
    return 0
  elseif math.type(value) == "integer" and value >= 0 and value <= EXIT_MAX then
    return value
  end
  return require("cli").end_early(("%s returned %s, not an exit code from 0 to 255"):format(
    script.path, tostring(value)), EXIT_FAILED)
end

--- A script found in a folder of scripts may have helpers beside it.
local function environment(script)
  if script.layer ~= "project" and script.layer ~= "user" then
    return _G
  end
  return require("project.helpers").environment(
    require("project.search").modules(script, script.project), compile)
end

local function run(script, args, running)
  local chunk, why = compile(script.text, script.path, environment(script))
  if not chunk then
    return refuse("cannot load the script " .. why)
  end
  running.layer = script.layer
  _G.arg = table.move(args, 1, #args, 1, { [0] = script.path })
  return to_exit_code(chunk(table.unpack(args)), script)
end

--- A file named by its path may be anything that can be read: a pipe of the shell's too.
local function read_file(path)
  local file <close>, why = io.open(path, "rb")
  if not file then
    return nil, why
  end
  local text, trouble = file:read("a")
  if not text then
    return nil, path .. ": " .. trouble
  end
  return { path = path, text = text, layer = "file" }
end

local function run_file(words, running)
  local script, why = read_file(words[1])
  if script then
    return run(script, table.move(words, 2, #words, 1, {}), running)
  end
  local command = require("project.commands").installed_as(words[1])
  return refuse("cannot read the script " .. why, command and "mighost " .. command)
end

local function run_command(words, running)
  local commands = require "project.commands"
  local group = commands.find_group(words)
  if group then
    words = { "help", group }
  end
  local cli = require "cli"
  cli.expect_json(words)
  local script, message, name, fix = commands.resolve(words)
  if not script then
    return cli.end_early(message, require("lib.exit").code(name), fix)
  end
  if script.layer ~= "installed" then
    cli.expect_json {} -- what it says on stdout is its author's business
  end
  for _, note in ipairs(script.notes) do
    cli.note({}, note)
  end
  return run(script, table.move(words, script.used + 1, #words, 1, {}), running)
end

local function main(words, running)
  if words[1] == "help" and #words > 1 then
    table.insert(words, table.remove(words, 1) and "--help")
  end
  local first = words[1] or "--help"
  if first == "--help" or first == "-h" then
    words[1] = "help"
  elseif first == "--version" then
    require("cli").write("mighost " .. require("host.sys").version().mighost .. "\n")
    return 0
  elseif first:find("/", 1, true) then
    return run_file(words, running)
  elseif first:sub(1, 1) == "-" then
    return refuse(first .. ": options come after the command", "mighost --help")
  end
  return run_command(words, running)
end

--- Runs where the error was raised: only there can a traceback show where the bug is.
local function describe_error(value)
  if type(value) == "table" and value.name then
    return value
  end
  return { bug = debug.traceback(tostring(value), 2) }
end

--- A script of mighost's own shows a traceback only when asked; the author of any other needs it.
local function end_with_bug(bug, running, command)
  local cli = require "cli"
  if running.layer ~= "installed" then
    return cli.end_early(bug, EXIT_FAILED)
  elseif command.verbose then
    return cli.end_early("internal error: " .. bug, EXIT_INTERNAL)
  end
  return cli.end_early("internal error: " .. bug:match("^[^\n]*"), EXIT_INTERNAL,
    command.line .. " --verbose")
end

local function end_badly(ending, running, command)
  if ending.bug then
    return end_with_bug(ending.bug, running, command)
  end
  local cli = require "cli"
  local message, fix = ending.message or ending.name, ending.fix
  if ending.name == "EINTERRUPTED" then
    message, fix = "interrupted", cli.resume_command() or command.line
  end
  return cli.end_early(message, require("lib.exit").code(ending.name, ending.signal), fix)
end

local words = { ... }
local running = { layer = "installed" } -- whose script runs decides how a bug is told
local ok, value = xpcall(main, describe_error, words, running)
if ok then
  return value
end
return end_badly(value, running, {
  line = "mighost " .. require("lib.quote").words({ ... }),
  verbose = has_option(words, "--verbose"),
})
