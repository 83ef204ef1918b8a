local exits = require "lib.exit"
local json = require "lib.json"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local COMMAND <const> = [[
local cli = require "cli"
local parser = cli.parser {
  name = "try", summary = "Tries things.", json = true,
  example = { "mighost try one", "mighost try two" },
}
parser:argument("word"):args("?")
parser:option("--count"):convert(tonumber)
local opts, code = cli.parse(parser, { ... })
if not opts then return code end
]]

--- Runs a command script that goes on as `body` says.
local function try(body, args, env)
  local dir <close> = tmp.dir()
  dir:write("try.lua", COMMAND .. body)
  return program.run { args = { dir:join("try.lua"), table.unpack(args or {}) }, env = env }
end

local function document(result)
  local value, why = json.decode(result.stdout)
  assert.is_table(value, why)
  assert.equal(1, select(2, result.stdout:gsub("\n", "")))
  local keys = {}
  for key in pairs(value) do
    table.insert(keys, key)
  end
  table.sort(keys)
  assert.same({ "code", "data", "fix", "message", "ok", "schema" }, keys)
  assert.equal(1, value.schema)
  assert.equal(result.exit, value.code)
  assert.equal(result.exit == 0, value.ok)
  return value
end

describe("cli.enter", function()
  --- Runs a command that enters with `open`, and prints what it got.
  local function enter(open, args)
    local dir <close> = tmp.dir()
    dir:write("try.lua", ([[
      local cli = require "cli"
      local parser = cli.parser { name = "try", summary = "Tries.", example = "mighost try",
        json = true }
      local project, code, opts = cli.enter(parser, { ... }, %s)
      print(project, code, opts and opts.repo_root)
      return code or 7
    ]]):format(open))
    return program.run { args = { dir:join("try.lua"), table.unpack(args or {}) } }
  end

  it("gives what is opened for the options, and the options", function()
    local result = enter("function(opts) return 'project in ' .. opts.repo_root end",
      { "-C", "dir" })
    assert.equal("project in dir\tnil\tdir\n", result.stdout)
    assert.equal(7, result.exit)
  end)

  it("opens nothing for help or where the usage is wrong", function()
    assert.equal(0, enter("error", { "--help" }).exit)
    local result = enter("error", { "--nope" })
    assert.equal(2, result.exit)
    assert.equal("nil\t2\tnil\n", result.stdout)
  end)

  it("says why nothing can be opened, as JSON where that is asked for", function()
    local refuse = "function() return nil, 'no project here', 'ENOTREPO', 'git init' end"
    local result = enter(refuse)
    assert.equal("mighost: no project here\n  next: git init\n", result.stderr)
    assert.equal(exits.code("ENOTREPO"), result.exit)
    local answer = enter(refuse, { "--json" }).stdout:match("^[^\n]*\n")
    assert.equal("git init", document({ stdout = answer, exit = result.exit }).fix)
  end)
end)

describe("cli.parse", function()
  it("gives options and arguments", function()
    local result = try([[
      print(opts.word, opts.count, opts.repo_root, opts.quiet, opts.verbose, opts.no_color)]],
      { "w", "--count", "3", "-C", "dir", "-q", "--verbose", "--no-color" })
    assert.equal("w\t3\tdir\ttrue\ttrue\ttrue\n", result.stdout)
    assert.equal("dir\n", try("print(opts.repo_root)", { "--repo-root=dir" }).stdout)
  end)

  it("takes everything behind -- as arguments", function()
    assert.equal("-x\tnil\n", try("print(opts.word, opts.json)", { "--", "-x" }).stdout)
    assert.equal("--json\tnil\n", try("print(opts.word, opts.json)", { "--", "--json" }).stdout)
    assert.equal("--help\n", try("print(opts.word)", { "--", "--help" }).stdout)
  end)

  it("shows help with an example, whatever else is wrong", function()
    for _, args in ipairs { { "--help" }, { "-h" }, { "a", "b", "--nope", "--help" }, { "-qh" } } do
      local result = try("error 'not reached'", args)
      assert.equal(0, result.exit)
      assert.matches("^Usage: mighost try ", result.stdout)
      assert.matches("Example:\n  $ mighost try one\n  $ mighost try two\n", result.stdout, 1, true)
      assert.equal("", result.stderr)
      for line in result.stdout:gmatch("[^\n]+") do
        assert.is_true(#line <= 80, line)
      end
    end
  end)

  it("ends with 2 and one clear line when the usage is wrong", function()
    for _, args in ipairs { { "a", "b" }, { "--nope" }, { "--count" }, { "-C" },
      { "--quiet=1" } } do
      local result = try("error 'not reached'", args)
      assert.equal(2, result.exit)
      assert.equal("", result.stdout)
      assert.matches("^mighost: try: [^\n]+\n  next: mighost try %-%-help\n$", result.stderr)
    end
  end)

  it("answers with the JSON document even then", function()
    local result = try("error 'not reached'", { "--nope", "--json" })
    assert.equal(2, result.exit)
    local answer = document(result)
    assert.matches("^try: unknown option '%-%-nope'", answer.message)
    assert.equal("mighost try --help", answer.fix)
    assert.equal(json.null, answer.data)
  end)
end)

describe("cli.parse of a definition", function()
  local DEFINITION <const> = [[
    local cli = require "cli"
    local opts, code = cli.parse({
      name = "try", summary = "Tries.", example = "mighost try", json = true,
      options = function(parser) parser:flag("--all") end,
    }, { ... })
    if not opts then return code end
    print(opts.all, opts.quiet, package.loaded.argparse ~= nil)]]

  local function run(...)
    local dir <close> = tmp.dir()
    dir:write("try.lua", DEFINITION)
    return program.run { args = { dir:join("try.lua"), ... } }
  end

  it("loads the parser only for arguments", function()
    assert.equal("nil\tnil\tfalse\n", run().stdout)
    assert.equal("true\ttrue\ttrue\n", run("--all", "-q").stdout)
    assert.equal(2, run("--nope").exit)
    assert.matches("^Usage: mighost try", run("--help").stdout)
    assert.equal(2, document(run("--nope", "--json")).code)
  end)
end)

describe("cli.fail", function()
  it("prints what happened and what to do, and gives the code of the name", function()
    local result = try("return cli.fail(opts, 'held: x', 'EBUSY', 'mighost list')")
    assert.same({ exit = 5, stdout = "", stderr = "mighost: held: x\n  next: mighost list\n" },
      result)
    assert.same({ exit = 1, stdout = "", stderr = "mighost: broke\n" },
      try("return cli.fail(opts, 'broke')"))
  end)

  it("answers with the JSON document", function()
    local result = try("return cli.fail(opts, 'held: x', 'EBUSY', 'mighost list', { seen = 1 })",
      { "--json" })
    local answer = document(result)
    assert.same({ "held: x", "mighost list", 1 }, { answer.message, answer.fix, answer.data.seen })
    assert.matches("^mighost: held: x\n", result.stderr)
  end)

  it("keeps control characters from the terminal and invalid bytes from the document", function()
    local result = try([[return cli.fail(opts, "a\27[2J\255\rb", "EBUSY", "run\27")]], { "--json" })
    assert.is_nil(result.stderr:find("[\27\r\255]"))
    assert.is_truthy(utf8.len(result.stdout))
    document(result)
  end)

  it("tells the resume command after an interruption", function()
    local result = try [[
      cli.resume_with "mighost plan x"
      return cli.fail(opts, "stopped", "EINTERRUPTED")]]
    assert.same({ exit = 130, stdout = "", stderr = "mighost: stopped\n  next: mighost plan x\n" },
      result)
  end)
end)

describe("cli.answer", function()
  it("prints one document with --json, and nothing without", function()
    assert.same({ exit = 0, stdout = "", stderr = "" },
      try("return cli.answer(opts, 0, { n = 1 })"))
    local answer = document(try("return cli.answer(opts, 0, { n = 1 })", { "--json" }))
    assert.same({ json.null, json.null, 1 }, { answer.message, answer.fix, answer.data.n })
    answer = document(try("return cli.answer(opts, 3, nil, 'waits', 'look')", { "--json" }))
    assert.same({ "waits", "look", json.null }, { answer.message, answer.fix, answer.data })
  end)

  it("is the only document when the command breaks afterwards", function()
    local result = try("cli.answer(opts, 0) error 'late'", { "--json" })
    assert.equal(1, result.exit)
    assert.equal(1, select(2, result.stdout:gsub("\n", "")))
  end)
end)

describe("a command with --json", function()
  it("answers when it breaks and when it is interrupted", function()
    local broken = document(try("error 'boom'", { "--json" }))
    assert.matches("boom", broken.message)
    local stopped = document(try("error { name = 'EINTERRUPTED', signal = 15 }", { "--json" }))
    assert.same({ 143, "interrupted" }, { stopped.code, stopped.message })
  end)
end)

describe("cli.note and cli.detail", function()
  it("speak on stderr as --quiet and --verbose say", function()
    local body = "cli.note(opts, 'a\\tb\\27') cli.detail(opts, 'more')"
    assert.same({ exit = 0, stdout = "", stderr = "mighost: a  b\\u{1B}\n" }, try(body))
    assert.equal("", try(body, { "--quiet" }).stderr)
    assert.matches("mighost: more\n", try(body, { "--verbose" }).stderr)
  end)
end)

describe("cli.write_rows", function()
  local BODY <const> = [[cli.write_rows { { "a", "b\tc\nd" }, { "\27[31m", "e" } }]]

  it("writes tab-separated values", function()
    assert.equal("a\tb c d\n\27[31m\te\n", try(BODY).stdout)
    assert.equal("", try("cli.write_rows {}").stdout)
  end)

  it("makes control characters harmless on a terminal", function()
    local dir <close> = tmp.dir()
    dir:write("try.lua", COMMAND .. BODY)
    local out = sh.check { argv = { "script", "-qec", sh.quote(program.exe) .. " "
      .. sh.quote(dir:join("try.lua")), "/dev/null" } }
    assert.equal("a\tb c d\n\\u{1B}[31m\te\n", (out:gsub("\r", "")))
  end)
end)

describe("cli.is_color", function()
  --- What it says on a terminal.
  local function ask(env, option)
    local dir <close> = tmp.dir()
    dir:write("try.lua", COMMAND .. "io.stdout:write(tostring(cli.is_color(opts)))")
    return sh.check {
      argv = { "script", "-qec",
        table.concat({ sh.quote(program.exe), sh.quote(dir:join("try.lua")),
        option }, " "), "/dev/null" },
      env = { NO_COLOR = env.NO_COLOR or false, TERM = env.TERM or "xterm" },
    }
  end

  it("is for terminals, unless NO_COLOR, --no-color or a dumb one", function()
    assert.equal("true", ask({}))
    assert.equal("true", ask({ NO_COLOR = "" }))
    assert.equal("false", ask({ NO_COLOR = "1" }))
    assert.equal("false", ask({ TERM = "dumb" }))
    assert.equal("false", ask({}, "--no-color"))
    assert.equal("false", try("io.stdout:write(tostring(cli.is_color(opts)))").stdout)
  end)
end)

describe("a message with a line end in it", function()
  it("cannot pass for another one", function()
    local result = try([[
      cli.note({}, "a\n  next: b")
      return cli.fail({}, "c\nmighost: d", nil, "e\nf")
    ]])
    assert.equal("mighost: a\n      next: b\nmighost: c\n    mighost: d\n  next: e\n    f\n",
      result.stderr)
  end)
end)

describe("cli.write_text", function()
  local BODY <const> = 'cli.write_text(io.read("a")) return 0'

  it("writes a text as it is", function()
    local dir <close> = tmp.dir()
    local script = dir:write("try.lua", 'local cli = require "cli"\n' .. BODY)
    for _, text in ipairs { "", "one\r\n\ttwo", "\27[31m\0\xff\n\n" } do
      assert.equal(text, program.run({ args = { script }, stdin = text }).stdout)
    end
  end)

  it("makes it harmless on a terminal, line by line", function()
    local dir <close> = tmp.dir()
    local script = dir:write("try.lua", 'local cli = require "cli"\n' .. BODY)
    local text = dir:write("text", "one\ttwo\n\n\27]0;title\7\xff\u{202E}three")
    local shown = sh.check { argv = { "script", "-qec", ("%s %s <%s"):format(
      sh.quote(program.exe), sh.quote(script), sh.quote(text)), "/dev/null" } }
    assert.equal("one  two\n\n\\u{1B}]0;title\\u{7}\\xFF\\u{202E}three\n", (shown:gsub("\r", "")))
  end)
end)
