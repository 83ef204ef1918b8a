local project = require "spec.support.project"

describe("mighost run", function()
  it("has help with examples and every option", function()
    local p <close> = project.new()
    local help = p:run { "run", "--help" }
    assert.equal(0, help.exit)
    for _, option in ipairs { "--focus-on-live-migrations", "--max-refactors",
      "--max-consecutive-failures", "--sleep", "--targets", "--globs", "--extensions", "--paths",
      "--scope-instruction", "--validation-command", "--validation-timeout", "--default-effort",
      "--max-allowed-effort", "--max-attempts", "--refactoring-prompt", "--fix-prompt",
      "--commit-message-prefix", "--show-agent-logs", "--show-command-logs", "--timeout",
      "--silence-timeout", "--with", "--model", "--agent-command", "--record", "--recording" } do
      assert.is_truthy(help.stdout:find(option, 1, true), option)
    end
    assert.matches("%$ mighost run %-%-targets work.jsonl", help.stdout)
    assert.matches("default: 1800", help.stdout)
  end)

  it("refuses what it cannot run with, before it keeps any evidence", function()
    local p <close> = project.new()
    local function refused(pattern, ...)
      local result = p:run { "run", ... }
      assert.equal(2, result.exit, result.stdout)
      assert.matches(pattern, result.stderr)
      assert.matches("\n  next: mighost run", result.stderr)
    end
    refused("no agent was chosen", "--focus-on-live-migrations")
    refused("no validation command", "--focus-on-live-migrations", "--with", "replay")
    refused("nothing says what to work on", "--with", "replay", "--validation-command", "true")
    refused("nothing says when to end", "--with", "replay", "--validation-command", "true",
      "--extensions", ".c")
    refused("takes no targets", "--with", "replay", "--validation-command", "true", "--paths", "a",
      "--focus-on-live-migrations")
    refused("is not a whole number", "--sleep=-1")
    refused("must be one of", "--default-effort", "much")
    assert.is_false(p.home:exists("state/mighost/runs"))
  end)
end)
