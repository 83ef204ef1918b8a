local git = require "spec.support.git"
local root = require "project.root"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local CONFIG <const> = ".mighost/config.json"

describe("project.root.find", function()
  it("finds the project from its root, from deep inside, and through a link", function()
    local repo <close> = git.repo()
    repo:write(CONFIG, "{}")
    repo.dir:mkdir("a/b")
    local elsewhere <close> = tmp.dir()
    elsewhere:symlink(repo.path .. "/a", "link")
    local expected = {
      root = repo.path, worktree = repo.path, gitdir = repo.path .. "/.git",
      common = repo.path .. "/.git", prefix = "",
    }
    for _, start in ipairs { "", "/a", "/a/b", "/a/../a/./b/", "/.mighost" } do
      assert.same(expected, root.find(repo.path .. start))
    end
    assert.same(expected, root.find(elsewhere:join("link/b")))
  end)

  it("takes the nearest project of several in one work tree", function()
    local repo <close> = git.repo()
    repo:write(CONFIG, "{}")
    repo:write("sub/dir/" .. CONFIG, "{}")
    repo.dir:mkdir("sub/dir/deep")
    local place = root.find(repo.path .. "/sub/dir/deep")
    assert.same({ repo.path .. "/sub/dir", repo.path, "sub/dir/" },
      { place.root, place.worktree, place.prefix })
    assert.equal(repo.path, root.find(repo.path .. "/sub").root)
  end)

  it("does not look above the work tree", function()
    local outer <close> = git.repo()
    outer:write(CONFIG, "{}")
    git.run(outer.path, "init", "-q", "inner")
    local place, message, name, fix = root.find(outer.path .. "/inner")
    assert.is_nil(place)
    assert.equal(("no %s here or above, up to %s/inner"):format(CONFIG, outer.path), message)
    assert.same({ "ECONFIG", "mighost init" }, { name, fix })
  end)

  it("follows the .git file of a linked work tree and of a submodule", function()
    local repo <close> = git.repo()
    repo:write(CONFIG, "{}")
    repo:commit("Add a project")
    local work <close> = tmp.dir()
    repo:git("worktree", "add", "-q", work:join("linked"))
    local place = root.find(work:join("linked"))
    assert.equal(repo.path .. "/.git", place.common)
    assert.equal(repo.path .. "/.git/worktrees/linked", place.gitdir)
    assert.equal(work:join("linked"), place.root)
    local super <close> = git.repo()
    super:git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", repo.path, "sub")
    local module = root.find(super.path .. "/sub")
    assert.equal(super.path .. "/.git/modules/sub", module.common)
    assert.equal(super.path .. "/sub", module.worktree)
  end)

  it("passes over a .git that is not a repository", function()
    local repo <close> = git.repo()
    repo:write(CONFIG, "{}")
    repo.dir:mkdir("a/.git")
    assert.equal(repo.path, root.find(repo.path .. "/a").worktree)
  end)

  it("refuses what is not a work tree", function()
    local dir <close> = tmp.dir()
    local bare <close> = git.repo { bare = true }
    local repo <close> = git.repo()
    dir:write("broken/.git", "gitdir: /nowhere/at/all\n")
    dir:write("garbage/.git", "words\n")
    dir:write("file", "")
    local refused = {
      [dir.path] = { "not in a git repository: " .. dir.path, "ENOTREPO" },
      [bare.path] = { "a bare git repository has no work tree, use a clone that has one: "
        .. bare.path,
        "ENOTREPO" },
      [bare.path .. "/refs"] = {
        "a bare git repository has no work tree, use a clone that has one: "
        .. bare.path, "ENOTREPO" },
      [repo.path .. "/.git/refs"] = { "inside a git directory, not in a work tree: " .. repo.path
        .. "/.git", "ENOTREPO" },
      [dir:join("broken")] = { dir:join("broken/.git")
        .. " names no git directory: /nowhere/at/all",
        "ENOTREPO" },
      [dir:join("garbage")] = { dir:join("garbage/.git") .. " names no git directory", "ENOTREPO" },
      [dir:join("file")] = { "not a directory: " .. dir:join("file"), "EUSAGE" },
    }
    for start, expected in pairs(refused) do
      local place, message, name = root.find(start)
      assert.is_nil(place)
      assert.same(expected, { message, name })
    end
    local place, message, name = root.find(dir:join("missing"))
    assert.is_nil(place)
    assert.equal("EUSAGE", name)
    assert.matches("missing", message)
  end)

  it("works for names with blanks, line ends and bytes that are not UTF-8", function()
    local dir <close> = tmp.dir()
    for _, name in ipairs { "a b", "a\nb", "\255\254", "'$x'" } do
      dir:write(name .. "/" .. CONFIG, "{}")
      sh.check { argv = { "git", "init", "-q", dir:join(name) } }
      assert.equal(dir:join(name), root.find(dir:join(name)).root)
    end
  end)
end)

describe("project.root.find_worktree", function()
  it("needs no project", function()
    local repo <close> = git.repo()
    repo.dir:mkdir("a")
    assert.same({ worktree = repo.path, gitdir = repo.path .. "/.git", common = repo.path
      .. "/.git" },
      root.find_worktree(repo.path .. "/a"))
  end)
end)
