local program = require "spec.support.program"
local tmp = require "spec.support.tmp"

describe("mighost help", function()
  it("lists every command with its purpose, the user's own too", function()
    local home <close> = tmp.dir()
    home:write("mighost/scripts/team/greet.lua", "--- Greets the team.\nreturn 0")
    home:write("mighost/scripts/plain.lua", "return 0")
    local result = program.run { args = { "help" }, env = { XDG_CONFIG_HOME = home.path } }
    assert.equal(0, result.exit)
    assert.equal("", result.stderr)
    assert.matches("^Usage: mighost COMMAND", result.stdout)
    assert.matches("\n  team greet +Greets the team%.\n", result.stdout)
    assert.matches("\n  plain *\n", result.stdout)
    assert.matches("\n  migration list +Lists ", result.stdout)
    for line in result.stdout:gmatch("[^\n]+") do
      assert.is_true(#line <= 120, line)
    end
  end)

  it("shows the help of one command, and refuses an unknown one", function()
    local result = program.run { args = { "help", "version" } }
    assert.same(program.run { args = { "version", "--help" } }, result)
    assert.matches("^Usage: mighost version", result.stdout)
    assert.equal(2, program.run { args = { "help", "nosuch" } }.exit)
    assert.matches("^Usage: mighost help", program.run { args = { "help", "help" } }.stdout)
  end)

  it("lists the commands that begin with a word", function()
    local result = program.run { args = { "migration", "--help" } }
    assert.same({ 0, "" }, { result.exit, result.stderr })
    assert.matches("^Usage: mighost migration COMMAND", result.stdout)
    for _, name in ipairs { "doctor", "list", "refine", "review", "show" } do
      assert.matches("\n  migration " .. name .. " +%u", result.stdout)
    end
    assert.is_nil(result.stdout:find("\n  plan", 1, true))
    for _, args in ipairs { { "migration", "-h" }, { "help", "migration" } } do
      assert.same(result, program.run { args = args })
    end
    assert.equal(2, program.run { args = { "migration" } }.exit)
    assert.equal(2, program.run { args = { "nosuch", "--help" } }.exit)
  end)

  it("works for every command, with an example", function()
    for _, name in ipairs { "help", "init", "plan", "version", "migration list", "migration show",
      "migration doctor", "migration refine", "migration review" } do
      local words = {}
      for word in name:gmatch("%S+") do
        table.insert(words, word)
      end
      table.insert(words, "--help")
      local result = program.run { args = words }
      assert.equal(0, result.exit)
      assert.matches("Example:\n  $ mighost " .. name, result.stdout, 1, true)
    end
  end)
end)
