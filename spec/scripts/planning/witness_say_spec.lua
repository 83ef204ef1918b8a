local say = require "planning.witness_say"

local PROJECT <const> = { worktree = "/repo" }

local function item(label, path, how, restored)
  return { label = label, path = path, how = how, restored = restored }
end

describe("planning.witness_say", function()
  it("puts first what matters most, a few paths of each, on one line", function()
    local found = { item("refs", ".git/refs/heads/x", "added"),
      item("hooks", "/repo/.git/hooks/pre-push", "changed", true) }
    for index = 1, 5 do
      found[#found + 1] = item("files", "src/" .. index, "removed")
    end
    assert.equal("the agent reached beyond its work dir: hooks: .git/hooks/pre-push changed (put "
      .. "back); refs: .git/refs/heads/x added; files: src/1 removed, src/2 removed, src/3 removed "
      .. "and 2 more", say.line(found, PROJECT, "planning"))
    assert.matches("^the agent reached beyond its work tree: ", say.line(found, PROJECT, "work"))
    local _, lines = say.list(found, PROJECT):gsub("\n", "")
    assert.equal(7, lines)
  end)

  it("shows what a name holds, and what could not be put back", function()
    local line = say.line({ item("migration \27[2J", "a\nb\27]0;x\7", "added", false) }, PROJECT,
      "planning")
    assert.is_nil(line:find "%c")
    assert.matches("a b\\u{1B}%]0;x\\u{7} added %(cannot be put back%)$", line)
  end)
end)
