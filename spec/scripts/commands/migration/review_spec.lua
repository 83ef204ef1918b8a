local project = require "spec.support.project"

describe("mighost migration review", function()
  it("shows each of its options and an example with --help", function()
    local p <close> = project.new()
    local result = p:run { "migration", "review", "--help" }
    assert.equal(0, result.exit)
    for _, words in ipairs { "--with NAME", "--agent-command", "MIGHOST_PROMPT",
      "$ mighost migration review retire-the-old-parser" } do
      assert.is_truthy(result.stdout:find(words, 1, true), words)
    end
  end)

  it("wants one migration and options that it has", function()
    local p <close> = project.new()
    for _, args in ipairs { {}, { "a", "b" }, { "a", "--message", "x" }, { "a", "--record", "x" } }
    do
      local result = p:run { "migration", "review", table.unpack(args) }
      assert.equal(2, result.exit)
      assert.matches("next: mighost migration review --help", result.stderr, 1, true)
    end
  end)
end)
