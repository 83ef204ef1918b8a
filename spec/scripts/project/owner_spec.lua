local owner = require "project.owner"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"

local function chmod(mode, path)
  sh.check { argv = { "chmod", mode, path } }
end

describe("project.owner", function()
  local uid = sys.user().uid

  it("has nothing against what only the user and root can write", function()
    for _, found in ipairs {
      { uid = uid, gid = 12345, mode = 493 }, { uid = 0, gid = 0, mode = 420 },
      { uid = uid, gid = uid, mode = 509 }, -- a private group
    } do
      assert.is_nil((owner.problem(found, "/x")))
    end
  end)

  it("names who else could have written it, and what to do", function()
    local message, fix = owner.problem({ uid = 54321, gid = uid, mode = 384 }, "/x y")
    assert.same({ "/x y belongs to another user (54321)", "ls -ld '/x y'" }, { message, fix })
    message, fix = owner.problem({ uid = uid, gid = uid, mode = 438 }, "/x")
    assert.same({ "/x may be written by everyone", "chmod o-w /x" }, { message, fix })
    message, fix = owner.problem({ uid = uid, gid = 12345, mode = 432 }, "/x")
    assert.same({ "/x may be written by a group (12345)", "chmod g-w /x" }, { message, fix })
  end)

  it("looks at every folder on the way, and follows links", function()
    local dir <close> = tmp.dir()
    dir:write("home/stages/sub/x.lua", "")
    local function problem()
      return (owner.problem_beneath(dir:join("home"), "stages/sub/x.lua"))
    end
    assert.is_nil(problem())
    for _, path in ipairs { "home", "home/stages", "home/stages/sub", "home/stages/sub/x.lua" } do
      chmod("o+w", dir:join(path))
      assert.equal(dir:join(path) .. " may be written by everyone", problem())
      chmod("o-w", dir:join(path))
    end
    dir:write("elsewhere/x.lua", "")
    chmod("o+w", dir:join("elsewhere/x.lua"))
    os.remove(dir:join("home/stages/sub/x.lua"))
    dir:symlink("../../../elsewhere/x.lua", "home/stages/sub/x.lua")
    assert.matches("x.lua may be written by everyone", problem(), 1, true)
  end)

  it("has nothing against what is not there", function()
    local dir <close> = tmp.dir()
    assert.is_nil((owner.problem_beneath(dir:join("nowhere"), "a/b")))
    assert.is_nil((owner.problem_beneath(dir.path, "a/b")))
    assert.is_nil((owner.problem_beneath(dir.path, "")))
  end)
end)
