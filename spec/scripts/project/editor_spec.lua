local editor = require "project.editor"
local json = require "lib.json"
local lfs = require "lfs"
local tmp = require "spec.support.tmp"

local FILE <const> = ".mighost/.luarc.json"

describe("project.editor", function()
  it("leads a language server to the types and the modules that a script may require", function()
    local dir <close> = tmp.dir()
    assert.is_false(editor.is_ready(dir.path))
    assert(editor.write(dir.path))
    assert.is_true(editor.is_ready(dir.path))
    local settings = json.decode(dir:read(FILE))
    assert.equal("Lua 5.4", settings["runtime.version"])
    local library = settings["workspace.library"][1]
    for _, file in ipairs { "meta/types.lua", "meta/host_fs.lua", "lib/contract.lua" } do
      assert.equal("file", lfs.attributes(library .. "/" .. file, "mode"))
    end
  end)

  it("is kept out of git", function()
    local dir <close> = tmp.dir()
    assert(editor.write(dir.path))
    assert.equal("/.luarc.json\n", dir:read(".mighost/.gitignore"))
  end)

  it("keeps what people wrote, unless it leads nowhere", function()
    local dir <close> = tmp.dir()
    assert(editor.write(dir.path))
    local settings = json.decode(dir:read(FILE))
    settings["hint.enable"] = true
    dir:write(FILE, json.encode(settings))
    dir:write(".mighost/.gitignore", "mine\n")
    assert(editor.write(dir.path))
    assert.is_true(json.decode(dir:read(FILE))["hint.enable"])
    assert.equal("mine\n", dir:read(".mighost/.gitignore"))
    dir:write(FILE, '{"workspace.library": ["/gone/scripts"]}')
    assert.is_false(editor.is_ready(dir.path))
    assert(editor.write(dir.path))
    assert.is_true(editor.is_ready(dir.path))
  end)

  it("says what it cannot write", function()
    local dir <close> = tmp.dir()
    dir:write(".mighost", "a file")
    local ok, message = editor.write(dir.path)
    assert.is_nil(ok)
    assert.is_string(message)
  end)
end)
