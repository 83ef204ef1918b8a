local files = require "planning.inspect_files"
local project = require "spec.support.project"
local registry = require "planning.registry"
local sh = require "spec.support.sh"

--- What there is, and what is wrong with it by itself, with these files of the team's.
local function load_all(own)
  local p <close> = project.new()
  for path, text in pairs(own) do
    p.repo:write(".mighost/" .. path, text)
  end
  local opened = p:open()
  if opened.team then
    opened.team.standing = { state = "trusted", by = "record", before = {} }
  end
  local problems = {}
  local all = files.load_all(opened, registry.new(opened), function(file, problem)
    table.insert(problems, ("%s/%s %s %s"):format(file.kind, file.name, file.layer, problem.code))
  end)
  return all, problems
end

local function find(all, kind, name)
  local found = {}
  for _, file in ipairs(all) do
    if file.kind == kind and file.name == name then
      table.insert(found, file)
    end
  end
  return found
end

describe("planning.inspect_files", function()
  it("loads every file of every layer, and says which one serves", function()
    local all, problems = load_all {
      ["rules/plan-present.lua"] = "return { modes = { 'doctor' }, check = function() end }",
      ["lib/words.lua"] = "return {}",
      ["scripts/report.lua"] = "#!/usr/bin/env mighost\nreturn 0",
    }
    assert.same({}, problems)
    local rules = find(all, "rules", "plan-present")
    assert.same({ "project", true, "installed", false },
      { rules[1].layer, rules[1].serves, rules[2].layer, rules[2].serves })
    assert.is_function(rules[1].value.check)
    assert.equal("pipeline", find(all, "stages", "pipeline")[1].shape)
    assert.equal("stage", find(all, "stages", "review")[1].shape)
    assert.equal(1, #find(all, "scripts", "plan"))
    assert.is_nil(find(all, "scripts", "report")[1].value)
  end)

  it("keeps a file that is wrong, without its value", function()
    local all, problems = load_all {
      ["stages/a.lua"] = "return {", ["stages/b.lua"] = "return {}",
      ["stages/c.lua"] = "return { edges = {}, prompt = 1 }", ["rules/d.lua"] = "return 1",
      ["agents/e.lua"] = "error 'no'", ["lib/f.lua"] = "return (",
    }
    table.sort(problems)
    assert.same({ "agents/e project load-failed", "lib/f project bad-lua",
      "rules/d project load-failed", "stages/a project bad-lua", "stages/b project no-kind",
      "stages/c project both-kinds" }, problems)
    assert.is_nil(find(all, "stages", "a")[1].value)
  end)

  it("says how a file of the user's own becomes readable for mighost", function()
    local p <close> = project.new()
    local path = p.home:write("config/mighost/rules/mine.lua", "return 1\n")
    sh.check { argv = { "chmod", "o+w", path } }
    local result = p:run { "check" }
    assert.equal(1, result.exit)
    assert.matches("may be written by everyone (unreadable)\n    chmod o-w " .. path .. "\n",
      result.stdout, 1, true)
  end)
end)
