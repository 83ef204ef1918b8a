local git = require "spec.support.git"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local tables = require "lib.tables"
local tmp = require "spec.support.tmp"

--- Runs mighost in a folder with empty homes.
local function run(dir, args, env)
  local all = tables.copy({ HOME = dir:join("home"), XDG_CONFIG_HOME = dir:join("config"),
    XDG_STATE_HOME = false }, env)
  return program.run { args = args, cwd = dir.path, env = all }
end

--- Runs a shell command line in which $MIGHOST is the program.
local function shell(dir, line)
  return sh.run { argv = { "sh", "-c", line }, cwd = dir.path, env = { MIGHOST = program.exe } }
end

describe("mighost FILE", function()
  it("gives the script its arguments in ... and arg, and passes its exit code on", function()
    local dir <close> = tmp.dir()
    dir:write("ours.lua", [[
      print(select("#", ...), ...)
      print(arg[0], #arg, arg[1], arg[3])
      return 7]])
    local result = run(dir, { "./ours.lua", "a b", "", "--json" })
    assert.same({
      exit = 7, stderr = "", stdout = "3\ta b\t\t--json\n./ours.lua\t3\ta b\t--json\n",
    }, result)
  end)

  it("takes nothing and true for success, and nothing else but an exit code", function()
    local dir <close> = tmp.dir()
    for text, exit in pairs { [""] = 0, ["return true"] = 0, ["return 255"] = 255 } do
      dir:write("s.lua", text)
      assert.equal(exit, run(dir, { "./s.lua" }).exit)
    end
    for _, text in ipairs { "return 256", "return -1", "return 1.5", "return 'x'", "return {}" } do
      dir:write("s.lua", text)
      local result = run(dir, { "./s.lua" })
      assert.equal(1, result.exit)
      assert.matches("^mighost: %./s%.lua returned .*, not an exit code", result.stderr)
    end
  end)

  it("runs a script with a #! line, CRLF, or no .lua, and one from a pipe", function()
    local dir <close> = tmp.dir()
    dir:write("tool", "#!/usr/bin/env mighost\r\n"
      .. "print('ran', debug.getinfo(1, 'l').currentline)\r\n")
    assert.equal("ran\t2\n", run(dir, { "./tool" }).stdout)
    assert.equal("piped\n", shell(dir, "echo 'print [[piped]]' | \"$MIGHOST\" /dev/stdin").stdout)
  end)

  it("lets the script require the host's and the shipped modules, and none of the folder's",
    function()
    local dir <close> = tmp.dir()
    dir:write("lib/quote.lua", "error 'from the current directory'")
    dir:write("mine.lua", "return 'from the current directory'")
    dir:write("s.lua", [[
      print(require("lib.quote").word("a b"), type(require("host.sys").now()))
      print((pcall(require, "mine")))]])
    local result = run(dir, { "./s.lua" }, { LUA_PATH = dir:join("?.lua"),
      LUA_INIT = "error 'init'" })
    assert.equal("'a b'\tnumber\nfalse\n", result.stdout)
  end)

  it("names what cannot be read or loaded, without a traceback, and ends with 2", function()
    local dir <close> = tmp.dir()
    dir:mkdir("folder.lua")
    dir:write("bad.lua", "local x = = 1")
    dir:write("bom.lua", "\239\187\191return 0")
    dir:write("code.lua", string.dump(function() end))
    local long = dir:write(("d"):rep(100) .. "/" .. ("e"):rep(100) .. ".lua", "\n\nlocal = 1")
    local expected = {
      ["./missing.lua"] = "cannot read the script ./missing.lua: No such file or directory",
      ["./folder.lua"] = "cannot read the script ./folder.lua: Is a directory",
      ["./bad.lua"] = "cannot load the script ./bad.lua:1: unexpected symbol near '='",
      ["./bom.lua"] = "cannot load the script ./bom.lua: it starts with a byte order mark; "
        .. "remove these three bytes",
      ["./code.lua"] = "cannot load the script ./code.lua: it is compiled; only source text runs",
      [long] = "cannot load the script " .. long .. ":3: <name> expected near '='",
    }
    for path, message in pairs(expected) do
      assert.same({ exit = 2, stdout = "", stderr = "mighost: " .. message .. "\n" },
        run(dir, { path }))
    end
  end)

  it("knows when the path of a command was given instead of its words", function()
    local dir <close> = tmp.dir()
    local result = run(dir, { "migration/list.lua" })
    assert.equal(2, result.exit)
    assert.matches("next: mighost migration list\n", result.stderr, 1, true)
  end)

  it("shows the author of a script where it broke", function()
    local dir <close> = tmp.dir()
    dir:write("s.lua", "local function f()\n  error 'boom'\nend\nf()\nreturn 0")
    local result = run(dir, { "./s.lua" })
    assert.equal(1, result.exit)
    assert.matches("^mighost: %./s%.lua:2: boom\n    stack traceback:\n", result.stderr)
    assert.matches("s.lua:4:", result.stderr, 1, true)
  end)

  it("turns an error that is a table with a name into its exit code", function()
    local dir <close> = tmp.dir()
    dir:write("s.lua", "error { name = 'EBUSY', message = 'held by another', fix = 'wait' }")
    assert.same({ exit = 5, stdout = "", stderr = "mighost: held by another\n  next: wait\n" },
      run(dir, { "./s.lua" }))
  end)

  it("keeps control characters of a message from the terminal", function()
    local dir <close> = tmp.dir()
    local result = run(dir, { "./\27[31m\7\u{202E}.lua" })
    assert.is_nil(result.stderr:find("[\27\7]"))
    assert.is_nil(result.stderr:find("\u{202E}", 1, true))
    assert.matches("\\u{1B}[31m", result.stderr, 1, true)
  end)
end)

describe("mighost COMMAND", function()
  it("is found with and without .lua, in one word or several", function()
    local dir <close> = tmp.dir()
    for _, args in ipairs { { "version" }, { "version.lua" } } do
      assert.matches("^mighost +%d", run(dir, args).stdout)
    end
    local help = run(dir, { "migration", "list", "--help" })
    assert.matches("^Usage: mighost migration list", help.stdout)
    assert.same(help, run(dir, { "migration", "list.lua", "--help" }))
  end)

  it("is never taken from the current directory, and says so", function()
    local dir <close> = tmp.dir()
    dir:write("version.lua", "print 'mine'")
    local result = run(dir, { "version" })
    assert.equal(0, result.exit)
    assert.is_nil(result.stdout:find("mine"))
    assert.matches("^mighost: running .*/scripts/commands/version%.lua, not %./version%.lua "
      .. "%(for that: mighost %./version%.lua%)\n$", result.stderr)
    assert.equal("mine\n", run(dir, { "./version.lua" }).stdout)
    os.remove(dir:join("version.lua"))
    sh.check { argv = { "mkfifo", dir:join("version.lua") } }
    assert.equal(0, run(dir, { "version" }).exit)
  end)

  it("may be the user's own, which wins over the installed one", function()
    local dir <close> = tmp.dir()
    dir:write("config/mighost/scripts/hello.lua", "print('hello', ...)")
    dir:write("config/mighost/scripts/team/greet.lua", "print('team', ...) return 3")
    dir:write("config/mighost/scripts/version.lua", "print 'my version'")
    assert.equal("hello\tx\n", run(dir, { "hello", "x" }).stdout)
    assert.same({ exit = 3, stdout = "team\tx\n", stderr = "" }, run(dir, { "team", "greet", "x" }))
    assert.equal("my version\n", run(dir, { "version" }).stdout)
    dir:write("home/.config/mighost/scripts/hello.lua", "print 'from home'")
    assert.equal("from home\n", run(dir, { "hello" }, { XDG_CONFIG_HOME = "config" }).stdout)
  end)

  it("suggests the nearest name", function()
    local dir <close> = tmp.dir()
    local result = run(dir, { "verzion" })
    assert.same({ exit = 2, stdout = "",
      stderr = "mighost: no command of this name: verzion; did you "
      .. "mean version?\n  next: mighost version\n" }, result)
    assert.matches("did you mean migration doctor%?", run(dir, { "migration", "docter" }).stderr)
    assert.matches("next: mighost %-%-help", run(dir, { "unheard-of" }).stderr)
  end)

  it("says what a group of commands has", function()
    local dir <close> = tmp.dir()
    local result = run(dir, { "migration" })
    assert.equal(2, result.exit)
    assert.matches("migration needs one of: doctor, list, ", result.stderr, 1, true)
  end)

  it("refuses odd names and options in front", function()
    local dir <close> = tmp.dir()
    for _, name in ipairs { "..", ".", "a b", "\255", "a\nb", "*", ("x"):rep(5000) } do
      local result = run(dir, { name })
      assert.equal(2, result.exit)
      assert.matches("^mighost: no command of this name", result.stderr)
    end
    assert.same({ exit = 2, stdout = "", stderr = "mighost: -x: options come after the command\n"
      .. "  next: mighost --help\n" }, run(dir, { "-x", "version" }))
  end)
end)

describe("a repository's own commands", function()
  local function project()
    local repo = git.repo()
    repo:write(".mighost/config.json", '{"schema_version": 1, "live_migrations_dir": "migrations"}')
    repo.dir:mkdir("migrations")
    return repo
  end

  it("are refused, from anywhere inside and with -C", function()
    local repo <close> = project()
    repo:write(".mighost/scripts/plan.lua", "print 'pwned'")
    repo:write(".mighost/scripts/theirs.lua", "print 'pwned'")
    repo.dir:mkdir("deep/er")
    local elsewhere <close> = tmp.dir()
    local runs = {
      program.run { args = { "plan" }, cwd = repo.path },
      program.run { args = { "theirs" }, cwd = repo.path .. "/deep/er" },
      program.run { args = { "plan", "-C", repo.path }, cwd = elsewhere.path },
      program.run { args = { "plan", "-C" .. repo.path }, cwd = elsewhere.path },
      program.run { args = { "plan", "--repo-root=" .. repo.path }, cwd = elsewhere.path },
      program.run { args = { "plan", "--repo-root", repo.path }, cwd = elsewhere.path },
    }
    for _, result in ipairs(runs) do
      assert.equal(10, result.exit)
      assert.equal("", result.stdout)
      assert.matches("have not trusted: .mighost/scripts/plan.lua, .mighost/scripts/theirs.lua",
        result.stderr, 1, true)
      assert.matches("next: mighost trust", result.stderr, 1, true)
    end
    assert.equal(0, program.run { args = { "plan", "--help" }, cwd = elsewhere.path }.exit)
  end)

  it("do not keep people from looking", function()
    local repo <close> = project()
    repo:write(".mighost/scripts/migration/list.lua", "print 'pwned'")
    repo:write(".mighost/scripts/migration/doctor.lua", "print 'pwned'")
    for _, args in ipairs { { "migration", "list" }, { "migration", "doctor", "--all" } } do
      local result = program.run { args = args, cwd = repo.path }
      assert.equal(0, result.exit)
      assert.is_nil(result.stdout:find("pwned"))
      assert.matches(".mighost/scripts/migration/" .. args[2] .. ".lua is not trusted",
        result.stderr, 1, true)
    end
  end)
end)

describe("mighost", function()
  it("alone, with --help and with help shows every command", function()
    local dir <close> = tmp.dir()
    local overview = run(dir, {})
    assert.equal(0, overview.exit)
    for _, name in ipairs { "init", "migration doctor", "migration list", "migration show",
      "version" } do
      assert.matches("\n  " .. name .. "  +%u", overview.stdout)
    end
    for _, args in ipairs { { "--help" }, { "-h" }, { "help" } } do
      assert.same(overview, run(dir, args))
    end
    assert.same(run(dir, { "migration", "list", "--help" }),
      run(dir, { "help", "migration", "list" }))
  end)

  it("with --version says one line", function()
    local dir <close> = tmp.dir()
    assert.matches("^mighost %d+%.%d+%.%d+\n$", run(dir, { "--version" }).stdout)
  end)

  it("ends with 12 for a bug of its own, with a traceback only when asked", function()
    local dir <close> = tmp.dir()
    -- A script of the installed layer that breaks: a copy of the installation, one file replaced.
    local bin = dir:mkdir("bin")
    sh.check { argv = { "cp", program.exe, bin .. "/mighost" } }
    dir:mkdir("share/mighost")
    sh.check { argv = { "cp", "-RL", require("host.sys").share() .. "/scripts",
      dir:join("share/mighost/scripts") } }
    dir:write("share/mighost/scripts/commands/version.lua", [[
      local cli = require "cli"
      cli.parse(cli.parser { name = "version", summary = "s", example = "e", json = true }, { ... })
      local x = nil + 1]])
    local function broken(args)
      return sh.run { argv = { bin .. "/mighost", table.unpack(args) }, cwd = dir.path }
    end
    local quiet = broken { "version" }
    assert.equal(12, quiet.exit)
    assert.matches("^mighost: internal error: .*version%.lua:3: attempt to perform arithmetic",
      quiet.stderr)
    assert.is_nil(quiet.stderr:find("stack traceback"))
    assert.matches("next: mighost version --verbose", quiet.stderr, 1, true)
    local loud = broken { "version", "--verbose", "--json" }
    assert.equal(12, loud.exit)
    assert.matches("stack traceback:\n", loud.stderr)
    local answer = require("lib.json").decode(loud.stdout)
    assert.same({ false, 12 }, { answer.ok, answer.code })
  end)

  it("ends with 128 and the signal's number when it is interrupted, and says how to go on",
    function()
    local dir <close> = tmp.dir()
    dir:write("s.lua", "io.stdout:write('ready\\n'):flush()\nwhile true do end")
    for name, code in pairs { INT = 130, TERM = 143 } do
      sh.check { argv = { "mkfifo", dir:join("fifo") } }
      local result = shell(dir, "\"$MIGHOST\" ./s.lua 'a b' >fifo 2>err & read -r _ <fifo; "
        .. "kill -" .. name .. " $!; wait $!; code=$?; cat err; exit $code")
      assert.equal(code, result.exit)
      assert.equal("mighost: interrupted\n  next: mighost ./s.lua 'a b'\n", result.stdout)
      os.remove(dir:join("fifo"))
    end
  end)

  it("notices that what was printed could not be written", function()
    local dir <close> = tmp.dir()
    dir:write("s.lua", "for i = 1, 20000 do print(i) end")
    for _, line in ipairs {
      "\"$MIGHOST\" ./s.lua >/dev/full", "\"$MIGHOST\" version >/dev/full",
      "\"$MIGHOST\" --help >/dev/full", "\"$MIGHOST\" version --json >/dev/full",
    } do
      local result = shell(dir, line)
      assert.equal(1, result.exit, line)
      assert.matches("^mighost: cannot write to standard output", result.stderr)
    end
    dir:write("close.lua", "io.stdout:write('x'):flush() local cli = require 'cli'\n"
      .. "for _ = 1, 100 do cli.write(('y'):rep(4096)) end")
    local piped = shell(dir, "{ \"$MIGHOST\" ./close.lua; echo $? >code; } | true; cat code")
    assert.equal("1\n", piped.stdout)
    assert.equal("mighost: cannot write to standard output: Broken pipe\n", piped.stderr)
  end)
end)
