local inventory = require "loop.inventory"
local keep = require "loop.keep"
local loop = require "spec.support.loop"
local putback = require "loop.putback"
local sh = require "spec.support.sh"

local function before_of(site, limit)
  local project = site:open()
  local kept = assert(keep.open({ root = site.path, gitdir = project.gitdir,
    common = project.common }, site.home:join("kept"), limit))
  local list = assert(inventory.take(site.path, {}))
  assert(kept:save(list))
  return { root = site.path, keep = kept, inventory = list, skip = {} }
end

describe("putting files back", function()
  it("names what was not kept and was touched, and leaves the rest of it alone", function()
    local site <close> = loop.new()
    site:shell([[mkdir -p build; for f in kept changed gone moded; do echo $f >build/$f; done
      head -c 9999 /dev/zero | tee build/changed build/gone build/moded >/dev/null]])
    local before = before_of(site, 100)
    site:shell("echo x >>build/changed; rm build/gone; chmod 777 build/moded; echo y >build/kept")
    local lost = {}
    assert(putback.run(before, lost))
    table.sort(lost)
    assert.same({ "build/changed was touched", "build/gone is gone", "build/gone is gone",
      "build/moded was touched" }, lost)
    assert.equal("kept\n", site.repo:read("build/kept"))
    assert.equal(9999 + 2, #site.repo:read("build/changed"))
  end)

  it("takes new repositories away, and names those that are gone", function()
    local site <close> = loop.new()
    site:shell("mkdir build src; : >src/a; git init -q build/theirs; git init -q build/kept")
    local before = before_of(site)
    site:shell("git init -q src; git init -q build/new; rm -r build/theirs/.git; : >build/kept/x")
    local lost = {}
    assert(putback.run(before, lost))
    assert.same({ "build/theirs/.git is gone" }, lost)
    assert.is_false(site.repo.dir:exists("src/.git"))
    assert.is_true(site.repo.dir:exists("src/a"))
    assert.is_false(site.repo.dir:exists("build/new"))
    assert.is_true(site.repo.dir:exists("build/kept/.git/HEAD"))
    assert.is_false(site.repo.dir:exists("build/kept/x"))
  end)

  it("follows no link that stands where a folder was", function()
    local site <close> = loop.new()
    site:shell("mkdir build; echo one >build/one")
    local before = before_of(site)
    local elsewhere = site.home:mkdir("elsewhere")
    site:shell(("rm -r build; ln -s %s build; echo theirs >build/one"):format(sh.quote(elsewhere)))
    local lost = {}
    assert(putback.run(before, lost))
    assert.same({}, lost)
    assert.equal("theirs\n", site.home:read("elsewhere/one"))
    assert.equal("one\n", site.repo:read("build/one"))
  end)

  it("takes many files at once, by the permissions that they had", function()
    local site <close> = loop.new()
    site:shell([[mkdir build; i=0; while [ $i -lt 700 ]; do echo $i >"build/f $i"; i=$((i+1)); done
      chmod 600 build/*5; chmod 751 build/*7]])
    local before = before_of(site)
    local picture = loop.picture(site.path)
    site:shell("chmod 644 build/*; rm build/*9; for f in build/*3; do echo x >>\"$f\"; done")
    local lost = {}
    assert(putback.run(before, lost))
    assert.same({}, lost)
    assert.equal(picture, loop.picture(site.path))
  end)
end)
