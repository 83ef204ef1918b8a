local message = require "loop.message"

local PROJECT <const> = { root = "/srv/code", worktree = "/srv/code", state_home = "/home/a/state" }
local SETTINGS <const> = { prefix = "mighost", validation_text = "make -C /srv/code check" }

describe("a loop commit's message", function()
  it("says why, and what was run", function()
    local why = message.why(PROJECT, { commit_rationale = "The reader is needed twice." })
    assert.equal("mighost: migration/move/phase-1-a.md\n\nWhy:\nThe reader is needed twice.\n\n"
      .. "Validation:\nmake -C <repo> check\n",
      message.build(PROJECT, SETTINGS, "migration/move/phase-1-a.md", why))
  end)

  it("takes the summary where there is no rationale", function()
    assert.equal("Moved it.", message.why(PROJECT, { summary = "Moved it." }))
  end)

  it("does not take a summary that says only that it is ready", function()
    for _, mere in ipairs {
      "Ready to commit.", "ready to commit", "The changes are ready to commit!", "Done.", "...",
      "Changes ready for commit",
    } do
      assert.equal("the agent gave no reason", message.why(PROJECT, { summary = mere }), mere)
    end
    assert.equal("the agent gave no reason", message.why(PROJECT, nil))
    assert.equal("Ready to commit once moved.",
      message.why(PROJECT, { summary = "Ready to commit once moved." }))
  end)

  it("keeps paths of this machine, line ends and control characters out", function()
    local why = message.why(PROJECT, {
      commit_rationale = "See /srv/code/a.c and\n\27[31m/tmp/x\27[0m;\r\n it was "
        .. ("long "):rep(99),
    })
    assert.is_falsy(why:find("/srv/code", 1, true) or why:find("[%c]"))
    assert.matches("^See <repo>/a.c and", why)
    assert.is_true(utf8.len(why) <= 240)
  end)

  it("has a subject of one line whatever the target is called", function()
    local text = message.build(PROJECT, SETTINGS, "two\nlines", "why")
    assert.equal("mighost: two lines", text:match("^[^\n]*"))
  end)
end)
