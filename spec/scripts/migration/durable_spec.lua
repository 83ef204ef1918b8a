local durable = require "migration.durable"
local fs = require "host.fs"
local lfs = require "lfs"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

describe("migration.durable", function()
  local function read(root, path)
    local dir <close> = assert(fs.open_dir(root.path .. "/m"))
    return durable.read(dir, path)
  end

  it("reads files, behind links too", function()
    local root <close> = tmp.dir()
    root:write("m/file", "inside")
    root:write("elsewhere/file", "outside")
    root:symlink("../elsewhere", "m/folder")
    root:symlink("../elsewhere/file", "m/link")
    assert.equal("inside", read(root, "file"))
    assert.equal("outside", read(root, "link"))
    assert.equal("outside", read(root, "folder/file"))
  end)

  it("says ENOENT when nothing is there, however that is", function()
    local root <close> = tmp.dir()
    root:write("m/file", "")
    root:symlink("nowhere", "m/dangling")
    root:symlink("loop", "m/loop")
    for _, path in ipairs { "absent", "no/where", "file/below", "dangling", "loop" } do
      local text, message, name = read(root, path)
      assert.is_nil(text)
      assert.is_string(message)
      assert.equal("ENOENT", name, path)
    end
  end)

  it("refuses a text in one line that is safe to print", function()
    assert.same({ nil, 'manifest.json: unknown value "a\\ b\\u{1B}"', "EINVAL" },
      { durable.refuse("manifest.json", 'unknown value "a\\\nb\27"') })
  end)

  it("does not call something else than a file absent, and does not wait for it", function()
    local root <close> = tmp.dir()
    root:mkdir("m/folder")
    sh.check { argv = { "mkfifo", root:join("m/fifo") } }
    assert.is_truthy(lfs.attributes(root:join("m/fifo")))
    for _, path in ipairs { "folder", "fifo" } do
      assert.equal("EINVAL", select(3, read(root, path)), path)
    end
  end)
end)
