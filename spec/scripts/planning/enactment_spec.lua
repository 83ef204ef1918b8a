local enactment = require "planning.enactment"
local fs = require "host.fs"
local tmp = require "spec.support.tmp"

describe("planning.enactment", function()
  it("reads a recorded answer with all its files", function()
    local dir <close> = tmp.dir()
    dir:write("files/plan.md", "p")
    dir:write("files/approaches/a.md", "a")
    local said = enactment.read { answer = "x", removed = { "old" }, files = dir:join("files") }
    assert.same({ ["plan.md"] = "p", ["approaches/a.md"] = "a" }, said.files)
    assert.same({ "x", { "old" }, {} }, { said.answer, said.removed, said.links })
    assert.same({}, enactment.read({ answer = "x", removed = {} }).files)
  end)

  it("removes, writes and links, whatever is in the way", function()
    local dir <close> = tmp.dir()
    dir:write("old.md", "old")
    dir:write("a", "a file where a folder is wanted")
    local opened <close> = assert(fs.open_dir(dir.path))
    assert(enactment.act(opened, { removed = { "old.md", "never.md" },
      files = { ["a/b.md"] = "new", ["-odd\nname"] = "odd" },
      links = { ["plan.md"] = "/etc/passwd" } }))
    assert.equal("new", dir:read("a/b.md"))
    assert.equal("odd", dir:read("-odd\nname"))
    assert.is_false(dir:exists("old.md"))
    assert.equal("symlink", opened:stat("plan.md").kind)
  end)

  it("says what it could not do", function()
    local dir <close> = tmp.dir()
    dir:write("folder/inside", "x")
    local opened <close> = assert(fs.open_dir(dir.path))
    local done, message = enactment.act(opened, { removed = { "folder" }, files = {}, links = {} })
    assert.is_nil(done)
    assert.is_string(message)
    local job, why = enactment.open({ place = dir:join("p"), count = 0 }, dir:join("nowhere"))
    assert.is_nil(job)
    assert.is_string(why)
  end)
end)
