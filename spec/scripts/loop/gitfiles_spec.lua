local gitfiles = require "loop.gitfiles"
local loop = require "spec.support.loop"
local sh = require "spec.support.sh"

local function keep(site, path, gitdir)
  local state = { path = path or site.path, gitdir = gitdir or site.path .. "/.git",
    common = site.path .. "/.git", branch = "refs/heads/main" }
  assert(gitfiles.keep(state, site.home:join("state")))
  return state, site.home:join("state")
end

local function git_files(path)
  return sh.check { cwd = path, argv = { "sh", "-c",
    "find config* hooks info index -printf '%p %y %m\\n' | sort; cat config hooks/* info/* index",
  } }
end

describe("files that steer git", function()
  it("are put back and named, with their permissions; new ones go", function()
    local site <close> = loop.new()
    site:shell([[mkdir -p .git/hooks; echo '#!/bin/sh' >.git/hooks/pre-commit
      chmod 755 .git/hooks/pre-commit]])
    local state, place = keep(site)
    local before = git_files(state.gitdir)
    site:shell([[git config core.fsmonitor 'touch pwned'; echo evil >>.git/hooks/pre-commit
      chmod 644 .git/hooks/pre-commit; echo x >.git/hooks/post-commit; echo '*' >.git/info/exclude
      ln -s / .git/hooks/link; printf '[a]\nb=c\n' >.git/config.worktree]])
    local touched = assert(gitfiles.guard(state, place))
    for index, path in ipairs(touched) do
      touched[index] = path:sub(#state.gitdir + 2)
    end
    table.sort(touched)
    assert.same({ "config", "config.worktree", "hooks/post-commit", "hooks/pre-commit",
      "info/exclude" }, touched)
    assert(os.remove(state.gitdir .. "/hooks/link"))
    assert.equal(before, git_files(state.gitdir))
    assert.same({}, (assert(gitfiles.guard(state, place))))
  end)

  it("of a linked work tree are its own and the common ones", function()
    local site <close> = loop.new()
    local other = site.home:join("other")
    site:shell(("git worktree add -q -b theirs %s"):format(sh.quote(other)))
    local state, place = keep(site, other, site.path .. "/.git/worktrees/other")
    site:shell("git config core.hooksPath /tmp; git config extensions.worktreeConfig true; "
      .. "git config --worktree a.b c", other)
    assert.same({ site.path .. "/.git/worktrees/other/config.worktree",
      site.path .. "/.git/config" }, (assert(gitfiles.guard(state, place))))
  end)
end)

describe("the index", function()
  it("is put back byte for byte, with its flags", function()
    local site <close> = loop.new()
    site:shell("echo new >new; git add -N new; git update-index --assume-unchanged README")
    local state, place = keep(site)
    local before = git_files(state.gitdir)
    site:shell("git update-index --no-assume-unchanged README; git add -A; git rm -q README")
    assert(gitfiles.restore_index(state, place))
    assert.equal(before, git_files(state.gitdir))
  end)

  it("is left alone while git has its lock; locks of dead ones are removed", function()
    local site <close> = loop.new()
    local state, place = keep(site)
    site:shell(": >.git/index.lock; : >.git/refs/heads/main.lock; echo rubbish >.git/index")
    local done, message, name = gitfiles.restore_index(state, place)
    assert.is_nil(done)
    assert.matches("git's index is in use", message)
    assert.equal("EBUSY", name)
    assert(gitfiles.unlock(state))
    assert(gitfiles.restore(state, place))
    site:shell("test -z \"$(git status --porcelain)\"; git commit -q --allow-empty -m fine")
  end)
end)
