local command = require "loop.command"
local scratch = require "spec.support.git"

describe("loop.command", function()
  it("runs git in the work tree of an action, and says why it failed", function()
    local repo <close> = scratch.repo()
    local action = { before = { root = repo.path } }
    assert.equal("main\n", command.run(action, { "rev-parse", "--abbrev-ref", "HEAD" }))
    assert.equal("x", command.run(action, { "stripspace" }, { stdin = "x" }):sub(1, 1))
    local out, message, name, report = command.run(action, { "config", "no.such" })
    assert.same({ nil, "EGIT", 1 }, { out, name, report.exit })
    assert.is_string(message)
  end)

  it("splits what ends with NUL", function()
    assert.same({ "a\nb", " c" }, command.split("a\nb\0 c\0"))
    assert.same({}, command.split(""))
  end)
end)
