local brought = require "spec.support.brought"
local search = require "project.search"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"
local trust = require "project.trust"

--- A project that brings these files of `.mighost/` along, trusted or not.
local function project(files, is_trusted)
  local all = {}
  for path, text in pairs(files) do
    all[".mighost/" .. path] = text
  end
  local theirs = brought.new(all)
  local opened = theirs:open()
  if is_trusted then
    assert(trust.accept(opened))
  end
  return theirs, opened
end

--- Runs a chunk in a process whose user has `dir` for configuration; its return value decides.
local function as_user(dir, chunk)
  dir:write("chunk.lua", "local search = require 'project.search'\n" .. chunk)
  return sh.run { argv = { sys.exe(), dir:join("chunk.lua") }, cwd = dir.path,
    env = { HOME = dir.path, XDG_CONFIG_HOME = dir:join("config") } }
end

describe("project.search", function()
  it("finds the installed file where nobody has another", function()
    local found = search.find("scripts", "version")
    assert.equal("installed", found.layer)
    assert.equal(sys.share() .. "/scripts/commands/version.lua", found.path)
    assert.matches("^%-%-%- ", found.text)
    assert.equal("installed", search.find("stages", "pipeline").layer)
    assert.equal("installed", search.find("agents", "replay").layer)
    assert.same({ "project", "user", "installed" }, search.layers)
  end)

  it("lets the project's own win once it is trusted, with the bytes it had then", function()
    local theirs <close>, opened = project({ ["scripts/version.lua"] = "mine\0" }, true)
    theirs.repo:write(".mighost/scripts/version.lua", "swapped")
    assert.same({ layer = "project", path = theirs.path .. "/.mighost/scripts/version.lua",
      text = "mine\0" }, search.find("scripts", "version", opened))
    assert.equal("installed", search.find("scripts", "version", opened, { installed = true }).layer)
    assert.equal("installed", search.find("scripts", "version").layer)
  end)

  it("refuses what is not trusted, or passes over it for those who only look", function()
    local theirs <close>, opened = project { ["scripts/version.lua"] = "mine" }
    local found, message, name, fix = search.find("scripts", "version", opened)
    assert.is_nil(found)
    assert.matches("have not trusted: .mighost/scripts/version.lua", message, 1, true)
    assert.same({ "EUNTRUSTED", "mighost trust -C " .. theirs.path }, { name, fix })
    assert.equal("installed", search.find("scripts", "version", opened, { looking = true }).layer)
    assert.equal("installed", search.find("scripts", "help", opened).layer)
  end)

  it("does not take a name for unknown that may stand where nothing can be trusted", function()
    local theirs <close> = project {}
    theirs.repo.dir:mkdir(".mighost/scripts")
    theirs.repo.dir:symlink("/dev/null", ".mighost/scripts/own.lua")
    local opened = theirs:open()
    assert.equal("EUNTRUSTED", select(3, search.find("scripts", "own", opened)))
    assert.equal("ENOENT", select(3, search.find("scripts", "own", opened, { looking = true })))
    assert.equal("installed", search.find("scripts", "version", opened).layer)
  end)

  it("has no folders of stages and helpers: plans record the name of a pipeline's file", function()
    local mine = {}
    for _, kind in ipairs { "stages", "rules", "lib" } do
      mine[kind .. "/team/a.lua"] = "mine"
    end
    local _ <close>, opened = project(mine, true)
    for kind, is_found in pairs { stages = false, lib = false, rules = true } do
      assert.equal(is_found, search.find(kind, "team/a", opened) ~= nil)
      local names = {}
      for _, entry in ipairs(search.list(kind, opened)) do
        names[entry.name] = true
      end
      assert.equal(is_found, names["team/a"] or false)
    end
  end)

  it("shows what every layer has", function()
    local theirs <close>, opened = project { ["rules/manifest-name.lua"] = "mine" }
    local hits = search.look("rules", "manifest-name", opened)
    assert.equal(2, #hits)
    assert.same({ "project", nil, "EUNTRUSTED" }, { hits[1].layer, hits[1].text, hits[1].name })
    assert.equal("installed", hits[2].layer)
    assert(trust.accept(opened))
    assert.equal("mine", search.look("rules", "manifest-name", opened)[1].text)
    assert.same({}, search.look("rules", "../x", opened))
    assert.same({}, search.look("rules", "nosuch", theirs:open()))
  end)

  it("says when nothing has a name, or nothing can have it", function()
    for _, name in ipairs { "nosuch", "..", "../commands/version", "a/../b", "", "/etc/passwd",
      ".x", "a b", "a\0b", "a/", "-x", ("x"):rep(300) } do
      local found, message, errno = search.find("scripts", name)
      assert.is_nil(found)
      assert.is_string(message)
      assert.equal("ENOENT", errno)
    end
  end)

  it("takes the user's own before the installed ones, and follows links there", function()
    local dir <close> = tmp.dir()
    dir:write("config/mighost/stages/review.lua", "mine")
    dir:write("dotfiles/rule.lua", "linked")
    dir:mkdir("config/mighost/rules")
    dir:symlink("../../../dotfiles/rule.lua", "config/mighost/rules/plan-present.lua")
    local result = as_user(dir, [[
      local stage, rule = search.find("stages", "review"), search.find("rules", "plan-present")
      print(stage.layer, stage.text, rule.layer, rule.text)]])
    assert.equal("user\tmine\tuser\tlinked\n", result.stdout)
  end)

  it("refuses a file of the user's folder that others may write", function()
    local dir <close> = tmp.dir()
    dir:write("config/mighost/stages/review.lua", "mine")
    for _, path in ipairs { "config/mighost", "config/mighost/stages",
      "config/mighost/stages/review.lua" } do
      sh.check { argv = { "chmod", "o+w", dir:join(path) } }
      local result = as_user(dir, [[print(select(2, search.find("stages", "review")))]])
      assert.equal(dir:join("config/mighost/stages/review.lua") .. " is not used: "
        .. dir:join(path) .. " may be written by everyone\tEUNTRUSTED\tchmod o-w " .. dir:join(path)
        .. "\n", result.stdout)
      sh.check { argv = { "chmod", "o-w", dir:join(path) } }
    end
  end)

  it("reports a file of the user's that is there and cannot be read", function()
    local dir <close> = tmp.dir()
    dir:mkdir("config/mighost/scripts/version.lua")
    local result = as_user(dir, [[
      local found, message, name = search.find("scripts", "version")
      print(found, message:find("version.lua", 1, true) ~= nil, name)]])
    assert.equal("nil\ttrue\tEINVAL\n", result.stdout)
  end)

  it("knows folders of names", function()
    local theirs <close>, opened = project { ["scripts/team/own.lua"] = "" }
    assert.is_true(search.has_folder("scripts", "migration"))
    assert.is_true(search.has_folder("scripts", "team", opened))
    for _, name in ipairs { "version", "..", "tea", "team/own" } do
      assert.is_false(search.has_folder("scripts", name, opened))
    end
    assert.is_string(theirs.path)
  end)

  it("lists every name once, in byte order, with the layer that serves it", function()
    local theirs <close>, opened = project({
      ["scripts/version.lua"] = "", ["scripts/team/b.lua"] = "", ["scripts/README.md"] = "",
      ["scripts/.hidden.lua"] = "", ["scripts/a b.lua"] = "",
    }, true)
    local layers, names = {}, {}
    for _, entry in ipairs(search.list("scripts", opened)) do
      layers[entry.name] = entry.layer
      table.insert(names, entry.name)
    end
    assert.equal("project", layers.version)
    assert.equal("project", layers["team/b"])
    assert.equal("installed", layers["migration/list"])
    assert.is_nil(layers["README"] or layers[".hidden"] or layers["a b"])
    local sorted = table.move(names, 1, #names, 1, {})
    table.sort(sorted)
    assert.same(sorted, names)
    assert.is_true(trust.revoke(opened))
    for _, entry in ipairs(search.list("scripts", theirs:open(), { looking = true })) do
      assert.equal("installed", entry.layer)
    end
  end)

  it("finds the helpers of a file's own layer", function()
    local theirs <close>, opened = project({ ["rules/a.lua"] = "", ["lib/words.lua"] = "W" }, true)
    local modules = search.modules(search.find("rules", "a", opened), opened)
    assert.same({ "W", theirs.path .. "/.mighost/lib/words.lua" }, { modules "lib.words" })
    for _, name in ipairs { "lib.text", "lib.nosuch", "words", "lib.", "lib...x", "x.words" } do
      assert.is_nil((modules(name)))
    end
    local installed = search.modules(search.find("rules", "plan-present", opened), opened)
    assert.is_nil((installed "lib.words"))
  end)

  it("says why a helper of the user's is not used", function()
    local dir <close> = tmp.dir()
    dir:write("config/mighost/lib/words.lua", "")
    dir:write("config/mighost/rules/a.lua", "")
    sh.check { argv = { "chmod", "o+w", dir:join("config/mighost/lib/words.lua") } }
    local result = as_user(dir, [[
      print(search.modules(search.find("rules", "a"))("lib.words"))]])
    assert.matches("^nil\t.*words.lua may be written by everyone\n$", result.stdout)
  end)
end)
