local interview = require "planning.interview"
local tmp = require "spec.support.tmp"

describe("planning.interview", function()
  it("finds the taste that counts and changes nothing without a mode", function()
    local dir <close> = tmp.dir()
    dir:write("taste.md", "ours\n")
    local project = { root = dir.path, config = { taste = "taste.md" } }
    assert.same({ path = dir:join("taste.md"), exists = true, version = 0, is_stale = true,
      changed = false }, interview.open(project, {}))
    assert.same({ "taste.md" }, dir:names())
  end)

  it("looks past the project's for one's own", function()
    local dir <close> = tmp.dir()
    dir:write("taste.md", "ours\n")
    local project = { root = dir.path, config = { taste = "taste.md" } }
    local found = assert(interview.open(project, { global = true }))
    assert.equal(require("project.homes").config() .. "/taste.md", found.path)
  end)

  it("refuses one that cannot be read", function()
    local dir <close> = tmp.dir()
    local _, message, name, fix = interview.open({ root = dir.path,
      config = { taste = "gone.md" } }, {})
    assert.matches("^cannot read the taste: ", message)
    assert.same({ "ECONFIG", "mighost taste --interview" }, { name, fix })
  end)
end)
