local fs = require "host.fs"
local lock = require "host.lock"
local scratch = require "planning.scratch"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local function names(dir)
  return dir:exists("checks") and dir:names("checks") or {}
end

describe("planning.scratch", function()
  it("gives a name in a folder, and removes what was made of it", function()
    local dir <close> = tmp.dir()
    local path
    do
      local place <close> = assert(scratch.open(dir.path, "checks"))
      path = place.path
      assert.equal(dir:join("checks"), path:match("^(.*)/%x+$"))
      assert.is_nil((fs.open_dir(path)))
      sh.check { argv = { "mkdir", "-p", path .. "/deep/er" } }
    end
    assert.same({}, names(dir))
  end)

  it("removes what the dead left, and nothing that somebody holds or that has another name",
    function()
      local dir <close> = tmp.dir()
      dir:write("checks/0123abcd/file", "of an older version")
      dir:write("checks/4567abcd/file", "of a killed process")
      dir:write("checks/4567abcd.lock", "pid 1\n")
      dir:write("checks/89ababcd.lock", "")
      dir:write("checks/notes/file", "somebody's")
      dir:write("checks/cdefabcd/file", "in use")
      local home <close> = assert(fs.open_dir(dir:join("checks")))
      local held = assert(lock.take(home, "cdefabcd.lock", "pid 2\n"))
      do
        local place <close> = assert(scratch.open(dir.path, "checks"))
        local other <close> = assert(scratch.open(dir.path, "checks"))
        assert.are_not.equal(place.path, other.path)
      end
      assert.same({ "cdefabcd", "cdefabcd.lock", "notes" }, names(dir))
      held:drop()
    end)

  it("says why there can be none", function()
    local dir <close> = tmp.dir()
    dir:write("checks", "a file")
    local place, message, name = scratch.open(dir.path, "checks")
    assert.is_nil(place)
    assert.matches("checks", message)
    assert.equal("ENOTDIR", name)
  end)
end)
