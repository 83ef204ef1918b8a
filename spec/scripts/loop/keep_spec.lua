local inventory = require "loop.inventory"
local keep = require "loop.keep"
local loop = require "spec.support.loop"
local sh = require "spec.support.sh"

--- A project without ignored files.
local function new()
  local site = loop.new()
  os.remove(site.path .. "/.mighost/.luarc.json")
  return site
end

local function open(site, limit)
  local project = site:open()
  return assert(keep.open({ root = site.path, gitdir = project.gitdir, common = project.common },
    site.home:join("kept"), limit))
end

local function objects(site)
  return tonumber((sh.check { argv = { "sh", "-c", "find . -type f | wc -l" },
    cwd = site.home:join("kept/objects") }))
end

local function take(site, earlier, kept)
  local list = assert(inventory.take(site.path, { "migrations/__transactions__" }))
  return list, assert(kept:save(list, earlier))
end

describe("what is kept of files", function()
  it("is what git does not have already", function()
    local site <close> = new()
    local kept = open(site)
    take(site, nil, kept)
    assert.equal(0, objects(site))
    site:shell("mkdir build; echo one >build/one; echo two >build/two; echo local >>code.txt")
    take(site, nil, kept)
    assert.equal(3, objects(site))
  end)

  it("is written back as it was, odd names and large files too", function()
    local site <close> = new()
    site:shell([[mkdir build; printf 'a\r\n\0b' >'build/odd "name"
 with a line end'; : >build/empty; head -c 40000000 /dev/urandom >build/large
      printf x >'build/back\slash'; printf y >build/é; sha256sum build/* >../sums.$$ &&
      mv ../sums.$$ build/sums]])
    local kept = open(site)
    local list, passed = take(site, nil, kept)
    assert.equal(0, passed)
    local paths = {}
    for path, entry in pairs(list.entries) do
      if entry.kind == "file" and path:find("^build/") then
        paths[#paths + 1] = path
        assert.is_string(entry.oid)
      end
    end
    assert.equal(6, #paths)
    local sums = site.repo:read("build/sums")
    site:shell("rm build/*")
    assert.same({}, assert(kept:restore(list, paths)))
    assert.equal(sums, site.repo:read("build/sums"))
    site:shell("sha256sum --quiet --check build/sums")
  end)

  it("ends at the limit of untracked files: the largest are passed over", function()
    local site <close> = new()
    site:shell("mkdir build; head -c 50 /dev/zero >build/a; head -c 60 /dev/zero >build/b")
    local list, passed = take(site, nil, open(site, 100))
    assert.equal(1, passed)
    assert.is_string(list.entries["build/a"].oid)
    assert.is_nil(list.entries["build/b"].oid)
    assert.is_string(list.entries["code.txt"].oid)
  end)

  it("is not read again while nothing was written", function()
    local site <close> = new()
    site:shell("mkdir build; echo one >build/one; echo two >build/two")
    local kept = open(site)
    local first = take(site, nil, kept)
    first.taken = first.taken + 10 -- as if all had been written long before
    first.entries["build/one"].oid = ("0"):rep(40)
    site:shell("echo three >build/two")
    local second = take(site, first, kept)
    assert.equal(("0"):rep(40), second.entries["build/one"].oid)
    assert.not_equal(first.entries["build/two"].oid, second.entries["build/two"].oid)
    assert.same({}, assert(kept:changed(second, { "build/two" })))
  end)

  it("names the files whose bytes are others now", function()
    local site <close> = new()
    local kept = open(site)
    local list = take(site, nil, kept)
    site:shell("echo other >code.txt; touch README")
    assert.same({ "code.txt" }, assert(kept:changed(list, { "README", "code.txt" })))
  end)

  it("that is gone fails by name", function()
    local site <close> = new()
    site:shell("mkdir build; echo one >build/one; echo two >build/two")
    local kept = open(site)
    local list = take(site, nil, kept)
    local oid = list.entries["build/one"].oid
    assert(os.remove(("%s/%s/%s"):format(site.home:join("kept/objects"), oid:sub(1, 2),
      oid:sub(3))))
    site:shell("rm build/*")
    assert.same({ "build/one" }, assert(kept:restore(list, { "build/one", "build/two" })))
    assert.equal("two\n", site.repo:read("build/two"))
  end)

  it("starts anew once very much has been added", function()
    local site <close> = new()
    site:shell("mkdir build; echo one >build/one")
    take(site, nil, open(site))
    assert.equal(1, objects(site))
    site.home:write("kept/added", ("%d"):format(1 << 40))
    open(site)
    assert.equal(0, objects(site))
  end)
end)
