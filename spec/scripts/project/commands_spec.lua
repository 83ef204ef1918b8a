local commands = require "project.commands"

describe("project.commands", function()
  it("takes the words that name a script and leaves the rest", function()
    for _, words in ipairs {
      { "migration", "list", "--json" }, { "migration", "list.lua", "--json" },
        { "migration", "list" },
    } do
      local script = commands.resolve(words)
      assert.equal(2, script.used)
      assert.matches("/commands/migration/list.lua$", script.path)
    end
    assert.equal(1, commands.resolve({ "version", "list" }).used)
  end)

  it("suggests, or lists what a group has", function()
    local script, message, name, fix = commands.resolve { "migration", "shwo" }
    assert.is_nil(script)
    assert.same({ "no command of this name: migration shwo; did you mean migration show?", "EUSAGE",
      "mighost migration show" }, { message, name, fix })
    assert.matches("migraton; did you mean migration list%?$",
      (select(2, commands.resolve { "migraton", "list" })))
    assert.matches("^no command of this name: migraton$",
      (select(2, commands.resolve { "migraton", "frobnicate" })))
    script, message, name, fix = commands.resolve { "migration" }
    assert.is_nil(script)
    assert.matches("^migration needs one of: doctor, list, .*, show", message)
    assert.same({ "EUSAGE", "mighost migration --help" }, { name, fix })
  end)

  it("tells a group whose help is wanted from a command and from nothing", function()
    assert.equal("migration", commands.find_group { "migration", "--help" })
    assert.equal("migration", commands.find_group { "migration", "-h" })
    for _, words in ipairs { { "migration" }, { "--help" }, { "plan", "--help" }, {},
      { "nosuch", "--help" }, { "..", "--help" }, { "migration", "list", "--help" } } do
      assert.is_nil(commands.find_group(words))
    end
  end)

  it("knows the command that a path was meant to be", function()
    assert.equal("migration list", commands.installed_as "./migration/list.lua")
    assert.equal("migration list", commands.installed_as "migration/list")
    assert.is_nil(commands.installed_as "./nosuch.lua")
    assert.is_nil(commands.installed_as "/etc/passwd")
  end)

  it("lists every command with a purpose", function()
    local names = {}
    for _, command in ipairs(commands.list()) do
      names[command.name] = true
      assert.matches("^%u.*%.$", command.purpose)
    end
    for _, name in ipairs { "help", "init", "migration doctor", "plan", "version" } do
      assert.is_true(names[name], name)
    end
  end)
end)
