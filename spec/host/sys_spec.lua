local lfs = require "lfs"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"

--- What a script prints when mighost runs it.
local function run_script(dir, text, opts)
  opts = opts or {}
  opts.args = { dir:write("script.lua", text) }
  local result = program.run(opts)
  assert.equal("", result.stderr)
  assert.equal(0, result.exit)
  return result.stdout
end

describe("host.sys", function()
  describe("time", function()
    it("agrees with the system's clock and has a fraction", function()
      local before = os.time()
      local now = sys.now()
      assert.is_true(now >= before and now <= os.time() + 1)
      assert.equal("float", math.type(now))
    end)

    it("has a clock that never goes back", function()
      local last = sys.monotonic()
      for _ = 1, 1000 do
        local now = sys.monotonic()
        assert.is_true(now >= last)
        last = now
      end
    end)

    it("knows the local zone at any time, summer and winter", function()
      local dir <close> = tmp.dir()
      local text = 'local sys = require "host.sys"\n'
        .. "print(sys.utc_offset(1705320000), sys.utc_offset(1721044800.5), sys.utc_offset(-0.5))\n"
      local run = function(zone)
        return run_script(dir, text, { env = { TZ = zone } })
      end
      assert.equal("0\t0\t0\n", run("UTC"))
      assert.equal("-28800\t-25200\t-28800\n", run("PST8PDT,M3.2.0,M11.1.0"))
      assert.equal("19800\t19800\t19800\n", run("IST-5:30"))
    end)

    it("refuses times that are none", function()
      for _, time in ipairs { math.huge, -math.huge, 0 / 0, 1e300 } do
        local offset, message, name = sys.utc_offset(time)
        assert.is_nil(offset)
        assert.matches("not a usable time", message)
        assert.equal("EOVERFLOW", name)
      end
      assert.has_error(function() sys.utc_offset("noon") end)
    end)
  end)

  describe("random_hex", function()
    it("gives two digits a byte, and others each time", function()
      local seen = {}
      for count = 1, 40 do
        local digits = assert(sys.random_hex(count))
        assert.equal(2 * count, #digits)
        assert.matches("^[0-9a-f]+$", digits)
        if count >= 16 then
          assert.is_nil(seen[digits:sub(1, 32)])
          seen[digits:sub(1, 32)] = true
        end
      end
      assert.equal(2048, #sys.random_hex(1024))
    end)

    it("raises for a count out of range", function()
      for _, count in ipairs { 0, -1, 1025, 1.5, "x" } do
        assert.has_error(function() sys.random_hex(count) end)
      end
    end)
  end)

  describe("processes", function()
    it("knows its own id", function()
      local status <close> = assert(io.open("/proc/self/stat"))
      assert.equal(tostring(sys.pid()), status:read("a"):match("^%d+"))
    end)

    it("tells when a process started, the same each time", function()
      local start = assert(sys.process_start(sys.pid()))
      assert.matches("^%d+$", start)
      assert.equal(start, sys.process_start(sys.pid()))
      assert.is_true(math.tointeger(sys.process_start(1)) <= math.tointeger(start))
    end)

    it("is not confused by a program's name with blanks and brackets in it", function()
      local dir <close> = tmp.dir()
      local odd = dir:join("a ) b 1 2 (")
      sh.check { argv = { "cp", "/bin/sh", odd } }
      local child <close> = assert(io.popen("exec " .. sh.quote(odd) .. " -c 'echo $$; read x'"))
      local pid = math.tointeger(child:read("l"))
      local status <close> = assert(io.open("/proc/" .. pid .. "/stat"))
      local field, n = nil, 2
      for word in status:read("a"):match("^.*%) (.*)$"):gmatch("%S+") do
        n = n + 1
        field = n == 22 and word or field
      end
      assert.equal(field, sys.process_start(pid))
    end)

    it("says when there is no such process", function()
      local start, message, name = sys.process_start(0x7fffffff)
      assert.is_nil(start)
      assert.matches("process 2147483647", message)
      assert.equal("ESRCH", name)
      assert.has_error(function() sys.process_start(0) end)
    end)
  end)

  describe("surroundings", function()
    it("names this boot and this machine", function()
      assert.matches("^%x+%-%x+%-%x+%-%x+%-%x+$", sys.boot_id())
      assert.equal(sh.check { argv = { "uname", "-n" } }, sys.hostname() .. "\n")
    end)

    it("knows the user as the system does", function()
      local user = assert(sys.user())
      assert.equal(sh.check { argv = { "id", "-un" } }, user.name .. "\n")
      assert.equal(sh.check { argv = { "id", "-u" } }, user.uid .. "\n")
    end)

    it("takes the home directory from HOME only where that is absolute", function()
      local dir <close> = tmp.dir()
      local text = 'io.write(require("host.sys").user().home)'
      local query = "getent passwd $(id -u) | cut -d: -f6"
      local from_database = sh.check { argv = { "sh", "-c", query } }
      assert.equal("/some where", run_script(dir, text, { env = { HOME = "/some where" } }))
      for _, home in ipairs { "", "relative/home", false } do
        assert.equal(from_database, run_script(dir, text, { env = { HOME = home } }) .. "\n")
      end
    end)

    it("finds the current directory, however deep", function()
      local dir <close> = tmp.dir()
      local deep = dir:mkdir(("d"):rep(200) .. "/" .. ("e"):rep(200) .. "/" .. ("f"):rep(200))
      assert.equal(deep, run_script(dir, 'io.write(require("host.sys").cwd())', { cwd = deep }))
      assert.equal(lfs.currentdir(), sys.cwd())
    end)

    it("says so when the current directory is gone", function()
      local dir <close> = tmp.dir()
      local script = dir:write("script.lua", 'print(require("host.sys").cwd())')
      local gone = dir:mkdir("gone")
      local result = sh.run { cwd = gone,
        argv = { "sh", "-c", 'rmdir "$1"; exec "$2" "$3"', "-", gone, program.exe, script } }
      assert.equal("nil\tcannot find the current directory: No such file or directory\tENOENT\n",
        result.stdout)
    end)

    it("resolves links and dots, and names what is missing", function()
      local dir <close> = tmp.dir()
      dir:write("a/b", "")
      dir:symlink("a", "link")
      local base = assert(sys.realpath(dir.path))
      assert.equal(base .. "/a/b", sys.realpath(dir:join("link/../a/./b")))
      local path, message, name = sys.realpath(dir:join("none"))
      assert.is_nil(path)
      assert.matches("cannot resolve .*/none: No such file", message)
      assert.equal("ENOENT", name)
    end)

    it("gives the whole environment, the first of two with one name, and values with =", function()
      local env = sys.env()
      assert.equal(os.getenv("PATH"), env.PATH)
      local dir <close> = tmp.dir()
      local text = 'io.write(require("host.sys").env()["ODD.NAME"])'
      assert.equal("a=b=", run_script(dir, text, { env = { ["ODD.NAME"] = "a=b=" } }))
    end)

    it("finds its own scripts", function()
      assert.equal(sys.realpath("/proc/self/exe"), sys.exe())
      assert.equal(sys.exe():match("^(.*)/bin/[^/]+$") .. "/share/mighost", sys.share())
      assert.equal("file", lfs.attributes(sys.share() .. "/scripts/main.lua", "mode"))
    end)

    it("knows its version and Lua's", function()
      assert.matches("^%d+%.%d+%.%d+$", sys.version().mighost)
      assert.matches("^5%.4%.%d+$", sys.version().lua)
    end)

    it("tells the file mode mask without changing it", function()
      local dir <close> = tmp.dir()
      local script = dir:write("script.lua",
        'local sys = require "host.sys"\nprint(sys.umask(), sys.umask())')
      local out = sh.check { argv = { "sh", "-c", 'umask 027; exec "$1" "$2"', "-", program.exe,
        script } }
      assert.equal(("%d\t%d\n"):format(tonumber("27", 8), tonumber("27", 8)), out)
    end)

    it("tells whether names can be made in a folder, without making any", function()
      local dir <close> = tmp.dir()
      assert.is_true(sys.can_write(dir.path))
      local yes, message, name = sys.can_write(dir:join("missing"))
      assert.is_nil(yes)
      assert.equal("ENOENT", name)
      assert.is_truthy(message:find("missing", 1, true))
    end)

    it("has not been interrupted", function()
      assert.is_nil(sys.interrupted())
    end)
  end)

  describe("descriptors", function()
    it("tells terminals from files", function()
      local dir <close> = tmp.dir()
      local text = 'io.write(tostring(require("host.sys").isatty(1)))'
      assert.equal("false", run_script(dir, text))
      assert.has_error(function() sys.isatty(-1) end)
    end)

    it("writes all of a long text, also into a full pipe that does not block", function()
      local dir <close> = tmp.dir()
      local script = dir:write("script.lua",
        'assert(require("host.sys").write(1, ("0123456789"):rep(100000)))')
      local nonblocking = "import os, sys; os.set_blocking(1, False); "
        .. "os.execv(sys.argv[1], sys.argv[1:])"
      local out = sh.check { argv = { "sh", "-c",
        'python3 -c "$1" "$2" "$3" | { wc -c </dev/null; wc -c; }', "-", nonblocking, program.exe,
        script } }
      assert.equal("0\n1000000\n", out)
    end)

    it("says when nobody reads any more, instead of dying", function()
      local dir <close> = tmp.dir()
      local script = dir:write("script.lua", [[
        local done, message, name
        repeat done, message, name = require("host.sys").write(1, ("x"):rep(100000)) until not done
        require("host.sys").write(2, message .. " " .. name)
      ]])
      local result = sh.run { argv = { "sh", "-c", '"$1" "$2" | true', "-", program.exe, script } }
      assert.equal("cannot write to descriptor 1: Broken pipe EPIPE", result.stderr)
    end)
  end)

  describe("features", function()
    it("finds Landlock's version without a folder", function()
      local features = assert(sys.features())
      assert.equal("integer", math.type(features.landlock_abi))
      assert.is_nil(features.exchange)
    end)

    it("tries a folder and leaves nothing there", function()
      local dir <close> = tmp.dir()
      local features = assert(sys.features(dir.path))
      assert.equal("boolean", type(features.exchange))
      assert.equal("boolean", type(features.reflink))
      assert.same({}, dir:names())
    end)

    it("says why it cannot try", function()
      local dir <close> = tmp.dir()
      local features, message, name = sys.features(dir:join("none"))
      assert.is_nil(features)
      assert.matches("cannot open .*/none: No such file", message)
      assert.equal("ENOENT", name)
    end)
  end)
end)
