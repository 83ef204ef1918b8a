local words = require "loop.words"

local PROJECT <const> = {
  root = "/home/x/repo/sub", worktree = "/home/x/repo", state_home = "/home/x/.local/state/mighost",
}

describe("loop.words", function()
  it("makes one short line without paths of this machine", function()
    local tmp = os.getenv("TMPDIR") or "/tmp"
    assert.equal("<repo>/a.c, <repo>/b.c and <state>/runs/1",
      words.flatten(PROJECT, " /home/x/repo/sub/a.c,\n\t/home/x/repo/b.c and "
        .. "/home/x/.local/state/mighost/runs/1\n"))
    assert.equal("<tmp>/out", words.flatten(PROJECT, tmp .. "/out"))
    assert.equal(241, utf8.len(words.flatten(PROJECT, ("ä"):rep(1000))) + 1)
    assert.equal("a\\u{1B}[31mb", words.flatten(PROJECT, "a\27[31mb"))
  end)

  it("keeps lines, and takes colours, titles and cursor moves out of them", function()
    assert.equal("red\n  plain\n\nlast\\u{7}",
      words.clean("\27[1;31mred\27[0m\r\n\tplain\n\27]0;title\a\nlast\a\n"))
    assert.equal("\u{FFFD}", words.clean("\xFF"))
    assert.equal("", words.clean(""))
  end)
end)
