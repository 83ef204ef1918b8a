--- What every command shares: options, help, notes, errors, the JSON answer.
---
---   local parser = cli.parser { name = "migration show", summary = "Shows one migration.",
---     example = "mighost migration show retire-the-old-parser", json = true }
---   parser:argument("slug", "The migration.")       -- anything of lua-argparse
---   local project, code, opts = cli.enter(parser, { ... }, mighost.open)
---   if not project then return code end             -- help was shown, or something is wrong
---   ...
---   return cli.answer(opts, 0, data)                -- with --json the document, else nothing
---
--- stdout is data and only cli.write writes it; everything else goes to stderr.

local SCHEMA <const> = 1
local CONTINUED <const> = "    "

-- What must be known when a command ends without returning: after an interruption or a bug.
local session = {}

--- Whether an option is among the words before `--`.
local function has_word(words, ...)
  local wanted = { ... }
  for _, word in ipairs(words) do
    if word == "--" then
      return false
    end
    for _, name in ipairs(wanted) do
      if word == name then
        return true
      end
    end
  end
  return false
end

--- Only for people: control characters must not reach the terminal, line ends may.
local function to_lines(message)
  local text = require "lib.text"
  local lines = {}
  for line in (message .. "\n"):gmatch("([^\n]*)\n") do
    table.insert(lines, (text.printable((line:gsub("\t", "  ")))))
  end
  return table.concat(lines, "\n")
end

--- Lines after the first are indented, so that a name with a line end in it cannot pass for
--- a message of mighost's.
local function to_message(message)
  return (to_lines(message):gsub("\n", "\n" .. CONTINUED))
end

local function write_error(message, fix)
  io.stderr:write("mighost: ", to_message(message), "\n")
  if fix then
    io.stderr:write("  next: ", to_message(fix), "\n")
  end
end

local function try_write(text)
  local ok, why = io.stdout:write(text)
  if ok then
    ok, why = io.stdout:flush()
  end
  return ok, why
end

local function label_root()
  return { "-C DIR, --repo-root DIR" }
end

local M = {}

--- Where the output of a team's scripts goes; see mighost.open.
local function show_printed(opts)
  return function(line, path)
    M.note(opts, ("%s: %s"):format(path:match("[^/]*/[^/]*$"), line))
  end
end

---@class mighost.cli.Opts   what cli.parse gives, besides the command's own options
---@field repo_root? string
---@field json? boolean
---@field quiet? boolean
---@field verbose? boolean
---@field no_color? boolean
---@field on_print fun(line: string, path: string)   tells people what the scripts of teams print

---@class mighost.cli.Command
---@field name string
---@field summary string
---@field example string|string[]
---@field json? boolean                        whether it has --json
---@field options? fun(parser: table)          adds options; see cli.parse

--- A lua-argparse parser with the options that every command has.
---@param def mighost.cli.Command
---@return table parser
function M.parser(def)
  local argparse = require "argparse"
  local examples = type(def.example) == "table" and def.example or { def.example }
  local parser = argparse("mighost " .. def.name, def.summary,
    "Example:\n  $ " .. table.concat(examples, "\n  $ "))
  parser:add_help(false)
  parser:help_max_width(80)
  parser:flag("-h --help", "Show this help.")
  local root = parser:option("-C --repo-root", "Work on the repository that holds DIR.")
  root:argname("DIR")
  root._get_label_lines = label_root -- lua-argparse would set the names one below the other
  if def.json then
    parser:flag("--json", "Print one JSON document on stdout.")
  end
  parser:flag("-q --quiet", "No notes and no progress.")
  parser:flag("--verbose", "Say more; show tracebacks of internal errors.")
  parser:flag("--no-color", "No colour (so does NO_COLOR).")
  if def.options then
    def.options(parser)
  end
  session.command = def.name
  session.can_json = def.json
  return parser
end

--- Reads the arguments.  Without opts the command is over and the second value is its exit code.
---
--- A command that needs no argument and has no defaults may give its definition instead of a
--- parser: without arguments there is nothing to parse then, and loading lua-argparse is a third of
--- the time that such a command takes.
---@param command table   a parser, or a mighost.cli.Command with `options`
---@param args string[]
---@return mighost.cli.Opts? opts, integer? code
function M.parse(command, args)
  if command.options and #args == 0 and not session.on_parser then
    return { on_print = show_printed {} }
  end
  local parser = command.options and M.parser(command) or command
  if session.on_parser then
    session.on_parser(parser)
    return nil, 0
  end
  session.json = session.can_json and has_word(args, "--json")
  if has_word(args, "-h", "--help") then
    M.write(parser:get_help() .. "\n")
    return nil, 0
  end
  -- lua-argparse wants its error function never to return: the coroutine it runs in is left there.
  local step = coroutine.wrap(function()
    return parser:parse(args)
  end)
  function parser.error(_, message)
    coroutine.yield(nil, message)
  end
  local opts, message = step()
  if not opts then
    return nil, M.fail({}, session.command .. ": " .. message, "EUSAGE",
      "mighost " .. session.command .. " --help")
  elseif opts.help then
    M.write(parser:get_help() .. "\n")
    return nil, 0
  end
  opts.on_print = show_printed(opts)
  return opts
end

--- The start of a command that works on a project: reads the arguments, then opens the project.
--- Without one the command is over and the second value is its exit code.
---@generic P
---@param command table   as for `parse`
---@param args string[]
---@param open fun(opts: mighost.cli.Opts): P?, string?, string?, string?   mighost.open
---@return P? project, integer? code, mighost.cli.Opts? opts
function M.enter(command, args, open)
  local opts, code = M.parse(command, args)
  if not opts then
    return nil, code
  end
  local project, message, name, fix = open(opts)
  if not project then
    return nil, M.fail(opts, message, name, fix), opts
  end
  return project, nil, opts
end

--- Runs a command only as far as its parser, and returns that.
---@param command fun(): integer   the chunk of a command
---@return table|nil parser
function M.parser_of(command)
  local found
  session.on_parser = function(parser)
    found = parser
  end
  command()
  session.on_parser = nil
  return found
end

--- Writes data to stdout, now; when that fails the command ends with exit code 1.
---@param text string
function M.write(text)
  local ok, why = try_write(text)
  if not ok then
    error({ name = "EIO", message = "cannot write to standard output: " .. why })
  end
end

--- Writes rows as tab-separated values.  On a terminal control characters are made harmless.
---@param rows string[][]
function M.write_rows(rows)
  local tsv = require "lib.tsv"
  local on_terminal = require("host.sys").isatty(1)
  local lines = {}
  for i, row in ipairs(rows) do
    if on_terminal then
      row = table.move(row, 1, #row, 1, {})
      for j, value in ipairs(row) do
        row[j] = require("lib.text").printable(value)
      end
    end
    lines[i] = tsv.row(row) .. "\n"
  end
  M.write(table.concat(lines))
end

--- Writes a text as it is.  On a terminal control characters are made harmless, line by line.
---@param text string
function M.write_text(text)
  if text ~= "" and require("host.sys").isatty(1) then
    text = to_lines((text:gsub("\n$", ""))) .. "\n"
  end
  M.write(text)
end

--- A remark on stderr, for people; nothing with --quiet.
---@param opts mighost.cli.Opts
---@param message string
function M.note(opts, message)
  if not opts.quiet then
    io.stderr:write("mighost: ", to_message(message), "\n")
  end
end

--- A remark that only --verbose shows.
---@param opts mighost.cli.Opts
---@param message string
function M.detail(opts, message)
  if opts.verbose then
    io.stderr:write("mighost: ", to_message(message), "\n")
  end
end

--- The JSON answer of every command that has --json.  `code` is the exit code.
---@param code integer
---@param message? string
---@param fix? string   a command to run next
---@param data? table
---@return string
function M.envelope(code, message, fix, data)
  local json = require "lib.json"
  return json.encode({
    schema = SCHEMA,
    ok = code == 0,
    code = code,
    message = message or json.null,
    fix = fix or json.null,
    data = data or json.null,
  }) .. "\n"
end

--- The end of a command that did its work: with --json prints the document, else nothing.
---@param opts mighost.cli.Opts
---@param code integer
---@param data? table
---@param message? string
---@param fix? string
---@return integer code
function M.answer(opts, code, data, message, fix)
  if opts.json then
    session.json = false
    M.write(M.envelope(code, message, fix, data))
  end
  return code
end

local function end_with(message, code, fix, data)
  write_error(message, fix)
  if session.json then
    session.json = false
    try_write(M.envelope(code, message, fix, data)) -- the code tells of a failure already
  end
  return code
end

--- The end of a command that failed.
---@param opts mighost.cli.Opts
---@param message string
---@param name? string   EBUSY, ECONFIG, …
---@param fix? string    a command to run next
---@param data? table
---@return integer code  the exit code that belongs to `name`
function M.fail(opts, message, name, fix, data)
  if opts.json then
    session.json = true
  end
  local signal
  if name == "EINTERRUPTED" then
    signal = require("host.sys").interrupted()
    fix = fix or session.resume
  end
  return end_with(message, require("lib.exit").code(name, signal), fix, data)
end

--- Called before a command runs: whether a message from main must be the JSON answer.
---@param words string[]   the command line
function M.expect_json(words)
  session.json = has_word(words, "--json")
end

--- A failure that main reports when no command can.
---@param message string
---@param code integer
---@param fix? string
---@return integer code
function M.end_early(message, code, fix)
  return end_with(message, code, fix)
end

--- From now on, an interruption names this as the command to continue with.
---@param command string
function M.resume_with(command)
  session.resume = command
end

--- The command that resume_with was last given.
---@return string?
function M.resume_command()
  return session.resume
end

--- Whether text on this descriptor (default 1) may have colours.
---@param opts mighost.cli.Opts
---@param fd? integer
---@return boolean
function M.is_color(opts, fd)
  local off = os.getenv("NO_COLOR")
  if opts.no_color or (off and off ~= "") or os.getenv("TERM") == "dumb" then
    return false
  end
  return require("host.sys").isatty(fd or 1)
end

return M
