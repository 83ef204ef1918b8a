local brought = require "spec.support.brought"
local project = require "spec.support.project"
local strays = require "project.strays"

---What is found among a team's files of these paths, without the project's path.
local function find(...)
  local files = {}
  for _, path in ipairs { ... } do
    files[".mighost/" .. path] = "return 1\n"
  end
  local theirs <close> = brought.new(files)
  local opened = theirs:open()
  local found = {}
  for _, stray in ipairs(strays.find(opened)) do
    assert.is_true(#stray.mend > 0)
    assert.equal("project", stray.layer)
    table.insert(found, ("%s: %s"):format(stray.path:sub(#opened.root + #"/.mighost/" + 1),
      stray.why))
  end
  return found
end

describe("project.strays", function()
  it("finds nothing where every script has a name, and passes over what is none", function()
    assert.same({}, find("stages/a.lua", "rules/team/b.lua", "agents/c-d.lua", "lib/e_f.lua",
      "scripts/team/report.lua", "spec/a b.lua", "recordings/x", "rules/README.md",
      "stages/notes.txt", "rules/old.lua~", "rules/.hidden.lua"))
  end)

  it("finds files that no name can mean", function()
    assert.same({
      "lib/e-f.lua: require \"lib.<name>\" takes letters, digits and '_' alone",
      "rules/my rule.lua: no name can be like that",
      "rules/rollback: its name does not end in .lua",
      "scripts/trust.lua: mighost trust is always mighost's own",
      "stages/A.LUA: its name does not end in .lua",
      "stages/team/a.lua: what lies in folders of stages/ is not looked at",
    }, find("stages/A.LUA", "stages/team/a.lua", "rules/my rule.lua", "rules/rollback",
      "lib/e-f.lua", "scripts/trust.lua", "scripts/team/trust.lua"))
  end)

  it("finds folders whose names are misspelt", function()
    assert.same({ "rule: no folder of this name is looked at",
      "script: no folder of this name is looked at", "stage: no folder of this name is looked at" },
      find("rule/a.lua", "stage/b.lua", "script/c.lua", "docs/d.lua"))
  end)

  it("is warned of by check, with what to do", function()
    local p <close> = project.new()
    p.repo:write(".mighost/rule/a.lua", "return 1\n")
    p.home:write("config/mighost/stages/b c.lua", "return 1\n")
    p.home:write("config/mighost/rules/.#lock.lua", "return 1\n")
    p.home:write("config/mighost/rules/backup~", "return 1\n")
    local result = p:run { "check" }
    assert.equal(0, result.exit, result.stderr)
    assert.equal(2, select(2, result.stdout:gsub("%(never%-found%)", "")))
    assert.matches(".mighost/rule:1: warning: this is never used: no folder of this name is looked "
      .. "at (never-found)\n    rename it to rules\n", result.stdout, 1, true)
    assert.matches("/stages/b c.lua:1: warning: this is never used: no name can be like that "
      .. "(never-found)\n    use letters", result.stdout, 1, true)
  end)
end)
