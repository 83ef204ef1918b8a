local project = require "spec.support.project"

describe("mighost run-once", function()
  it("has help with examples, and no option of what is repeated", function()
    local p <close> = project.new()
    local help = p:run { "run-once", "--help" }
    assert.equal(0, help.exit)
    assert.matches("%$ mighost run%-once %-%-paths", help.stdout)
    assert.matches("default: 900", help.stdout)
    for _, option in ipairs { "--sleep", "--max-refactors", "--focus-on-live-migrations",
      "--max-consecutive-failures" } do
      assert.is_nil(help.stdout:find(option, 1, true), option)
    end
    assert.equal(2, p:run({ "run-once", "--sleep", "1" }).exit)
  end)

  it("takes one action and ends with what became of it", function()
    local p <close> = project.new()
    local agent = p:script([[
      case $MIGHOST_ROLE in
      classify) echo "decision: cohesive-cleanup" ;;
      refactor) ${WORK:-false} ; echo done ;;
      esac]])
    local function once(work, ...)
      return p:run({ "run-once", "--paths", "README", "--validation-command",
        "grep -q project README", "--with", "command", "--agent-command", agent, ... },
        { WORK = work })
    end
    local done = once("cp /etc/hostname extra.txt", "--commit-message-prefix", "bot")
    assert.equal(0, done.exit, done.stderr)
    assert.matches("^  1  refactor               commit    %x+ ", done.stdout)
    assert.equal("bot: README", p:subjects()[4])
    local red = once("cp extra.txt README")
    assert.equal(9, red.exit, red.stderr)
    assert.matches("mighost: validation_failed: ", red.stderr)
    assert.equal("a project\n", p.repo:read("README"))
    assert.equal(0, once("true").exit)
    assert.equal(8, once("true", "--agent-command", "/nosuch/agent").exit)
    p.repo:write("extra.txt", "a person's")
    assert.equal(6, once("true").exit)
    assert.equal("a person's", p.repo:read("extra.txt"))
  end)
end)
