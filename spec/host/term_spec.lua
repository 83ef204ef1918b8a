local processes = require "spec.support.processes"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local tables = require "lib.tables"
local term = require "host.term"
local tmp = require "spec.support.tmp"

local PTY <const> = program.exe:gsub("/bin/[^/]+$", "/spec/pty")
local ERASE <const> = "\r\27[K"

local PRELUDE <const> = [[
local proc, sys, term = require "host.proc", require "host.sys", require "host.term"
]]

--- Runs a shell script on a terminal of its own; $0 is mighost and $1 a script for it.
local function on_terminal(dir, options)
  local script = dir:write("script.lua", PRELUDE .. options.lua)
  local env = tables.copy({ TERM = "xterm", COLUMNS = false }, options.env)
  local result = sh.run {
    argv = { PTY, tostring(options.columns or 80), "sh", "-c", options.shell or '"$0" "$@"',
      program.exe, script, table.unpack(options.args or {}) },
    env = env,
  }
  assert.equal("", result.stderr)
  return (result.stdout:gsub("\r\n", "\n")), result.exit
end

--- The same without a terminal anywhere.
local function without_terminal(dir, options)
  local script = dir:write("script.lua", PRELUDE .. options.lua)
  return sh.run { argv = { "setsid", "-w", program.exe, script },
    env = options.env or { TERM = "xterm" } }
end

--- What the live line shows for a text on a terminal that is so wide.
local function show(text, columns)
  local dir <close> = tmp.dir()
  dir:write("text", text)
  local out = on_terminal(dir, { columns = columns, args = { dir:join("text") }, lua = [[
    local file <close> = io.open(arg[1], "rb")
    assert(term.live(1, file:read("a")))
  ]] })
  assert.equal(ERASE, out:sub(1, #ERASE))
  return out:sub(#ERASE + 1)
end

describe("host.term", function()
  describe("width", function()
    it("is the terminal's, whatever COLUMNS says", function()
      local dir <close> = tmp.dir()
      assert.equal("37\n", (on_terminal(dir, { lua = "print(term.width(1))", columns = 37,
        env = { COLUMNS = "99" } })))
    end)

    it("is COLUMNS where there is no terminal or none that knows, else 80", function()
      local dir <close> = tmp.dir()
      local cases = { ["99"] = 99, ["1"] = 1, ["0"] = 80, ["-5"] = 80, ["12x"] = 80, [""] = 80,
        ["99999999999999999999"] = 80, [" 7"] = 80 }
      for columns, expected in pairs(cases) do
        local result = without_terminal(dir, { lua = "print(term.width(1))",
          env = { COLUMNS = columns } })
        assert.equal(expected .. "\n", result.stdout)
      end
      assert.equal("80\n", without_terminal(dir, { lua = "print(term.width(1))",
        env = { COLUMNS = false } }).stdout)
      assert.equal("55\n", (on_terminal(dir, { lua = "print(term.width(1))", columns = 0,
        env = { COLUMNS = "55" } })))
    end)
  end)

  it("knows a terminal", function()
    local dir <close> = tmp.dir()
    local lua = "print(term.is_tty(0), term.is_tty(1), term.is_tty(99))"
    assert.equal("true\ttrue\tfalse\n", (on_terminal(dir, { lua = lua })))
    assert.equal("false\tfalse\tfalse\n", without_terminal(dir, { lua = lua }).stdout)
  end)

  it("refuses what is not a descriptor", function()
    for _, name in ipairs { "width", "is_tty", "live", "clear_live" } do
      for _, fd in ipairs { -1, 1 << 40, 1.5, "x" } do
        assert.is_false((pcall(term[name], fd, "text")))
      end
    end
  end)

  describe("live line", function()
    it("is written over itself and taken away", function()
      local dir <close> = tmp.dir()
      local out = on_terminal(dir, { lua = [[
        assert(term.live(1, "one"))
        assert(term.live(1, "two"))
        assert(term.clear_live(1))
      ]] })
      assert.equal(ERASE .. "one" .. ERASE .. "two" .. ERASE, out)
    end)

    it("is hidden where there is no terminal, or a dumb one", function()
      local dir <close> = tmp.dir()
      local lua = "assert(term.live(1, 'x')) assert(term.clear_live(1)) print('end')"
      assert.equal("end\n", without_terminal(dir, { lua = lua }).stdout)
      assert.equal("end\n", (on_terminal(dir, { lua = lua, env = { TERM = "dumb" } })))
      assert.equal("end\n", (on_terminal(dir, { lua = lua, env = { TERM = false } })))
    end)

    it("fits into the terminal with a column to spare", function()
      assert.equal("123456789", show("123456789", 10))
      assert.equal("123456789", show("1234567890", 10))
      assert.equal("", show("1234567890", 1))
      assert.equal(("x"):rep(79), show(("x"):rep(100000), 80))
    end)

    it("counts columns, not bytes", function()
      assert.equal("äöüßéèêëñ", show("äöüßéèêëñç", 10))
      assert.equal("漢字漢字", show("漢字漢字漢", 10))
      assert.equal("a漢字漢字", show("a漢字漢字漢", 10))
      assert.equal("🚀🚀🚀🚀", show("🚀🚀🚀🚀🚀", 10))
      assert.equal("e\u{301}23456789", show("e\u{301}234567890", 10))
    end)

    it("leaves out what controls the terminal or reorders text", function()
      assert.equal("[31mred]0;title", show("\27[31mred\7\27]0;title\7", 80))
      assert.equal("abcd", show("a\nb\rc\td", 80))
      assert.equal("ab", show("a\u{9b}b\u{7f}", 80))
      assert.equal("evilgpj.exe", show("evil\u{202e}gpj.exe\u{200b}", 80))
    end)

    it("shows broken UTF-8 as such", function()
      local broken = "\u{fffd}"
      assert.equal("a" .. broken .. "b", show("a\255b", 80))
      assert.equal(broken:rep(2), show("\xc0\x80", 80))
      assert.equal(broken:rep(3), show("\xed\xa0\x80", 80))
      assert.equal(broken:rep(2), show("\xe6\xbc", 80))
      assert.equal(broken:rep(4), show("\xf4\x90\x80\x80", 80))
    end)

    it("tells of a terminal that cannot be written", function()
      local dir <close> = tmp.dir()
      local out = on_terminal(dir, { shell = '"$0" "$@" >result 3</dev/tty; cat result; rm result',
        lua = "print(select(3, term.live(3, 'x')), select(3, term.clear_live(3)))" })
      assert.equal("EBADF\tEBADF\n", out)
    end)
  end)

  describe("state", function()
    --- Has mighost run a program that disturbs the terminal; what `stty` says before and after.
    local function disturb(script, lua)
      local dir <close> = tmp.dir()
      local out = on_terminal(dir, {
        args = { script, dir:join("after") },
        shell = [[stty -a; echo ==; "$0" "$@"; echo ==; stty -a; echo ==
                  cut -d ' ' -f 5,8 /proc/$$/stat]],
        lua = lua or [[
          local state <close> = assert(term.save())
          local report = assert(proc.run { argv = { "sh", "-c", arg[1] }, tty = true, grace = 1 })
          assert(state:restore())
          assert(report.stdout == nil)
        ]],
      })
      local earlier, shown, later, groups = out:match("^(.-)==\n(.-)==\n(.-)==\n(.*)$")
      assert.equal(earlier, later)
      local group, foreground = groups:match("^(%d+) (%d+)\n$")
      assert.equal(group, foreground)
      return shown
    end

    it("is put back after a program that was killed in raw mode", function()
      local shown = disturb("stty raw -echo; kill -KILL $$")
      assert.matches("\27[?25h", shown, 1, true)
      assert.matches("\27[?1047l", shown, 1, true)
    end)

    it("is put back when it goes out of scope by an error", function()
      disturb("stty raw -echo", [[
        pcall(function()
          local state <close> = assert(term.save())
          assert(proc.run { argv = { "sh", "-c", arg[1] }, tty = true })
          error("trouble")
        end)
      ]])
    end)

    it("is put back by the collector", function()
      disturb("stty raw -echo", [[
        local state = assert(term.save())
        assert(proc.run { argv = { "sh", "-c", arg[1] }, tty = true })
        state = nil
        collectgarbage()
      ]])
    end)

    it("is put back once", function()
      disturb("stty raw -echo; exit 3", [[
        local state = assert(term.save())
        local report = assert(proc.run { argv = { "sh", "-c", arg[1] }, tty = true })
        assert(report.exit == 3)
        assert(state:restore())
        assert(state:restore())
        state = nil
        collectgarbage()
      ]])
    end)

    it("gives the foreground back after a program that died with it", function()
      -- A shell with job control puts its job in front, and is killed there.
      disturb("exec sh -m -c 'sh -c \"stty raw -echo; kill -KILL \\$PPID\"; :'")
    end)

    it("is nothing where there is no terminal", function()
      local dir <close> = tmp.dir()
      local result = without_terminal(dir, { lua = [[
        local state <close> = assert(term.save())
        assert(state:restore())
        print("fine")
      ]] })
      assert.equal("fine\n", result.stdout)
      assert.equal("", result.stderr)
    end)
  end)

  describe("a program on the terminal", function()
    it("has mighost's own stdin, stdout and stderr", function()
      local dir <close> = tmp.dir()
      local out, code = on_terminal(dir, { lua = [[
        local report = assert(proc.run { tty = true, argv = { "sh", "-c",
          "test -t 0 && test -t 1 && test -t 2 && tty > /dev/null && echo here; exit 9" } })
        return report.exit
      ]] })
      assert.equal("here\n", out)
      assert.equal(9, code)
    end)

    it("gets what is typed, and is ended with its descendants", function()
      local dir <close> = tmp.dir()
      local mark = processes.mark()
      local script = dir:write("script.lua", PRELUDE .. [[
        local report = assert(proc.run { tty = true, grace = 0.2, argv = { "sh", "-c",
          "setsid sh -c 'trap : TERM HUP; while :; do sleep 60; done' & "
            .. "read word; echo got $word" } })
        return report.exit
      ]])
      local result = sh.run { argv = { PTY, "80", program.exe, script }, stdin = "word\n",
        env = { [processes.NAME] = mark } }
      assert.matches("got word", result.stdout)
      assert.equal(0, result.exit)
      assert.same({}, processes.marked(mark))
    end)

    it("is ended by Ctrl-C, which interrupts mighost", function()
      local dir <close> = tmp.dir()
      local mark = processes.mark()
      local script = dir:write("script.lua", PRELUDE .. [[
        assert(proc.run { tty = true,
          argv = { "sh", "-c", "echo up > " .. arg[1] .. "; exec sleep 60" } })
      ]])
      local up = processes.fifo(dir, "up")
      local keys = processes.fifo(dir, "keys")
      local line = ("exec env %s=%s TERM=xterm %s 80 %s %s %s <%s >%s 2>&1"):format(
        processes.NAME, mark, PTY, program.exe, script, up, keys, dir:join("shown"))
      local handle = assert(io.popen(line))
      local keyboard <close> = assert(io.open(keys, "w"))
      assert.equal("up", processes.read_line(up))
      keyboard:write("\3")
      keyboard:flush()
      local _, kind, code = handle:close()
      assert.equal("exit", kind)
      assert.equal(130, code)
      assert.same({}, processes.marked(mark))
    end)

    it("has its time limited too", function()
      local dir <close> = tmp.dir()
      local out = on_terminal(dir, { lua = [[
        print(assert(proc.run { tty = true, timeout = 0.2, argv = { "sleep", "60" } }).ended_by)
      ]] })
      assert.equal("timeout\n", out)
    end)
  end)
end)
