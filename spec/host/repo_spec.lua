--- host.repo: what is read of a repository, and which kinds are refused.

local repo_module = require "host.repo"
local git = require "spec.support.git"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local function refused(name, path)
  local value, message, actual = repo_module.open(path)
  assert.is_nil(value)
  assert.are.equal(name, actual, message)
  return message
end

describe("host.repo", function()
  local scratch, repo

  before_each(function()
    scratch = git.repo()
    scratch:write("dir/a.txt", "one\n")
    scratch:commit("First\n\nA body.\n\nTrailer: x")
    repo = assert(repo_module.open(scratch.path))
  end)

  after_each(function()
    repo:close()
    scratch:close()
  end)

  it("is found from a folder inside the work tree", function()
    local inner <close> = assert(repo_module.open(scratch.path .. "/dir"))
    assert.are.equal(scratch.path, inner:info().workdir)
  end)

  it("tells where HEAD is", function()
    local info = repo:info()
    assert.are.equal("refs/heads/main", info.branch)
    assert.are.equal(scratch:head(), info.head)
    assert.are.equal(scratch.path .. "/.git", info.gitdir)
    assert.are.equal(info.gitdir, info.commondir)
    assert.are.equal("none", info.state)
    assert.is_false(info.detached)
    assert.is_false(info.unborn)
    scratch:git("checkout", "-q", "--detach")
    info = repo:info()
    assert.is_true(info.detached)
    assert.is_nil(info.branch)
    assert.are.equal(scratch:head(), info.head)
    scratch:git("checkout", "-q", "--orphan", "fresh")
    info = repo:info()
    assert.is_true(info.unborn)
    assert.is_nil(info.head)
  end)

  it("reads trees, blobs and commits", function()
    local first = scratch:head()
    scratch:write("dir/a.txt", "two\n")
    scratch:commit("Second")
    scratch:write("other", "x")
    scratch:commit("Third")
    assert.are.equal(scratch:git("rev-parse", "HEAD:dir"), repo:tree_id("dir"))
    assert.are.equal(scratch:git("rev-parse", first .. ":dir/a.txt"),
      repo:tree_id("dir/a.txt", first))
    assert.is_false(repo:tree_id("nothing"))
    assert.are.equal("two\n", repo:read("dir/a.txt"))
    assert.are.equal("one\n", repo:read("dir/a.txt", first))
    local text, _, name = repo:read("dir")
    assert.is_nil(text)
    assert.are.equal("ENOENT", name)
    local commits = repo:history("dir")
    assert.are.equal(2, #commits)
    assert.are.equal("Second", commits[1].subject)
    assert.are.equal(first, commits[2].oid)
    assert.are.equal("A body.\n\nTrailer: x\n", commits[2].body)
    assert.are.equal(1, #repo:history("dir", 1))
    assert.are.same({}, repo:history("nothing"))
    local none, _, invalid = repo:tree_id("dir", "no id")
    assert.is_nil(none)
    assert.are.equal("EINVAL", invalid)
  end)

  it("tells whether git has a setting", function()
    assert.is_false(repo:has_setting "attr.tree")
    scratch:git("config", "attr.tree", "HEAD")
    assert.is_true(repo:has_setting "attr.tree")
    scratch:write(".git/config", "[attr\n")
    local none, message = repo:has_setting "attr.tree"
    assert.is_nil(none)
    assert.matches("cannot read git's configuration", message)
  end)

  --- What a mighost of its own, away from the user's configuration, says of who commits.
  local function identity(env)
    local script = scratch:write("identity.lua", [[
      local repo = assert(require("host.repo").open("."))
      if os.getenv "AHEAD" then
        repo:ask_identity()
      end
      local person, message, name = repo:identity()
      print(person and ("%s <%s>"):format(person.name, person.email) or name .. " " .. message)
      return 0
    ]])
    return program.run({ args = { script }, cwd = scratch.path, env = env }).stdout
  end

  it("asks git who commits, and never guesses", function()
    assert.are.equal("Spec <spec@example.invalid>\n", identity())
    assert.are.equal("Env <env@example.invalid>\n",
      identity { GIT_COMMITTER_NAME = "Env", GIT_COMMITTER_EMAIL = "env@example.invalid" })
    scratch:git("config", "--unset", "user.email")
    assert.is_truthy(identity():find("^ENOIDENT .*user%.email"))
    scratch:git("config", "author.email", "a@example.invalid")
    scratch:git("config", "committer.email", "c@example.invalid")
    assert.are.equal("Spec <c@example.invalid>\n", identity())
  end)

  it("asks for it meanwhile, once, and says the same", function()
    assert.is_true(repo:ask_identity())
    assert.is_true(repo:ask_identity())
    local person = assert(repo:identity())
    assert.are.same({ name = "Spec", email = "spec@example.invalid" }, person)
    scratch:git("config", "user.name", "Later")
    assert.is_true(repo:ask_identity())
    assert.are.same(person, repo:identity())
    local unheard = assert(repo_module.open(scratch.path))
    assert.is_true(unheard:ask_identity())
    unheard:close() -- no child is left
    scratch:git("config", "--unset", "user.email")
    assert.is_truthy(identity({ AHEAD = "1" }):find("^ENOIDENT .*user%.email"))
    assert.matches("^EUNSUPPORTED cannot run git: not found in PATH",
      identity { AHEAD = "1", PATH = "/nowhere" })
  end)

  it("tells operations under way", function()
    for state, path in pairs { merge = "MERGE_HEAD", ["cherry-pick"] = "CHERRY_PICK_HEAD",
      revert = "REVERT_HEAD", bisect = "BISECT_LOG" } do
      local file = scratch:write(".git/" .. path, scratch:head() .. "\n")
      assert.are.equal(state, repo:info().state)
      assert(os.remove(file))
    end
  end)

  it("refuses what cannot be worked in", function()
    local dir <close> = tmp.dir()
    refused("ENOTREPO", dir.path)
    refused("ENOTREPO", dir.path .. "/missing")
    local bare <close> = git.repo { bare = true }
    assert.is_truthy(refused("ENOTREPO", bare.path):find("bare", 1, true))
    sh.check { argv = { "git", "init", "-q", "--object-format=sha256", dir:join("sha256") } }
    assert.is_truthy(refused("EUNSUPPORTED", dir:join("sha256")):find("SHA-256", 1, true))
    scratch:git("config", "core.repositoryformatversion", "1")
    scratch:git("config", "extensions.refStorage", "reftable")
    assert.is_truthy(refused("EUNSUPPORTED", scratch.path):find("reftable", 1, true))
  end)

  it("works with extensions that a sparse checkout turns on", function()
    scratch:git("config", "core.repositoryformatversion", "1")
    scratch:git("config", "extensions.worktreeConfig", "true")
    local again <close> = assert(repo_module.open(scratch.path))
    assert.are.equal("refs/heads/main", again:info().branch)
  end)

  it("runs git's own program on itself, whatever the environment says", function()
    assert.are.equal("dir/a.txt\n", repo:git { "ls-files" })
    assert.are.equal("", repo:git { "status", "--porcelain" })
    local out, message, name = repo:git { "cat-file", "-p", "nothing" }
    assert.is_nil(out)
    assert.are.equal("EGIT", name)
    assert.is_truthy(message:find("nothing", 1, true), message)
    assert.has_error(function() repo:git {} end)
    assert.has_error(function() repo:git { "ls-files", 1 } end)
    local endless = setmetatable({}, { __len = function() return math.maxinteger >> 2 end })
    assert.has_error(function() repo:git(endless) end)
  end)

  it("is not misled by variables that say what paths mean to git", function()
    local script = scratch:write("paths.lua", [[
      local repo = assert(require("host.repo").open("."))
      io.stdout:write(assert(repo:git { "ls-files", "--", "dir/a.txt" }))
      return 0
    ]])
    for _, name in ipairs { "GLOB", "NOGLOB", "ICASE" } do
      local run = program.run { args = { script }, cwd = scratch.path,
        env = { ["GIT_" .. name .. "_PATHSPECS"] = "1" } }
      assert.are.equal("dir/a.txt\n", run.stdout, run.stderr)
    end
  end)

  describe("export", function()
    local dir

    before_each(function()
      dir = tmp.dir()
    end)

    after_each(function()
      dir:close()
    end)

    local function fails(name, ...)
      local done, message, actual = repo:export(...)
      assert.is_nil(done)
      assert.are.equal(name, actual, message)
      assert.are.same({}, dir:names())
      return message
    end

    it("writes a tree of any commit, with modes", function()
      local first = scratch:head()
      scratch:write("dir/b/run.sh", "#!/bin/sh\n")
      sh.check { argv = { "chmod", "755", scratch.path .. "/dir/b/run.sh" } }
      scratch:write("dir/bytes", "\0\r\n\xff")
      scratch:write("dir/empty", "")
      scratch:write("dir/a.txt", "two\n")
      local second = scratch:commit("Second")
      assert.is_true(repo:export("dir", second, dir:join("new")))
      assert.is_true(repo:export("dir", first, dir:join("old")))
      assert.are.same({ "a.txt" }, dir:names("old"))
      assert.are.equal("one\n", dir:read("old/a.txt"))
      assert.are.same({ "a.txt", "b", "bytes", "empty" }, dir:names("new"))
      assert.are.equal("\0\r\n\xff", dir:read("new/bytes"))
      assert.are.equal("", dir:read("new/empty"))
      local tree = require "host.tree"
      assert.are.equal(tree.digest(scratch.path .. "/dir"), tree.digest(dir:join("new")))
    end)

    it("refuses what is not a tree of plain files, and leaves nothing", function()
      fails("ENOENT", "nothing", scratch:head(), dir:join("x"))
      fails("EIO", "dir/a.txt", scratch:head(), dir:join("x"))
      fails("EINVALIDPATH", "dir", scratch:head(), "relative")
      fails("ENOENT", "dir", scratch:head(), dir:join("no/x"))
      scratch.dir:symlink("a.txt", "dir/link")
      assert.is_truthy(fails("EINVALIDPATH", "dir", scratch:commit("Link"), dir:join("x"))
        :find("symbolic link: link", 1, true))
      scratch:git("rm", "-q", "dir/link")
      scratch:git("update-index", "--add", "--cacheinfo", "160000," .. scratch:head() .. ",dir/sub")
      scratch:git("commit", "-q", "-m", "Submodule")
      assert.is_truthy(fails("EINVALIDPATH", "dir", scratch:head(), dir:join("x"))
        :find("submodule: sub", 1, true))
    end)

    it("refuses names that git would never check out", function()
      local blob = scratch:git("rev-parse", "HEAD:dir/a.txt")
      for _, name in ipairs { ".git", ".GIT", ".." } do
        local bytes = blob:gsub("%x%x", function(hex)
          return string.char(tonumber(hex, 16))
        end)
        scratch:write(".git/tree", "100644 " .. name .. "\0" .. bytes)
        local tree = scratch:git("hash-object", "-t", "tree", "-w", "--literally", ".git/tree")
        local root = sh.check { argv = { "git", "-C", scratch.path, "mktree" },
          stdin = "040000 tree " .. tree .. "\tdir\n" }:match("%x+")
        local commit = scratch:git("commit-tree", root, "-m", "Odd")
        fails("EINVALIDPATH", "dir", commit, dir:join("x"))
      end
    end)

    it("replaces nothing", function()
      dir:mkdir("x")
      local done, _, name = repo:export("dir", scratch:head(), dir:join("x"))
      assert.is_nil(done)
      assert.are.equal("EEXIST", name)
      assert.are.same({ "x" }, dir:names())
    end)

    it("has bounds: too deep", function()
      scratch:write("dir/" .. ("d/"):rep(70) .. "f", "x")
      fails("EFBIG", "dir", scratch:commit("Deep"), dir:join("x"))
    end)
  end)

  it("raises for misuse and for a closed repository", function()
    assert.has_error(function() repo_module.open() end)
    local closed = assert(repo_module.open(scratch.path))
    closed:close()
    closed:close()
    assert.has_error(function() closed:info() end)
  end)
end)
