local git = require "spec.support.git"
local preflight = require "planning.preflight"
local repos = require "host.repo"
local tmp = require "spec.support.tmp"

local function check(repo)
  local opened <close> = assert(repos.open(repo.path))
  return preflight.check_repository(opened)
end

describe("planning.preflight", function()
  it("has nothing against an ordinary repository", function()
    local repo <close> = git.repo()
    assert.is_true(check(repo))
  end)

  it("names what keeps a commit from being made, and what to do", function()
    local unborn <close> = git.repo { unborn = true }
    local ok, message, name, fix = check(unborn)
    assert.is_nil(ok)
    assert.matches("no commit yet", message)
    assert.same({ "EUNSUPPORTED", "git commit --allow-empty -m Start" }, { name, fix })

    local repo <close> = git.repo()
    repo:git("checkout", "-q", "--detach")
    ok, message, name = check(repo)
    assert.is_nil(ok)
    assert.matches("HEAD is detached", message)
    assert.equal("EUNSUPPORTED", name)

    repo:git("checkout", "-q", "main")
    repo:git("config", "user.name", "")
    ok, message, name, fix = check(repo)
    assert.is_nil(ok)
    assert.is_string(message)
    assert.equal("ENOIDENT", name)
    assert.matches("git config user%.name", fix)
  end)

  it("names an operation that is under way", function()
    local repo <close> = git.repo()
    repo:write("a", "1")
    repo:commit("One")
    repo:git("checkout", "-q", "-b", "side", "HEAD~1")
    repo:write("b", "2")
    repo:commit("Two")
    repo:git("merge", "-q", "--no-commit", "--no-ff", "main")
    local _, message, name, fix = check(repo)
    assert.matches("a merge is under way", message)
    assert.same({ "EMERGING", "git status" }, { name, fix })
  end)

  it("wants a live directory that is there, behind no link", function()
    local dir <close> = tmp.dir()
    local function check_live(live)
      return preflight.check_live { live = live, live_path = dir:join(live), worktree = dir.path,
        git_live = live }
    end
    dir:mkdir("live")
    assert.is_true(check_live "live")
    assert.is_true(check_live ".")
    assert.same({}, dir:names("live"))
    local ok, message, name, fix = check_live "a b"
    assert.is_nil(ok)
    assert.matches("cannot open the live migrations directory", message)
    assert.same({ "ECONFIG", "mighost init --live-migrations-dir 'a b'" }, { name, fix })
    dir:write("file", "x")
    assert.equal("ECONFIG", select(3, check_live "file"))
    dir:symlink("live", "link")
    dir:mkdir("live/deep")
    for _, live in ipairs { "link", "link/deep" } do
      ok, message, name = check_live(live)
      assert.is_nil(ok)
      assert.matches("must lie in the work tree itself", message)
      assert.equal("EUNSUPPORTED", name)
    end
  end)
end)
