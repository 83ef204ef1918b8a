--- host.fs: opening directories, bounded reads, sorted lists, properties.

local lfs = require "lfs"
local fs = require "host.fs"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local fails <const> = require("spec.support.failure").expect

--- Every byte that a file name may hold.
local function all_name_bytes()
  local bytes = {}
  for byte = 1, 255 do
    if byte ~= ("/"):byte() then
      table.insert(bytes, string.char(byte))
    end
  end
  return bytes
end

--- The system calls that a script makes between its two calls of os.remove on the given names.
local function traced_calls(script)
  local dir <close> = tmp.dir()
  local file = dir:write("script.lua", script)
  local exe = lfs.symlinkattributes("/proc/self/exe", "target")
  sh.check {
    argv = { "strace", "-o", dir:join("trace"), exe, file },
    env = { ASAN_OPTIONS = "detect_leaks=0" }, -- a traced process cannot look for leaks
  }
  local trace = dir:read("trace")
  local between = trace:match("\nunlink%(\"/begin\"%)[^\n]*\n(.-)\nunlink%(\"/end\"%)")
  local calls = {}
  for name in ("\n" .. between):gmatch("\n([a-z0-9_]+)%(") do
    if name ~= "brk" and name ~= "mmap" and name ~= "munmap" then
      table.insert(calls, name)
    end
  end
  return calls
end

describe("host.fs", function()
  local dir, d

  before_each(function()
    dir = tmp.dir()
    d = assert(fs.open_dir(dir.path))
  end)

  after_each(function()
    d:close()
    dir:close()
  end)

  describe("open_dir", function()
    it("takes absolute and relative paths and joins them", function()
      dir:mkdir("a/b")
      local a <close> = assert(d:open_dir("a"))
      local b <close> = assert(a:open_dir("b"))
      assert.are.equal(dir:join("a/b"), b:path())
      local here <close> = assert(fs.open_dir("."))
      assert.are.equal(".", here:path())
    end)

    it("says what cannot be opened", function()
      dir:write("file", "")
      assert.matches("/missing: No such", fails("ENOENT", fs.open_dir(dir:join("missing"))))
      fails("ENOENT", d:open_dir("missing"))
      fails("ENOTDIR", d:open_dir("file"))
      fails("EINVALIDPATH", fs.open_dir("a\0b"))
    end)

    it("follows links to it, but refuses them beneath it", function()
      dir:mkdir("real")
      local link = dir:symlink("real", "link")
      local opened <close> = assert(fs.open_dir(link))
      assert.are.equal(link, opened:path())
      assert.matches("symbolic link", fails("ELOOP", d:open_dir("link")))
    end)

    it("never leads out", function()
      fails("EXDEV", d:open_dir(".."))
      fails("EXDEV", d:open_dir("/"))
    end)

    it("stays the same directory when that is renamed", function()
      dir:write("old/file", "text")
      local old <close> = assert(d:open_dir("old"))
      assert(os.rename(dir:join("old"), dir:join("new")))
      assert.are.equal("text", old:read("file"))
    end)

    it("closes twice, and raises after that", function()
      d:close()
      d:close()
      assert.has_error(function() d:read("x") end)
      assert.matches("closed", tostring(d))
    end)
  end)

  describe("read", function()
    it("gives the bytes as they are", function()
      for _, text in ipairs { "", "\0\r\n\255", ("x"):rep(65535), ("y"):rep(2000003) } do
        dir:write("file", text)
        assert.is_true(d:read("file") == text)
      end
    end)

    it("keeps nothing of a longer file read before", function()
      dir:write("long", ("x"):rep(10000))
      dir:write("short", "s")
      assert.are.equal(10000, #d:read("long"))
      assert.are.equal("s", d:read("short"))
    end)

    it("refuses what is longer than max", function()
      dir:write("file", "12345")
      assert.are.equal("12345", d:read("file", { max = 5 }))
      fails("EFBIG", d:read("file", { max = 4 }))
      dir:write("empty", "")
      assert.are.equal("", d:read("empty", { max = 0 }))
    end)

    it("reads a file that does not say its size", function()
      local proc <close> = assert(fs.open_dir("/proc/self"))
      assert.matches("^Name:", proc:read("status"))
      fails("EFBIG", proc:read("status", { max = 10 }))
    end)

    it("answers at once for whatever is in a file's place", function()
      dir:mkdir("directory")
      sh.check { argv = { "mkfifo", dir:join("fifo") } }
      sh.check { argv = { "python3", "-c", "import socket,sys\n"
        .. "socket.socket(socket.AF_UNIX).bind(sys.argv[1])", dir:join("socket") } }
      for _, name in ipairs { "directory", "fifo", "socket" } do
        assert.matches("not a regular file", fails("EINVAL", d:read(name)))
      end
      local dev <close> = assert(fs.open_dir("/dev"))
      fails("EINVAL", dev:read("zero"))
      fails("ENOENT", d:read("missing"))
      fails("ENOTDIR", d:read("fifo/x"))
    end)

    it("follows links only as far as it is told", function()
      dir:write("sub/file", "text")
      dir:symlink("sub/file", "inside")
      dir:symlink("sub", "way")
      dir:symlink("/proc/self/status", "outside")
      dir:symlink("dangling", "dangling")
      for _, name in ipairs { "inside", "way/file", "outside", "dangling" } do
        fails("ELOOP", d:read(name))
      end
      assert.are.equal("text", d:read("inside", { links = "inside" }))
      assert.are.equal("text", d:read("way/file", { links = "inside" }))
      fails("EXDEV", d:read("outside", { links = "inside" }))
      assert.matches("^Name:", d:read("outside", { links = "follow" }))
      fails("ELOOP", d:read("dangling", { links = "follow" }))
    end)

    it("never takes a path that leads out by itself", function()
      for _, links in ipairs { "refuse", "inside", "follow" } do
        fails("EINVALIDPATH", d:read("/etc/passwd", { links = links }))
      end
      fails("EXDEV", d:read("../x"))
      fails("EINVALIDPATH", d:read("../x", { links = "follow" }))
      fails("EINVALIDPATH", d:read("a/..", { links = "follow" }))
      fails("EINVALIDPATH", d:read("file\0"))
    end)

    it("accepts dot segments and doubled slashes", function()
      dir:write("sub/file", "text")
      assert.are.equal("text", d:read("./sub//./file"))
    end)

    it("raises for wrong arguments", function()
      assert.has_error(function() d:read() end)
      assert.has_error(function() d:read("x", 5) end)
      assert.has_error(function() d:read("x", { max = "much" }) end)
      assert.has_error(function() d:read("x", { max = -1 }) end)
      assert.has_error(function() d:read("x", { links = "perhaps" }) end)
    end)
  end)

  describe("list", function()
    it("sorts by byte and tells the kinds", function()
      dir:write("b", "")
      dir:mkdir("a")
      dir:symlink("a", "Z")
      sh.check { argv = { "mkfifo", dir:join("\xc3\xa9") } }
      assert.are.same({
        { name = "Z", kind = "symlink" }, { name = "a", kind = "directory" },
        { name = "b", kind = "file" }, { name = "\xc3\xa9", kind = "other" },
      }, d:list())
      assert.are.same({}, d:list("a"))
      assert.are.same(d:list(), d:list(""))
    end)

    it("lists thousands of names, again and again", function()
      local expected = {}
      for i = 1, 3000 do
        expected[i] = ("%04d"):format(i) .. ("n"):rep(i % 200)
        dir:write(expected[i], "")
      end
      for _ = 1, 2 do
        local names = {}
        for i, entry in ipairs(d:list()) do
          names[i] = entry.name
        end
        assert.are.same(expected, names)
      end
    end)

    it("says what cannot be listed", function()
      dir:write("file", "")
      dir:mkdir("a")
      dir:symlink("a", "link")
      fails("ENOENT", d:list("missing"))
      fails("ENOTDIR", d:list("file"))
      fails("ELOOP", d:list("link"))
      fails("EXDEV", d:list(".."))
    end)
  end)

  describe("stat", function()
    it("tells kind, size, mode, time, links and owner", function()
      local path = dir:write("sub/file", "12345")
      sh.check { argv = { "chmod", "640", path } }
      sh.check { argv = { "touch", "-d", "@1000000000.5", path } }
      local owner = sh.check({ argv = { "stat", "-c", "%u %g", path } })
      local uid, gid = owner:match("(%d+) (%d+)")
      assert.are.same({ kind = "file", size = 5, mode = 416, mtime = 1000000000.5, nlink = 1,
        uid = tonumber(uid), gid = tonumber(gid) }, d:stat("sub/file"))
      assert.are.equal("directory", d:stat("").kind)
      assert.are.equal("directory", d:stat("sub").kind)
    end)

    it("follows the last link unless links are refused", function()
      dir:write("sub/file", "12345")
      dir:symlink("sub/file", "link")
      dir:symlink("sub", "way")
      dir:symlink("/etc", "outside")
      dir:symlink("nowhere", "dangling")
      assert.are.equal("symlink", d:stat("link").kind)
      assert.are.equal(5, d:stat("link", { links = "inside" }).size)
      assert.are.equal(5, d:stat("way/file", { links = "inside" }).size)
      fails("ELOOP", d:stat("way/file"))
      assert.are.equal("symlink", d:stat("outside").kind)
      fails("EXDEV", d:stat("outside", { links = "inside" }))
      assert.are.equal("directory", d:stat("outside", { links = "follow" }).kind)
      fails("ENOENT", d:stat("dangling", { links = "inside" }))
      fails("ENOENT", d:stat("dangling", { links = "follow" }))
      for _, links in ipairs { "refuse", "inside", "follow" } do
        assert.are.equal("directory", d:stat("", { links = links }).kind)
      end
    end)

    it("says what is missing", function()
      fails("ENOENT", d:stat("missing"))
      fails("EINVALIDPATH", d:stat("/etc"))
      fails("EXDEV", d:stat("../x"))
    end)
  end)

  it("works with any byte in names", function()
    local bytes = all_name_bytes()
    local expected = {}
    for i, byte in ipairs(bytes) do
      local name = "n" .. byte
      expected[i] = { name = name, kind = "file" }
      assert(d:write(name, byte))
      assert.are.equal(byte, d:read(name))
      assert.are.equal(1, d:stat(name).size)
    end
    assert.are.same(expected, d:list())
    for _, byte in ipairs(bytes) do
      assert(d:rename("n" .. byte, "m" .. byte))
      assert(d:remove("m" .. byte))
    end
    assert.are.same({}, d:list())
  end)

  it("reads a migration in few system calls", function()
    dir:write("slug/manifest.json", ("m"):rep(2000))
    dir:write("slug/.planning/state.json", ("s"):rep(3000))
    dir:write("slug/.planning/stages/a.md", "")
    local calls = traced_calls(([[
      local fs = require "host.fs"
      local live = assert(fs.open_dir(%q))
      os.remove("/begin")
      do
        local m <close> = assert(live:open_dir("slug"))
        assert(m:read("manifest.json"))
        assert(m:read(".planning/state.json"))
        local stages <close> = assert(m:open_dir(".planning/stages"))
        assert(stages:stat("a.md"))
      end
      os.remove("/end")
      return 0
    ]]):format(dir.path))
    assert.is_true(#calls <= 13, table.concat(calls, " "))
  end)
end)
