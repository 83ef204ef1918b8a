local registry = require "planning.registry"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

describe("the agent replay", function()
  local agent = assert(registry.new():agent "replay")

  it("removes, writes and says what was recorded", function()
    local dir <close> = tmp.dir()
    dir:write("work/old.md", "old")
    dir:write("work/-odd name", "odd")
    dir:write("work/kept.md", "kept")
    dir:write("rec/sub/new.md", "new")
    dir:write("rec/kept.md", "changed")
    local spec = agent.command {
      work_dir = dir:join("work"),
      recorded = { answer = "The answer\n", removed = { "old.md", "-odd name", "never.md" },
        files = dir:join("rec") },
    }
    local result = sh.run { argv = spec.argv, stdin = spec.stdin }
    assert.equal(0, result.exit, result.stderr)
    assert.equal("The answer\n", result.stdout)
    assert.same({ "kept.md", "sub" }, dir:names("work"))
    assert.equal("changed", dir:read("work/kept.md"))
    assert.equal("new", dir:read("work/sub/new.md"))
  end)

  it("writes nothing where nothing was written", function()
    local dir <close> = tmp.dir()
    dir:write("work/kept.md", "kept")
    local spec = agent.command { work_dir = dir:join("work"),
      recorded = { answer = "review: clear\n", removed = {} } }
    assert.equal("review: clear\n", sh.run({ argv = spec.argv, stdin = spec.stdin }).stdout)
    assert.same({ "kept.md" }, dir:names("work"))
  end)

  it("needs a recording, and files that can be written", function()
    assert.matches("needs a recording", (select(2, agent.command { work_dir = "/w" })))
    local dir <close> = tmp.dir()
    local spec = agent.command { work_dir = dir:join("missing"),
      recorded = { answer = "x", removed = {}, files = dir.path } }
    local result = sh.run { argv = spec.argv, stdin = spec.stdin }
    assert.not_equal(0, result.exit)
    assert.equal("", result.stdout)
    local words = { last_line = function() return "cp: no such folder" end }
    assert.same({ nil, "could not write the recorded files: cp: no such folder", "broken", n = 3 },
      table.pack(agent.answer { exit = result.exit, stderr = words }))
    assert.same({ text = "said" },
      agent.answer { exit = 0, stdout = { text = function() return "said" end } })
  end)
end)
