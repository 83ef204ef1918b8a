local loop = require "spec.support.loop"
local nested = require "loop.nested"
local sh = require "spec.support.sh"

describe("repositories inside the work tree", function()
  it("are found where they are new, not ignored, and no submodule", function()
    local site <close> = loop.new()
    local inner = loop.new()
    local add = ("git -c protocol.file.allow=always submodule --quiet add %s ")
      :format(sh.quote(inner.path))
    site:shell(add .. "old; mkdir src; : >src/a")
    site.repo:commit("Add a submodule")
    site:shell("git init -q build/theirs")
    local action <close> = site:begin()
    assert.same({}, nested.find(action))
    site:shell(add .. "added; git init -q src; git init -q 'odd [name]'; git init -q :x\n"
      .. "git init -q src/deep; git init -q build/mine\n"
      .. "git init -q old/in; echo gitdir: /x >old/code.txt\n"
      .. "mkdir file; echo gitdir: /nowhere >file/.git")
    inner:close()
    assert.same({ ":x", "file", "odd [name]", "src" }, nested.find(action))
    assert.equal("src/.git", nested.marker("src"))
  end)

  it("are found in a tree that names them and does not declare them", function()
    local site <close> = loop.new()
    local action <close> = site:begin()
    site:shell("git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),linked")
    local id = site.repo:git("write-tree"):match("%x+")
    assert.same({ "linked" }, nested.linked(action, id))
    site:shell("git config -f .gitmodules submodule.a.path linked; git add .gitmodules")
    assert.same({}, nested.linked(action, site.repo:git("write-tree"):match("%x+")))
    assert.equal("EGIT", select(3, nested.linked(action, ("0"):rep(40))))
  end)
end)
