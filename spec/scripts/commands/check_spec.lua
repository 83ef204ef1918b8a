local project = require "spec.support.project"
local schema = require "spec.support.schema"
local team = require "spec.support.team"

local BROKEN <const> = [[
return {
  name = "broken", outcomes = { "done" },
  prompt = function(ctx)
    return "Mend " .. ctx.plan
  end,
  judge = function() return "done" end,
}
]]

--- A project with these files of its own, trusted.
local function with(files)
  local p = project.new()
  for path, text in pairs(files) do
    p.repo:write(".mighost/" .. path, text)
  end
  local trusted = p:run { "trust", "--yes" }
  assert(trusted.exit == 0, trusted.stderr)
  return p
end

describe("mighost check", function()
  it("says of each pipeline how many calls it takes at worst, and ends with 0", function()
    local p <close> = with(team.files(3))
    local result = p:run { "check" }
    assert.equal("", result.stderr)
    assert.equal(0, result.exit)
    assert.matches("^pipeline: 7 stages, at most 7 calls of agents %(/.*/stages/pipeline%.lua%)\n"
      .. "secure: 7 stages, at most 12 calls of agents %(%.mighost/stages/secure%.lua%)\n$",
      result.stdout)
    local answer = schema.expect("check", p:run({ "check", "--json" }).stdout)
    assert.equal(2, #answer.data.pipelines)
    assert.same({}, p.home:names("state/mighost/checks"))
  end)

  it("names file, line, what is wrong and what to do, and ends with 1", function()
    local p <close> = with { ["stages/broken.lua"] = BROKEN }
    local result = p:run { "check" }
    assert.equal(1, result.exit)
    local head = "^%.mighost/stages/broken%.lua:2: warning: no pipeline uses the stage broken "
      .. "%(unused%-stage%)\n    name it in the edges of a pipeline, or remove the file\n"
    assert.matches(head .. "%.mighost/stages/broken%.lua:4: error: the prompt fails at the first "
      .. "visit: attempt to concatenate a nil value %(field 'plan'%) %(prompt%-failed%)\n    ",
      result.stdout)
    local json = p:run { "check", "--json" }
    assert.equal(1, json.exit)
    local answer = schema.expect("check", json.stdout)
    assert.equal("1 of 2 problems are errors", answer.message)
    assert.equal("prompt-failed", answer.data.diagnostics[2].code)
  end)

  it("ends with 0 where there are warnings alone", function()
    local p <close> = with { ["stages/unused.lua"] = (BROKEN:gsub("broken", "unused")
      :gsub('"Mend " .. ctx.plan', '"Mend it."')) }
    local result = p:run { "check" }
    assert.equal(0, result.exit, result.stdout)
    assert.matches("warning: no pipeline uses the stage unused", result.stdout)
  end)

  it("runs nothing that is not trusted, and says what to do", function()
    local p <close> = project.new()
    p.repo:write(".mighost/stages/broken.lua", BROKEN)
    local result = p:run { "check" }
    assert.equal(10, result.exit)
    assert.matches("next: mighost trust", result.stderr)
    assert.equal("", result.stdout)
    schema.expect("check", p:run({ "check", "--json" }).stdout)
    assert.equal(2, p:run({ "check", "--nosuch" }).exit)
  end)
end)
