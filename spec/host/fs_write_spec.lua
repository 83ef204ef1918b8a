--- host.fs: whole files at every instant, directories made, names removed and changed.

local fs = require "host.fs"
local tmp = require "spec.support.tmp"

local fails <const> = require("spec.support.failure").expect

local function temporaries(dir, rel)
  local found = {}
  for _, name in ipairs(dir:names(rel)) do
    if name:find("^%.mighost%-") then
      table.insert(found, name)
    end
  end
  return found
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

  describe("write", function()
    it("makes and replaces a file, and leaves no other name", function()
      for _, text in ipairs { "one", "", "\0\255", ("z"):rep(300000) } do
        assert.is_true(d:write("file", text))
        assert.is_true(dir:read("file") == text)
      end
      assert.is_true(d:write("file", "fast", { durable = false }))
      assert.are.equal("fast", dir:read("file"))
      assert.are.same({ "file" }, dir:names())
    end)

    it("gives the mode asked for", function()
      assert(d:write("file", "", { mode = 384 }))
      assert.are.equal(384, d:stat("file").mode)
      assert.has_error(function() d:write("file", "", { mode = 1 << 32 }) end)
      assert.has_error(function() d:mkdir("x", { mode = 4096 }) end)
    end)

    it("replaces a link, not what it leads to", function()
      dir:write("target", "kept")
      dir:symlink("target", "link")
      assert(d:write("link", "new"))
      assert.are.equal("kept", dir:read("target"))
      assert.are.equal("file", d:stat("link").kind)
    end)

    it("changes nothing when it fails", function()
      dir:write("directory/inside", "kept")
      dir:mkdir("real")
      dir:symlink("real", "link")
      fails("EISDIR", d:write("directory", "text"))
      fails("ENOENT", d:write("missing/file", "text"))
      fails("ELOOP", d:write("link/file", "text"))
      assert.are.same({}, temporaries(dir))
      assert.are.same({}, dir:names("real"))
      assert.are.equal("kept", dir:read("directory/inside"))
    end)

    it("takes plain paths only", function()
      for _, path in ipairs { "", ".", "..", "/x", "a/../x", "./x", "a//x", "a/", "a\0b",
        ("n"):rep(256) } do
        fails("EINVALIDPATH", d:write(path, "text"))
      end
      assert.are.same({}, dir:names())
    end)
  end)

  describe("mkdir, remove, rename, sync", function()
    it("makes parents, and accepts what exists", function()
      assert.is_true(d:mkdir("a/b/c"))
      assert.is_true(d:mkdir("a/b/c"))
      dir:write("file", "")
      dir:symlink("/", "link")
      fails("ENOTDIR", d:mkdir("file/x"))
      fails("ELOOP", d:mkdir("link/x"))
      fails("EINVALIDPATH", d:mkdir("../x"))
    end)

    it("makes directories of the mode that is asked for, and leaves what exists", function()
      assert.is_true(d:mkdir("own/inner", { mode = 448 }))
      assert.are.same({ 448, 448 }, { d:stat("own").mode, d:stat("own/inner").mode })
      assert.is_true(d:mkdir("own", { mode = 493 }))
      assert.are.equal(448, d:stat("own").mode)
      assert.has_error(function() d:mkdir("x", { mode = "rwx" }) end)
    end)

    it("removes files, links and empty directories, and accepts what is gone", function()
      dir:write("full/file", "")
      dir:mkdir("empty")
      dir:symlink("full", "link")
      for _, path in ipairs { "link", "empty", "missing", "missing/way" } do
        assert.is_true(d:remove(path))
      end
      fails("ENOTEMPTY", d:remove("full"))
      fails("EINVALIDPATH", d:remove("full/.."))
      assert.are.same({ "full" }, dir:names())
      assert.is_true(d:remove("full/file"))
      assert.is_true(d:remove("full"))
    end)

    it("renames, but never onto something", function()
      dir:write("a", "a")
      dir:write("sub/b", "b")
      fails("EEXIST", d:rename("a", "sub/b"))
      fails("ENOENT", d:rename("missing", "c"))
      fails("ENOENT", d:rename("a", "missing/c"))
      fails("EINVALIDPATH", d:rename("a", "../c"))
      assert.is_true(d:rename("a", "sub/c"))
      assert.are.equal("a", dir:read("sub/c"))
      assert.are.equal("b", dir:read("sub/b"))
    end)

    it("syncs a file, a directory and itself", function()
      dir:write("sub/file", "")
      assert.is_true(d:sync())
      assert.is_true(d:sync("sub"))
      assert.is_true(d:sync("sub/file"))
      fails("ENOENT", d:sync("missing"))
    end)
  end)
end)
