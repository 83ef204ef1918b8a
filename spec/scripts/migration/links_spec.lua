local fs = require "host.fs"
local links = require "migration.links"
local tmp = require "spec.support.tmp"

describe("migration.links", function()
  local root, dir

  before_each(function()
    root = tmp.dir()
    root:write("m/sub/file", "12345")
    root:write("other/file", "")
    dir = assert(fs.open_dir(root:join("m")))
  end)

  after_each(function()
    dir:close()
    root:close()
  end)

  it("follows links that stay inside, absolute ones and detours too", function()
    root:symlink("sub/file", "m/relative")
    root:symlink(root:join("m/sub/file"), "m/absolute")
    root:symlink("../m/sub/file", "m/detour")
    root:symlink("sub", "m/folder")
    for _, path in ipairs { "sub/file", "relative", "absolute", "detour", "folder/file" } do
      local found = links.stat(dir, path)
      assert.equal("file", found.kind, path)
      assert.equal(5, found.size, path)
    end
  end)

  it("says EXDEV for what leads outside", function()
    root:symlink("../other/file", "m/relative")
    root:symlink(root:join("other/file"), "m/absolute")
    root:symlink("../other", "m/folder")
    root:symlink("../nowhere", "m/dangling")
    for _, path in ipairs { "relative", "absolute", "folder/file", "dangling" } do
      assert.same({ nil, "EXDEV" }, { links.stat(dir, path) }, path)
    end
  end)

  it("says why nothing is there", function()
    root:symlink("nowhere", "m/dangling")
    assert.same({ nil, "ENOENT" }, { links.stat(dir, "dangling") })
    assert.same({ nil, "ENOENT" }, { links.stat(dir, "absent") })
    assert.same({ nil, "ENOTDIR" }, { links.stat(dir, "sub/file/below") })
  end)
end)
