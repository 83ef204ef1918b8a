local changes = require "loop.changes"
local loop = require "spec.support.loop"
local tidy = require "loop.tidy"

describe("what a validation leaves", function()
  it("is taken away, but for what is ignored, and told", function()
    local site <close> = loop.new()
    local action <close> = site:begin()
    site:shell("echo a >code.txt")
    assert(changes.stage(action))
    site:shell("echo b >code.txt; rm README; mkdir -p out/deep; echo x >out/deep/x\n"
      .. "mkdir build; : >build/o")
    local undone = assert(tidy.run(action, site.home:mkdir("kept"), "undone: ")).paths
    table.sort(undone)
    assert.same({ "README", "code.txt", "out/deep/x" }, undone)
    assert.matches("^undone: .*; it is kept in .*/kept/undone.patch$", site:event("warning").text)
    local patch = site.home:read("kept/undone.patch")
    assert.matches("\n%-a\n%+b\n.*\n%+x\n", patch)
    assert.is_falsy(patch:find("build", 1, true))
    assert.equal("a\n", site.repo:read("code.txt"))
    assert.is_false(site.repo.dir:exists("out"))
    assert.is_true(site.repo.dir:exists("build/o"))
  end)

  it("is nothing as a rule, and nothing is told or kept then", function()
    local site <close> = loop.new()
    local action <close> = site:begin()
    site:shell("echo a >code.txt")
    assert(changes.stage(action))
    assert.same({ paths = {} }, tidy.run(action, site.home:mkdir("kept"), "undone: "))
    assert.is_nil(site:event("warning"))
    assert.same({}, site.home:names("kept"))
  end)

  it("is no repository: not in a folder that was there, nor with what it made in it", function()
    local site <close> = loop.new()
    site:shell("mkdir src; : >src/a; git add src; git commit -q -m src")
    local action <close> = site:begin()
    site:shell("echo a >code.txt")
    assert(changes.stage(action))
    site:shell("git init -q src; : >src/new; git init -q clone; : >clone/x; git init -q build/x")
    local undone = assert(tidy.run(action, site.home:mkdir("kept"), "undone: ")).paths
    table.sort(undone)
    assert.same({ "clone/.git", "clone/x", "src/.git", "src/new" }, undone)
    assert.equal("M  code.txt", site.repo:status())
    assert.is_false(site.repo.dir:exists("clone"))
    assert.is_true(site.repo.dir:exists("build/x/.git"))
  end)
end)
