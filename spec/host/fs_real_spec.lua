--- host.fs: where a path leads once links are followed.

local fs = require "host.fs"
local tmp = require "spec.support.tmp"

describe("Dir:real", function()
  local root, dir

  before_each(function()
    root = tmp.dir()
    root:write("m/sub/file", "")
    root:write("other/file", "")
    dir = assert(fs.open_dir(root:join("m")))
  end)

  after_each(function()
    dir:close()
    root:close()
  end)

  it("gives a path without links, relative to the directory", function()
    root:symlink("sub/file", "m/relative")
    root:symlink(root:join("m/sub/file"), "m/absolute")
    root:symlink("../m/sub", "m/detour")
    for _, path in ipairs { "sub/file", "./sub//file", "relative", "absolute", "detour/file" } do
      assert.equal("sub/file", dir:real(path), path)
    end
    assert.equal("sub", dir:real("detour"))
  end)

  it("works from a directory that was itself opened over a link, and from the root", function()
    root:symlink("m", "alias")
    local alias <close> = assert(fs.open_dir(root:join("alias")))
    assert.equal("sub/file", alias:real("sub/file"))
    local top <close> = assert(fs.open_dir("/"))
    assert.equal((root:join("m/sub/file"):sub(2)), top:real(root:join("alias/sub/file"):sub(2)))
  end)

  it("gives long paths whole", function()
    local long = ("x"):rep(200)
    root:write(("m/%s/%s/file"):format(long, long), "")
    root:symlink(("%s/%s/file"):format(long, long), "m/short")
    assert.equal(("%s/%s/file"):format(long, long), dir:real("short"))
  end)

  it("says EXDEV for what leads outside, and for the directory itself", function()
    root:symlink("../other/file", "m/outside")
    root:symlink("..", "m/up")
    root:symlink(".", "m/itself")
    root:write("m2/file", "")
    root:symlink("../m2/file", "m/sibling")
    for _, path in ipairs { "outside", "up", "itself", "up/other/file", "sibling" } do
      local real, message, name = dir:real(path)
      assert.is_nil(real, path)
      assert.equal("EXDEV", name, path)
      assert.matches("it leads outside$", message)
    end
  end)

  it("says why a path leads nowhere", function()
    root:symlink("nowhere", "m/dangling")
    root:symlink("loop", "m/loop")
    for path, expected in pairs {
      dangling = "ENOENT", absent = "ENOENT", loop = "ELOOP", ["sub/file/x"] = "ENOTDIR",
      ["/etc"] = "EINVALIDPATH", ["../m/sub"] = "EINVALIDPATH", ["a\0b"] = "EINVALIDPATH",
    } do
      local real, message, name = dir:real(path)
      assert.is_nil(real, path)
      assert.is_string(message, path)
      assert.equal(expected, name, path)
    end
  end)
end)
