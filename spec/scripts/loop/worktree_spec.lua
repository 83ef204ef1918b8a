local hostile = require "spec.support.hostile"
local loop = require "spec.support.loop"
local sh = require "spec.support.sh"
local worktree = require "loop.worktree"

local function deed(path, name)
  sh.run { argv = { "sh", "-c", hostile.deeds[name] }, cwd = path,
    env = { GIT_CONFIG_GLOBAL = "/dev/null", GIT_CONFIG_NOSYSTEM = "1" } }
end

local function expect_restored(project, path, name)
  local before = assert(worktree.take(project))
  local picture = loop.picture(path)
  deed(path, name)
  local done = assert(before:restore())
  assert.same({}, done.lost, name)
  assert.equal(picture, loop.picture(path), name)
end

describe("a work tree that is put back", function()
  local site, sub, project

  lazy_setup(function()
    site = loop.new()
    sub = hostile.build(site.repo)
    project = site:open()
  end)

  lazy_teardown(function()
    site:close()
    sub:close()
  end)

  for _, name in ipairs(hostile.names) do
    it("is byte for byte what it was after one who " .. name, function()
      expect_restored(project, site.path, name)
    end)
  end
end)
