local git = require "spec.support.git"
local sh = require "spec.support.sh"
local index_entries = require "planning.index_entries"

local function bytes_of(repo)
  return repo.dir:read ".git/index"
end

local function grow()
  local repo = git.repo()
  for _, path in ipairs { "a", "b/one", "b/two", "b/two-and-more", "c" } do
    repo:write(path, path .. "\n")
  end
  repo:commit "Files"
  return repo
end

describe("planning.index_entries", function()
  it("reads what git lists, in each version", function()
    local repo <close> = grow()
    repo:git("update-index", "--skip-worktree", "c")
    for _, version in ipairs { "2", "3", "4" } do
      repo:git("update-index", "--index-version", version)
      local listed = {}
      for line in (repo:git("ls-files", "-s") .. "\n"):gmatch("([^\n]+)\n") do
        local mode, oid, stage, path = line:match("^(%S+) (%S+) (%S+)\t(.*)$")
        listed[("%s\0%s"):format(path, stage)] = mode .. " " .. oid
      end
      local read = {}
      for key, value in pairs(index_entries.read(bytes_of(repo))) do
        local mode, oid = value:match("^(%S+) (" .. ("."):rep(20) .. ") ")
        read[key] = ("%s %s"):format(mode, oid:gsub(".", function(char)
          return ("%02x"):format(char:byte())
        end))
      end
      assert.same(listed, read)
    end
  end)

  it("sees what is staged, and not what is only noted of times", function()
    local repo <close> = grow()
    local before = bytes_of(repo)
    repo:git("update-index", "--index-version", "4")
    assert.same({}, index_entries.compare(before, bytes_of(repo)))
    assert(os.execute(("touch -d 2001-01-01 '%s'"):format(repo.path .. "/a")))
    repo:git("status")
    assert.are_not.equal(before, bytes_of(repo))
    assert.same({}, index_entries.compare(before, bytes_of(repo)))
    for _, words in ipairs { { "rm", "-q", "--cached", "b/two" },
      { "update-index", "--chmod=+x", "b/two" }, { "update-index", "--skip-worktree", "b/two" },
      { "update-index", "--assume-unchanged", "b/two" },
      { "update-index", "--cacheinfo", "100644," .. repo:git("rev-parse", "HEAD:a") .. ",b/two" },
      { "mv", "b/two", "b/two2" } } do
      repo:git("reset", "-q", "--hard")
      repo:git("update-index", "--no-assume-unchanged", "b/two")
      repo:git("update-index", "--no-skip-worktree", "b/two")
      local clean = bytes_of(repo)
      repo:git(table.unpack(words))
      assert.equal("b/two", index_entries.compare(clean, bytes_of(repo))[1], words[2])
    end
  end)

  it("tells both sides of a conflict", function()
    local repo <close> = grow()
    repo:git("checkout", "-q", "-b", "other")
    repo:write("a", "other\n")
    repo:commit "Other"
    repo:git("checkout", "-q", "main")
    repo:write("a", "mine\n")
    repo:commit "Mine"
    local before = bytes_of(repo)
    sh.run { argv = { "git", "-C", repo.path, "merge", "-q", "other" }, env = git.env }
    assert.same({ "a" }, index_entries.compare(before, bytes_of(repo)))
    assert.is_truthy(index_entries.read(bytes_of(repo))["a\0" .. "3"])
  end)

  it("says nothing of an index that is split, of another version, cut or damaged", function()
    local repo <close> = grow()
    local good = bytes_of(repo)
    repo:git("update-index", "--split-index")
    assert.is_nil(index_entries.read(bytes_of(repo)))
    assert.is_nil(index_entries.read(""))
    assert.is_nil(index_entries.read(("x"):rep(500)))
    assert.is_nil(index_entries.read("DIRC\0\0\0\9" .. good:sub(9)))
    assert.is_nil(index_entries.compare(good, "DIRC"))
    for _, version in ipairs { "2", "4" } do
      repo:git("update-index", "--no-split-index", "--index-version", version)
      good = bytes_of(repo)
      for at = 1, #good do -- whatever a byte is, it is read or refused, and nothing raises
        index_entries.read(good:sub(1, at - 1) .. "\255" .. good:sub(at + 1))
        index_entries.read(good:sub(1, at))
      end
    end
  end)
end)
