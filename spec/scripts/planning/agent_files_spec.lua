local agent_files = require "planning.agent_files"
local tmp = require "spec.support.tmp"

local CALL <const> = { agent = "ours", artifacts = "/a/b", temp = "/tmp/t" }

describe("planning.agent_files", function()
  it("takes what lies directly in the folders of the call", function()
    assert.is_nil(agent_files.problem(CALL, {}))
    assert.is_nil(agent_files.problem(CALL, { files = {
      last = "/a/b/last.md", log = "/tmp/t/..x", odd = "/a/b/a b\nc",
    } }))
  end)

  it("refuses whatever else a path says", function()
    for _, path in ipairs { "/etc/passwd", "last.md", "", "/", "/a/b", "/a/b/", "/a/b/.", "/a/b/..",
      "/a/b/../c", "/a/b/c/d", "/a/bc", "/a/b//c", "/a/b/c\0d", "/tmp/t2/x", "/A/b/c" } do
      local problem = agent_files.problem(CALL, { files = { fine = "/a/b/c", last = path } })
      assert.equal("the file last of the agent ours is not in the folder for its evidence: "
        .. path, problem)
    end
    assert.is_string(agent_files.problem({ agent = "ours", artifacts = "/a/b" },
      { files = { x = "/tmp/t/x" } }))
  end)

  it("removes what is there from a call before, and says why it cannot", function()
    local dir <close> = tmp.dir()
    local path = dir:write("last", "before\n")
    assert.is_true(agent_files.clear { files = { last = path, none = dir:join("none") } })
    assert.is_nil(dir:read("last"))
    local cleared, message, name = agent_files.clear { files = { last = dir:join("gone/last") } }
    assert.is_nil(cleared)
    assert.matches("gone", message)
    assert.equal("ENOENT", name)
  end)

  it("replaces secrets in what the program wrote", function()
    local dir <close> = tmp.dir()
    local path = dir:write("last", "the key is sesame-open\n")
    agent_files.redact({ files = { last = path, none = dir:join("none") } },
      { MY_KEY = "sesame-open" })
    assert.equal("the key is <redacted:MY_KEY>\n", dir:read("last"))
  end)
end)
