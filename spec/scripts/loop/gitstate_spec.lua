local gitstate = require "loop.gitstate"
local loop = require "spec.support.loop"
local sh = require "spec.support.sh"

local function take(site)
  site:shell("git branch -f old; git tag -f mark; git stash list >/dev/null")
  return assert(gitstate.take(site.path, site.home:join("state")))
end

local function problems(site, script)
  local state = take(site)
  site:shell(script)
  local found = assert(gitstate.compare(state))
  assert(gitstate.restore(state, site.home:join("state")))
  site:shell("git reset -q --hard; git clean -qfd")
  assert.same({}, assert(gitstate.compare(state)))
  return found
end

describe("what git knows of a work tree", function()
  it("may change by commits on the branch, the index and fetches", function()
    local site <close> = loop.new()
    assert.same({}, problems(site, [[echo a >>code.txt; git commit -q -a -m mine; echo b >new
      git add new; git update-ref refs/remotes/origin/main HEAD]]))
  end)

  it("is compared with what it was, each difference by name", function()
    local site <close> = loop.new()
    local cases = {
      { "git switch -q -c mine", { "HEAD is at refs/heads/mine, no longer at refs/heads/main",
        "refs/heads/mine was made" } },
      { "git switch -q --detach", { "HEAD is at no branch, no longer at refs/heads/main" } },
      { "git commit -q --amend -m other",
        { "refs/heads/main no longer has the commit that it had" } },
      { "git branch -D old; git tag -d mark",
        { "refs/heads/old was removed", "refs/tags/mark was removed" } },
      { "git commit -q --allow-empty -m x; git branch -f old", { "refs/heads/old was moved" } },
      { "echo a >>code.txt; git stash -q", { "refs/stash was made" } },
      { "git update-ref refs/own/thing HEAD", { "refs/own/thing was made" } },
      { "echo a >>code.txt; git commit -q -a -m a; git revert --no-commit HEAD",
        { "an operation of git's is under way: MERGE_MSG",
          "an operation of git's is under way: REVERT_HEAD" } },
    }
    for _, case in ipairs(cases) do
      assert.same(case[2], problems(site, case[1]), case[1])
    end
  end)

  it("leaves branches alone that other work trees have checked out", function()
    local site <close> = loop.new()
    local other = site.home:join("other")
    site:shell(("git worktree add -q -b theirs %s"):format(sh.quote(other)))
    local state = take(site)
    site:shell("git commit -q --allow-empty -m theirs; git switch -q -c newer", other)
    assert.same({}, (assert(gitstate.compare(state))))
    local tip = site.repo:git("rev-parse", "newer")
    assert(gitstate.restore(state, site.home:join("state")))
    assert.equal(tip, site.repo:git("rev-parse", "newer"))
    assert.equal(tip, site.repo:git("rev-parse", "theirs"))
  end)

  it("goes back with the stash's own order, and tells what nothing holds any more", function()
    local site <close> = loop.new()
    site:shell("echo 1 >>code.txt; git stash -q; echo 2 >>code.txt; git stash -q")
    local list = site.repo:git("stash", "list")
    local state = take(site)
    site:shell("git stash drop -q; echo 3 >>code.txt; git stash -q; git stash drop -q 1")
    local tip = site.repo:git("rev-parse", "refs/stash")
    local moved = assert(gitstate.restore(state, site.home:join("state")))
    assert.same({ "refs/stash was " .. tip }, moved)
    assert.equal(list, site.repo:git("stash", "list"))
  end)

  it("is kept where another process reads it", function()
    local site <close> = loop.new()
    local state = take(site)
    local read = assert(gitstate.read(site.home:join("state")))
    assert.same(state.refs, read.refs)
    assert.same({ state.head, state.branch }, { read.head, read.branch })
    site.home:write("state/state.json", "{")
    local none, message, name = gitstate.read(site.home:join("state"))
    assert.is_nil(none)
    assert.matches("cannot be read", message)
    assert.equal("ECORRUPT", name)
    assert.equal("ENOENT", select(3, gitstate.read(site.home:join("nowhere"))))
  end)

  it("of a detached HEAD goes back to that commit", function()
    local site <close> = loop.new()
    site:shell("git switch -q --detach")
    local state = take(site)
    site:shell("git commit -q --allow-empty -m x; git switch -q main")
    assert(gitstate.restore(state, site.home:join("state")))
    assert.equal(state.head, site.repo:head())
    assert.equal(1, sh.run { cwd = site.path,
      argv = { "git", "symbolic-ref", "--quiet", "HEAD" } }.exit)
  end)
end)
