local journal = require "loop.journal"
local tmp = require "spec.support.tmp"

local ENTRY <const> = { stage = "executing", kind = "phase", slug = "move", phase = "phase-1-a.md",
  target = "move/phase-1-a.md", branch = "refs/heads/main", head = ("a"):rep(40), run = "r-1" }

describe("an action's journal", function()
  it("is read as it was written, and is each work tree's own", function()
    local dir <close> = tmp.dir()
    local main = { gitdir = dir.path, common = dir.path }
    local linked = { gitdir = dir:join("worktrees/side"), common = dir.path }
    assert.is_false(journal.read(main))
    assert(journal.write(main, ENTRY))
    local read = assert(journal.read(main))
    read.schema = nil
    assert.same(ENTRY, read)
    assert.is_false(journal.read(linked))
    assert(journal.remove(main))
    assert.is_false(journal.read(main))
    assert(journal.remove(main))
  end)

  it("that cannot be understood is refused, not taken for none", function()
    local dir <close> = tmp.dir()
    local main = { gitdir = dir.path, common = dir.path }
    for _, text in ipairs { "", "{", "[]", '{"schema":2}', '{"schema":1,"stage":"dreaming"}',
      '{"schema":1,"stage":"executing","head":"a"}' } do
      dir:write("mighost/action-main.json", text)
      local read, message, name = journal.read(main)
      assert.is_nil(read, text)
      assert.matches("cannot be understood", message)
      assert.equal("ECORRUPT", name)
    end
  end)
end)
