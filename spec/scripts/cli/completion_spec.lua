local commands = require "project.commands"
local completion = require "cli.completion"

describe("cli.completion", function()
  it("knows every command with its options", function()
    local parser = completion.parser(commands.installed())
    local text = parser:get_bash_complete()
    for _, command in ipairs(commands.installed()) do
      local last = command.name:match("%S+$"):gsub("%-", "%%-")
      assert.is_truthy(text:find("%f[%w]" .. last .. "%)"), command.name)
    end
    for _, option in ipairs { "--awaiting-review", "--to-end", "--agent-command", "--interview" } do
      assert.is_truthy(text:find(option, 1, true), option)
    end
  end)

  it("runs no command", function()
    local ran = false
    completion.parser { { name = "odd", purpose = "", chunk = function()
      local cli = require "cli"
      local opts, code = cli.parse(cli.parser { name = "odd", summary = "s", example = "e" }, {})
      if not opts then
        return code
      end
      ran = true
    end } }
    assert.is_false(ran)
  end)
end)
