local sh = require "spec.support.sh"
local team = require "project.team"
local tmp = require "spec.support.tmp"

--- A project's root with these files in `.mighost/`.
local function root(files)
  local dir = tmp.dir()
  for path, text in pairs(files or {}) do
    dir:write(".mighost/" .. path, text)
  end
  return dir
end

local function problem(dir)
  local found = team.read(dir.path, {})
  assert.equal(1, #found.problems)
  assert.is_false(team.is_empty(found))
  return (found.problems[1]:gsub(dir.path:gsub("%p", "%%%0"), "<root>"))
end

describe("project.team", function()
  it("reads the folders of scripts and the keys that name programs, and nothing else", function()
    local dir <close> = root {
      ["stages/a.lua"] = "A", ["stages/notes.txt"] = "", ["scripts/group/b.lua"] = "B\0",
      ["taste.md"] = "t", ["recordings/x.lua"] = "x", ["config.json"] = "{}",
      ["rules/.#own.lua"] = "x", ["rules/own.lua~"] = "x", ["rules/.git/x"] = "x",
    }
    local found = team.read(dir.path, { agent_command = "x y" })
    assert.same({
      [".mighost/stages/a.lua"] = "A", [".mighost/stages/notes.txt"] = "",
      [".mighost/scripts/group/b.lua"] = "B\0",
      ["agent_command in .mighost/config.json"] = '"x y"\n',
    }, found.items)
    assert.same({}, found.problems)
    assert.same({ ".mighost/scripts/group/b.lua", ".mighost/stages/a.lua",
      ".mighost/stages/notes.txt", "agent_command in .mighost/config.json" }, team.names(found))
    assert.same({ "A", dir:join(".mighost/stages/a.lua") }, { team.text(found, "stages", "a") })
    assert.is_nil((team.text(found, "stages", "b")))
    assert.same({ "group/b.lua" }, team.paths(found, "scripts"))
  end)

  it("is empty where there is nothing of that kind", function()
    local none <close> = tmp.dir()
    local plain <close> = root { ["config.json"] = "{}", ["taste.md"] = "" }
    plain:mkdir(".mighost/stages/empty")
    for _, dir in ipairs { none, plain } do
      assert.is_true(team.is_empty(team.read(dir.path, {})))
    end
    assert.is_false(team.is_empty(team.read(plain.path, { validation_command = "make" })))
  end)

  it("packs the same things to the same text, anything else to another", function()
    local one <close> = root { ["stages/a.lua"] = "A" }
    local two <close> = root { ["stages/a.lua"] = "A" }
    local packed = team.pack(team.read(one.path, {}))
    assert.equal(packed, team.pack(team.read(two.path, {})))
    assert.not_equal(packed, team.pack(team.read(one.path, { agent_command = "x" })))
    sh.check { argv = { "chmod", "+x", two:join(".mighost/stages/a.lua") } }
    two:write(".mighost/config.json", '{"with": "claude"}')
    assert.equal(packed, team.pack(team.read(two.path, {})))
    two:write(".mighost/lib/a.lua", "")
    assert.not_equal(packed, team.pack(team.read(two.path, {})))
  end)

  it("takes no links and nothing special, and never waits for a FIFO", function()
    local dir <close> = root { ["stages/a.lua"] = "A" }
    dir:symlink("a.lua", ".mighost/stages/b.lua")
    assert.equal("<root>/.mighost/stages/b.lua is a symbolic link", problem(dir))
    os.remove(dir:join(".mighost/stages/b.lua"))
    sh.check { argv = { "mkfifo", dir:join(".mighost/stages/b.lua") } }
    assert.equal("<root>/.mighost/stages/b.lua is not a regular file", problem(dir))
    os.remove(dir:join(".mighost/stages/b.lua"))
    dir:symlink("/", ".mighost/stages/deep")
    assert.equal("<root>/.mighost/stages/deep is a symbolic link", problem(dir))
    os.remove(dir:join(".mighost/stages/deep"))
    dir:symlink("stages", ".mighost/rules")
    assert.equal("<root>/.mighost/rules is a symbolic link", problem(dir))
    os.remove(dir:join(".mighost/rules"))
    dir:write(".mighost/agents", "")
    assert.equal("<root>/.mighost/agents is a file, not a folder", problem(dir))
  end)

  it("takes no .mighost that is a link", function()
    local dir <close> = tmp.dir()
    dir:write("elsewhere/stages/a.lua", "")
    dir:symlink("elsewhere", ".mighost")
    assert.equal("<root>/.mighost is a symbolic link", problem(dir))
  end)

  it("has limits", function()
    local large <close> = root { ["stages/a.lua"] = ("x"):rep(1024 * 1024 + 1) }
    assert.equal("<root>/.mighost/stages/a.lua is larger than 1048576 bytes", problem(large))
    local deep <close> = root { ["stages/1/2/3/4/5/6/7/8/9/a.lua"] = "" }
    assert.equal("<root>/.mighost/stages/1/2/3/4/5/6/7/8 is deeper than 8 folders", problem(deep))
    local many <close> = root()
    for i = 1, 1001 do
      many:write((".mighost/rules/%d.lua"):format(i), "")
    end
    assert.matches("<root>/.mighost holds more than 1000 files", problem(many), 1, true)
    local heavy <close> = root()
    for i = 1, 10 do
      heavy:write((".mighost/rules/%d.lua"):format(i), ("x"):rep(1024 * 1024))
    end
    assert.matches("<root>/.mighost holds more than 1000 files or 8388608 bytes", problem(heavy), 1,
      true)
  end)

  it("says what cannot be read", function()
    local found = team.unreadable("/somewhere", "why")
    assert.same({ {}, { "why" } }, { found.items, found.problems })
    assert.is_false(team.is_empty(found))
    local missing = team.read("/nowhere/at/all", {})
    assert.equal(1, #missing.problems)
  end)
end)
