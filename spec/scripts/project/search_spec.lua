local search = require "project.search"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"

--- A project root with files of its own; the user's layer is that of the caller.
local function project(files)
  local dir = tmp.dir()
  for rel, text in pairs(files) do
    dir:write(".mighost/" .. rel, text)
  end
  return dir
end

describe("project.search", function()
  it("finds the installed file where nobody has another", function()
    local found = search.find("scripts", "version")
    assert.equal("installed", found.layer)
    assert.equal(sys.share() .. "/scripts/commands/version.lua", found.path)
    assert.matches("^%-%-%- ", found.text)
    assert.equal("installed", search.find("stages", "pipeline").layer)
    assert.equal("installed", search.find("agents", "replay").layer)
    assert.equal(sys.share() .. "/scripts/rules", search.layers("rules")[2].path)
  end)

  it("lets the project's own win, with the bytes it has", function()
    local dir <close> = project { ["scripts/version.lua"] = "mine\0" }
    local found = search.find("scripts", "version", { root = dir.path })
    assert.same({ layer = "project", path = dir:join(".mighost/scripts/version.lua"),
      text = "mine\0" },
      found)
    assert.equal("installed", search.find("scripts", "version").layer)
  end)

  it("has the layers in order", function()
    local names = {}
    for i, layer in ipairs(search.layers("stages", "/root")) do
      names[i] = layer.layer
    end
    assert.same({ "project", "user", "installed" }, names)
    assert.equal("/root/.mighost/stages", search.layers("stages", "/root")[1].path)
  end)

  it("says when nothing has a name, or nothing can have it", function()
    for _, name in ipairs { "nosuch", "..", "../commands/version", "a/../b", "", "/etc/passwd",
      ".x", "a b",
      "a\0b", "a/", "-x", ("x"):rep(300) } do
      local found, message, errno = search.find("scripts", name)
      assert.is_nil(found)
      assert.is_string(message)
      assert.equal("ENOENT", errno)
    end
  end)

  it("reports a file that is there and cannot be read", function()
    local dir <close> = project {}
    dir:mkdir(".mighost/scripts/version.lua")
    local found, message, errno = search.find("scripts", "version", { root = dir.path })
    assert.is_nil(found)
    assert.matches("version.lua", message, 1, true)
    assert.equal("EINVAL", errno)
  end)

  it("knows folders of names", function()
    assert.is_true(search.has_folder("scripts", "migration"))
    assert.is_false(search.has_folder("scripts", "version"))
    assert.is_false(search.has_folder("scripts", ".."))
  end)

  it("lists every name once, in byte order, with the layer that serves it", function()
    local dir <close> = project {
      ["scripts/version.lua"] = "", ["scripts/team/b.lua"] = "", ["scripts/README.md"] = "",
      ["scripts/.hidden.lua"] = "", ["scripts/a b.lua"] = "",
    }
    dir:mkdir(".mighost/scripts/folder.lua")
    local layers, names = {}, {}
    for _, entry in ipairs(search.list("scripts", { root = dir.path })) do
      layers[entry.name] = entry.layer
      table.insert(names, entry.name)
    end
    assert.equal("project", layers.version)
    assert.equal("project", layers["team/b"])
    assert.equal("installed", layers["migration/list"])
    assert.is_nil(layers["README"] or layers[".hidden"] or layers["a b"] or layers.folder)
    local sorted = table.move(names, 1, #names, 1, {})
    table.sort(sorted)
    assert.same(sorted, names)
  end)
end)
