--- host.lock: one holder at a time, told by the kernel.

local lfs = require "lfs"
local fs = require "host.fs"
local lock = require "host.lock"
local sys = require "host.sys"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local fails <const> = require("spec.support.failure").expect

local TEXT <const> = "pid: 7\noperation: spec\n"

--- A process that holds x.lock until it is ended; returns once it holds it.
local function start_holder(dir, body)
  local script = dir:write("holder.lua", ([[
    local fs = require "host.fs"
    local dir = assert(fs.open_dir(%q))
    local held = assert(require("host.lock").take(dir, "x.lock", "pid: other\n"))
    io.write(require("host.sys").pid(), "\n")
    io.flush()
    %s
    return 0
  ]]):format(dir.path, body or "io.read()"))
  local exe = lfs.symlinkattributes("/proc/self/exe", "target")
  local fifo = dir:join("stdin")
  sh.check { argv = { "mkfifo", fifo } }
  local out = assert(io.popen(("exec %s %s <%s"):format(sh.quote(exe), sh.quote(script),
    sh.quote(fifo))))
  local stdin = assert(io.open(fifo, "w"))
  local pid = assert(out:read("l"))
  return {
    pid = pid,
    signal = function(name) sh.check { argv = { "kill", "-" .. name, pid } } end,
    finish = function()
      stdin:close()
      out:close()
    end,
  }
end

describe("host.lock", function()
  local dir, d

  before_each(function()
    dir = tmp.dir()
    d = assert(fs.open_dir(dir.path))
  end)

  after_each(function()
    d:close()
    dir:close()
  end)

  it("is held by one at a time, and its file stays", function()
    local first = assert(lock.take(d, "x.lock", TEXT))
    assert.are.equal(TEXT, dir:read("x.lock"))
    local message = fails("EBUSY", lock.take(d, "x.lock", "pid: 8\n"))
    assert.matches("x%.lock is held by another process %(pid: 7%)$", message)
    assert.are.equal(TEXT, dir:read("x.lock"))
    first:drop()
    assert.is_true(dir:exists("x.lock"))
    local second <close> = assert(lock.take(d, "x.lock", "short"))
    assert.are.equal("short", dir:read("x.lock"))
    assert.is_true(second:verify())
  end)

  it("locks names apart", function()
    local a <close> = assert(lock.take(d, "a", TEXT))
    local b <close> = assert(lock.take(d, "b", TEXT))
    assert.is_true(a:verify() and b:verify())
  end)

  it("is given back by close, by the collector, and twice", function()
    do
      local held <close> = assert(lock.take(d, "x.lock", TEXT))
      held:drop()
      held:drop()
      fails("ESTALE", held:verify())
      assert.matches("dropped", tostring(held))
    end
    local _ = assert(lock.take(d, "x.lock", TEXT))
    _ = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert(lock.take(d, "x.lock", TEXT)):drop()
  end)

  it("cuts a text that is too long, and works without one", function()
    local held = assert(lock.take(d, "x.lock", ("t"):rep(10000)))
    assert.are.equal(("t"):rep(4096), lock.holder(d, "x.lock"))
    assert.is_true(#fails("EBUSY", lock.take(d, "x.lock", TEXT)) < 300)
    held:drop()
    local empty <close> = assert(lock.take(d, "x.lock", ""))
    assert.are.equal("", lock.holder(d, "x.lock"))
    assert.matches("another process$", fails("EBUSY", lock.take(d, "x.lock", TEXT)))
    assert.is_true(empty:verify())
  end)

  it("names the holder on one harmless line, whatever is in the file", function()
    local held <close> = assert(lock.take(d, "x.lock", "pid: \27[2J7\0\rhidden\n"))
    assert.is_true(held:verify())
    assert.matches("%(pid: %?%[2J7%)$", fails("EBUSY", lock.take(d, "x.lock", TEXT)))
    dir:write("x.lock", "\tone\rtwo\n")
    assert.matches("%(%?one%)$", fails("EBUSY", lock.take(d, "x.lock", TEXT)))
    dir:write("x.lock", "a" .. ("é"):rep(200))
    local message = fails("EBUSY", lock.take(d, "x.lock", TEXT))
    assert.is_truthy(utf8.len(message)) -- a text of 401 bytes is not cut inside a character
    assert.matches("%(a[^ -~]+%)$", message)
  end)

  it("notices that its file was removed or replaced", function()
    local held <close> = assert(lock.take(d, "x.lock", TEXT))
    assert(os.rename(dir:join("x.lock"), dir:join("y")))
    assert.matches("removed or replaced", fails("ESTALE", held:verify()))
    dir:write("x.lock", "")
    fails("ESTALE", held:verify())
    assert(os.remove(dir:join("x.lock")))
    assert(os.rename(dir:join("y"), dir:join("x.lock")))
    assert.is_true(held:verify())
  end)

  it("refuses what is not a file name or not a regular file", function()
    dir:mkdir("directory")
    dir:write("file", "")
    dir:symlink("file", "link")
    sh.check { argv = { "mkfifo", dir:join("fifo") } }
    for _, name in ipairs { "", ".", "..", "a/b", "a\0b", "directory", "link", "fifo" } do
      fails("EINVALIDPATH", lock.take(d, name, TEXT))
    end
    for _, name in ipairs { "", "a/b", "a\0b", "directory", "fifo" } do
      fails("EINVALIDPATH", lock.holder(d, name))
    end
    fails("ELOOP", lock.holder(d, "link"))
  end)

  it("raises for wrong arguments", function()
    assert.has_error(function() lock.take(dir.path, "x", TEXT) end)
    assert.has_error(function() lock.take(d, "x") end)
    assert.has_error(function() lock.take(d, "x", TEXT, { wait = -1 }) end)
    assert.has_error(function() lock.take(d, "x", TEXT, { wait = "long" }) end)
    local closed = assert(fs.open_dir(dir.path))
    closed:close()
    assert.has_error(function() lock.take(closed, "x", TEXT) end)
  end)

  describe("holder", function()
    it("is false for a free lock, a missing file and a foreign file", function()
      assert.is_false(lock.holder(d, "x.lock"))
      assert.is_false(dir:exists("x.lock"))
      dir:write("x.lock", "pid: long gone\n")
      assert.is_false(lock.holder(d, "x.lock"))
    end)

    it("gives the text while the lock is held, here or elsewhere", function()
      local held = assert(lock.take(d, "x.lock", TEXT))
      assert.are.equal(TEXT, lock.holder(d, "x.lock"))
      held:drop()
      assert.is_false(lock.holder(d, "x.lock"))
      local other = start_holder(dir)
      assert.are.equal("pid: other\n", lock.holder(d, "x.lock"))
      other.finish()
      assert.is_false(lock.holder(d, "x.lock"))
    end)
  end)

  describe("of another process", function()
    it("is refused at once, and free once that was killed", function()
      local other = start_holder(dir)
      assert.matches("pid: other", fails("EBUSY", lock.take(d, "x.lock", TEXT)))
      other.signal("KILL")
      local held <close> = assert(lock.take(d, "x.lock", TEXT, { wait = 10 }))
      other.finish()
      assert.is_true(held:verify())
    end)

    it("is waited for until the deadline, also when it is stopped", function()
      local other = start_holder(dir)
      other.signal("STOP")
      local before = sys.monotonic()
      fails("EBUSY", lock.take(d, "x.lock", TEXT, { wait = 0.2 }))
      local waited = sys.monotonic() - before
      assert.is_true(waited >= 0.2 and waited < 5)
      other.signal("CONT")
      other.finish()
    end)

    it("is not kept alive by a child that the holder started", function()
      local other = start_holder(dir,
        "os.execute('sleep 60 >/dev/null 2>&1 & echo $! >" .. dir:join("child") .. "')")
      other.finish()
      local child = dir:read("child")
      sh.check { argv = { "kill", "-0", (child:gsub("%s", "")) } }
      assert.is_false(lock.holder(d, "x.lock"))
      sh.check { argv = { "kill", "-KILL", (child:gsub("%s", "")) } }
    end)

    it("interrupts a waiter with a signal", function()
      local other = start_holder(dir)
      local waiter = dir:write("waiter.lua", ([[
        local fs = require "host.fs"
        local dir = assert(fs.open_dir(%q))
        local pid = require("host.sys").pid()
        -- The lock file is open only while it is waited for.
        os.execute("(until ls -l /proc/" .. pid .. "/fd | grep -q x.lock; do :; done; kill -TERM "
          .. pid .. ") >/dev/null 2>&1 &")
        local _, _, name = require("host.lock").take(dir, "x.lock", "", { wait = 60 })
        return name == "EINTERRUPTED" and 0 or 1
      ]]):format(dir.path))
      local before = sys.monotonic()
      local exe = lfs.symlinkattributes("/proc/self/exe", "target")
      local result = sh.run { argv = { exe, waiter } }
      other.finish()
      assert.is_true(sys.monotonic() - before < 30)
      assert.are.equal(143, result.exit, result.stderr)
    end)
  end)
end)
