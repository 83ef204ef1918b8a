local program = require "spec.support.program"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"

--- Signals itself without os.execute, during which C's system() keeps SIGINT away from the caller.
local SEND <const> = [[
local sys = require "host.sys"
local function send(signal)
  io.popen(("kill -%s %d"):format(signal, sys.pid())):close()
  for _ = 1, 1000 do end -- the error comes at the next instruction of Lua
end
]]

local function run(dir, text, opts)
  opts = opts or {}
  opts.args = { dir:write("script.lua", text), table.unpack(opts.args or {}) }
  return program.run(opts)
end

describe("the runtime", function()
  describe("arguments and exit codes", function()
    it("hands a script its arguments, odd ones too, and ends with what it returns", function()
      local dir <close> = tmp.dir()
      local result = run(dir, 'print(select("#", ...), ...) return 7',
        { args = { "", "a b", "-x", "\xff", "--" } })
      assert.equal("5\t\ta b\t-x\t\xff\t--\n", result.stdout)
      assert.equal(7, result.exit)
    end)

    it("ends with 0 when a script returns nothing", function()
      local dir <close> = tmp.dir()
      assert.equal(0, run(dir, "").exit)
    end)

    it("says where a bug is: message and traceback on stderr, nothing on stdout", function()
      local dir <close> = tmp.dir()
      local result = run(dir, "local function inner() local x = nil; x() end\ninner()")
      assert.equal("", result.stdout)
      assert.matches("script%.lua:1: attempt to call a nil value", result.stderr)
      assert.matches("stack traceback:.*script%.lua:2:", result.stderr)
      assert.is_true(result.exit ~= 0)
    end)

    it("ends with 12 and says why when its own main script is broken", function()
      local dir <close> = tmp.dir()
      dir:mkdir("bin")
      sh.check { argv = { "cp", program.exe, dir:join("bin/mighost") } }
      local argv = { dir:join("bin/mighost"), "list" }
      local missing = sh.run { argv = argv }
      assert.equal(12, missing.exit)
      assert.matches("internal error: cannot open .*/scripts/main.lua", missing.stderr)

      dir:write("share/mighost/scripts/main.lua", "return (")
      local broken = sh.run { argv = argv }
      assert.equal(12, broken.exit)
      assert.matches("main.lua:1: unexpected symbol", broken.stderr)

      dir:write("share/mighost/scripts/main.lua", "local function f() error('why') end\nf()")
      local raising = sh.run { argv = argv }
      assert.equal(12, raising.exit)
      assert.matches("main.lua:1: why\nstack traceback:.*main.lua:2:", raising.stderr)

      dir:write("share/mighost/scripts/main.lua", "return 'no exit code'")
      assert.equal(12, sh.run { argv = argv }.exit)
    end)

    it("refuses to run from a path that Lua's search paths cannot hold", function()
      local dir <close> = tmp.dir()
      dir:mkdir("a;b")
      sh.check { argv = { "cp", program.exe, dir:join("a;b/mighost") } }
      local result = sh.run { argv = { dir:join("a;b/mighost") } }
      assert.equal(12, result.exit)
      assert.matches("cannot run from a path with ';' or '%?' in it: .*/a;b/mighost", result.stderr)
    end)
  end)

  describe("module search", function()
    it("ignores LUA_PATH, LUA_CPATH and LUA_INIT in all their spellings", function()
      local dir <close> = tmp.dir()
      dir:write("evil.lua", "print('loaded')")
      local env = {}
      for _, suffix in ipairs { "", "_5_4" } do
        env["LUA_PATH" .. suffix] = dir:join("?.lua")
        env["LUA_CPATH" .. suffix] = dir:join("?.so")
        env["LUA_INIT" .. suffix] = "print('init ran')"
      end
      local text = "print(pcall(require, 'evil')) print(package.path:find(..., 1, true))"
      local result = run(dir, text, { env = env, args = { dir.path } })
      assert.matches("^false\tmodule 'evil' not found", result.stdout)
      assert.matches("\nnil\n$", result.stdout)
    end)

    it("never loads a module from the current folder", function()
      local dir <close> = tmp.dir()
      dir:write("evil.lua", "print('loaded')")
      dir:write("evil/init.lua", "print('loaded')")
      dir:write("lib/strict.lua", "print('loaded')")
      local text = "print(pcall(require, 'evil')) require 'lib.strict'"
      local result = run(dir, text, { cwd = dir.path })
      assert.matches("^false\tmodule 'evil' not found", result.stdout)
      assert.is_nil(result.stdout:find("loaded", 1, true))
      for _, path in ipairs { package.path, package.cpath } do
        for entry in path:gmatch("[^;]+") do
          if not entry:find(program.root, 1, true) then -- the runner adds its own for spec.support
            assert.matches("^/", entry)
          end
        end
      end
    end)

    it("finds its modules from wherever the whole tree was moved to", function()
      local dir <close> = tmp.dir()
      sh.check { argv = { "cp", "-rL", sys.share():gsub("/share/mighost$", "/share"),
        dir:join("share") } }
      dir:mkdir("bin")
      dir:mkdir("lib")
      sh.check { argv = { "cp", program.exe, dir:join("bin/mighost") } }
      sh.check { argv = { "cp", "-rL", sys.exe():gsub("/bin/mighost$", "/lib/mighost"),
        dir:join("lib/mighost") } }
      local script = dir:write("script.lua",
        'print(package.searchpath("lib.strict", package.path), require("host.sys").share())')
      local out = sh.check { argv = { dir:join("bin/mighost"), script }, cwd = "/" }
      local moved = sys.realpath(dir.path) .. "/share/mighost"
      assert.equal(moved .. "/scripts/lib/strict.lua\t" .. moved .. "\n", out)
    end)

    it("runs through a link to the program", function()
      local dir <close> = tmp.dir()
      dir:symlink(program.exe, "mh")
      local script = dir:write("script.lua", 'io.write(require("host.sys").exe())')
      assert.equal(program.exe, sh.check { argv = { dir:join("mh"), script } })
    end)
  end)

  describe("signals", function()
    for name, number in pairs { INT = 2, TERM = 15 } do
      it("raises once for SIG" .. name .. ", runs what is to be closed, and ends with 128 + signal",
        function()
          local dir <close> = tmp.dir()
          local result = run(dir, SEND .. [[
            local guard <close> = setmetatable({}, { __close = function() print("closed") end })
            send(...)
            print("not reached")
          ]], { args = { name } })
          assert.equal("closed\n", result.stdout)
          assert.equal(128 + number, result.exit)
          assert.matches("interrupted", result.stderr)
        end)

      it("ends at once at a second one after SIG" .. name, function()
        local dir <close> = tmp.dir()
        local result = run(dir, SEND .. [[
          local ok, raised = pcall(send, ...)
          print(ok, raised.name, raised.message, raised.signal)
          print(sys.interrupted())
          io.stdout:flush()
          pcall(send, "TERM")
          io.stdout:write("not reached\n"):flush()
        ]], { args = { name } })
        assert.equal(("false\tEINTERRUPTED\tinterrupted\t%d\n%d\n"):format(number, number),
          result.stdout)
        assert.equal(128 + 15, result.exit)
        assert.equal("\nmighost: ended at once; run it again, and what was under way is settled "
          .. "first\n", result.stderr)
      end)
    end

    it("ends with 128 + signal also where the main script does not catch it", function()
      local dir <close> = tmp.dir()
      dir:mkdir("bin")
      sh.check { argv = { "cp", program.exe, dir:join("bin/mighost") } }
      dir:write("share/mighost/scripts/main.lua", SEND .. 'send("INT") return 0')
      local result = sh.run { argv = { dir:join("bin/mighost") } }
      assert.equal(130, result.exit)
      assert.equal("", result.stderr)
    end)

    it("lives on when a pipe's reader is gone", function()
      local dir <close> = tmp.dir()
      local result = run(dir, [[
        local pipe = io.popen("true", "w")
        for _ = 1, 100 do pipe:write(("x"):rep(65536)) end
        pipe:close()
        print("alive")
      ]])
      assert.equal("alive\n", result.stdout)
      assert.equal(0, result.exit)
    end)
  end)

  it("gives no file of its own a number that its caller left closed", function()
    local dir <close> = tmp.dir()
    local script = dir:write("script.lua", [[
      local file = assert(io.open(..., "wb"))
      print("for stdout")
      io.stderr:write("for stderr")
      file:write("kept")
    ]])
    sh.check { argv = { "sh", "-c", '"$1" "$2" "$3" <&- >&- 2>&-', "-", program.exe, script,
      dir:join("data") } }
    assert.equal("kept", dir:read("data"))
  end)
end)
