local brought = require "spec.support.brought"
local program = require "spec.support.program"
local schema = require "spec.support.schema"
local strict = require "lib.strict"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"

describe("mighost which", function()
  it("prints path, layer and state, the serving file first", function()
    local theirs <close> = brought.new { [".mighost/scripts/migration/list.lua"] = "return 0" }
    theirs.home:write("config/mighost/scripts/migration/list.lua", "return 0")
    assert.equal(0, theirs:run({ "trust", "--yes" }).exit)
    local result = theirs:run { "which", "script", "migration", "list" }
    local installed = sys.share():gsub("/[^/]*/%.%.", "") .. "/scripts/commands/migration/list.lua"
    assert.same({ exit = 0, stderr = "", stdout = ("%s\tproject\tserves\n%s\tuser\thidden\n"
      .. "%s\tinstalled\thidden\n"):format(theirs.path .. "/.mighost/scripts/migration/list.lua",
      theirs.home:join("config/mighost/scripts/migration/list.lua"), installed) }, result)
    assert.same(result, theirs:run { "which", "script", "migration/list.lua" })
  end)

  it("says what is not used, and goes on", function()
    local theirs <close> = brought.new { [".mighost/stages/review.lua"] = "" }
    local result = theirs:run { "which", "stage", "review" }
    assert.equal(0, result.exit)
    assert.matches("review.lua\tproject\trefused\n.*review.lua\tinstalled\tserves\n$",
      result.stdout)
    assert.matches("have not trusted: .mighost/stages/review.lua", result.stderr, 1, true)
  end)

  it("says that there may be more where nothing can be trusted", function()
    local theirs <close> = brought.new()
    theirs.repo.dir:mkdir(".mighost/stages")
    theirs.repo.dir:symlink("/dev/null", ".mighost/stages/review.lua")
    local result = theirs:run { "which", "stage", "review" }
    assert.equal(0, result.exit)
    assert.matches("review.lua is a symbolic link\n$", result.stderr)
    result = theirs:run { "which", "stage", "review", "--json" }
    local data = schema.expect("which", result.stdout)
    assert.matches("is a symbolic link", data.data.note)
  end)

  it("runs outside of any project", function()
    local dir <close> = tmp.dir()
    local result = program.run { args = { "which", "agent", "claude" }, cwd = dir.path }
    assert.equal(0, result.exit)
    assert.matches("\tinstalled\tserves\n$", result.stdout)
  end)

  it("ends with 2 for a name or a kind that is not there, and suggests", function()
    local theirs <close> = brought.new()
    local result = theirs:run { "which", "stage", "reviw" }
    assert.same({ exit = 2, stdout = "", stderr = "mighost: there is no stage reviw; did you mean "
      .. "review?\n  next: mighost which stage review\n" }, result)
    assert.equal(2, theirs:run({ "which", "stag", "review" }).exit)
    assert.equal(2, theirs:run({ "which", "stage" }).exit)
    theirs.repo:write(".mighost/config.json", "{")
    assert.equal(0, theirs:run({ "which", "stage", "review" }).exit)
    assert.equal(2, theirs:run({ "which", "-C", "/nowhere/at/all", "stage", "review" }).exit)
  end)

  it("answers as its schema says", function()
    local theirs <close> = brought.new { [".mighost/rules/own.lua"] = "" }
    local result = theirs:run { "which", "rule", "own", "--json" }
    assert.equal(0, result.exit)
    local data = schema.expect("which", result.stdout).data
    assert.same({ "rule", "own", false, "refused" },
      { data.kind, data.name, data.trusted, data.layers[1].state })
    theirs:run { "trust", "--yes" }
    data = schema.expect("which", theirs:run({ "which", "rule", "own", "--json" }).stdout).data
    assert.same({ true, "serves", strict.null },
      { data.trusted, data.layers[1].state, data.layers[1].why })
    schema.expect("which", theirs:run({ "which", "stage", "expand", "--json" }).stdout)
    schema.expect("which", theirs:run({ "which", "stage", "nosuch", "--json" }).stdout)
  end)
end)
