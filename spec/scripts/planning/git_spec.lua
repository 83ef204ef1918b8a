local git = require "planning.git"
local scratch = require "spec.support.git"
local program = require "spec.support.program"
local tmp = require "spec.support.tmp"

describe("planning.git", function()
  it("gives what git prints, or why it failed in one line", function()
    local repo <close> = scratch.repo()
    assert.equal("main\n", git.run(repo.path, "rev-parse", "--abbrev-ref", "HEAD"))
    local out, message, name = git.run(repo.path, "rev-parse", "--verify", "nosuch")
    assert.is_nil(out)
    assert.equal("git rev-parse: fatal: Needed a single revision", message)
    assert.equal("EGIT", name)
  end)

  it("tells of an error why, not that it was fatal", function()
    local repo <close> = scratch.repo()
    repo:git("init", "-q", repo.path .. "/inner")
    local _, message = git.run(repo.path, "add", "--all")
    assert.equal("git add: error: 'inner/' does not have a commit checked out", message)
  end)

  it("is not led elsewhere by the environment of a hook", function()
    local repo <close> = scratch.repo()
    local other <close> = scratch.repo()
    local dir <close> = tmp.dir()
    dir:write("s.lua", [[
      local git = require "planning.git"
      io.stdout:write(assert(git.run(arg[1], "rev-parse", "--show-toplevel")))]])
    local result = program.run { args = { dir:join("s.lua"), repo.path }, env = {
      GIT_DIR = other.path .. "/.git", GIT_WORK_TREE = other.path, GIT_INDEX_FILE = "/nowhere",
    } }
    assert.equal(repo.path .. "\n", result.stdout)
  end)

  it("takes paths as they are, whatever the environment says of paths", function()
    local repo <close> = scratch.repo()
    local dir <close> = tmp.dir()
    dir:write("s.lua", [[
      local git = require "planning.git"
      io.stdout:write(tostring(git.is_clean(arg[1], { "a" })))]])
    for _, name in ipairs { "LITERAL", "GLOB", "NOGLOB", "ICASE" } do
      local result = program.run { args = { dir:join("s.lua"), repo.path },
        env = { ["GIT_" .. name .. "_PATHSPECS"] = "1" } }
      assert.equal("true", result.stdout, name .. result.stderr)
    end
  end)

  it("names the command that failed, whatever stands before it", function()
    local _, message = git.call("/", { "--no-literal-pathspecs", "-c", "a.b=c", "rev-parse", "x" })
    assert.matches("^git rev%-parse: ", message)
  end)

  it("says when there is no git", function()
    local dir <close> = tmp.dir()
    dir:write("s.lua", [[
      local git = require "planning.git"
      local out, message, name = git.version()
      print(out, name, message)]])
    local result = program.run { args = { dir:join("s.lua") }, env = { PATH = dir.path } }
    assert.matches("^nil\tEUNSUPPORTED\tcannot run git: not found in PATH; install", result.stdout)
  end)

  it("knows its version", function()
    assert.matches("^%d+%.%d+", git.version())
  end)

  it("tells clean from changed, staged and untracked", function()
    local repo <close> = scratch.repo()
    repo:write("a/x", "1")
    repo:commit("Add x")
    assert.is_true(git.is_clean(repo.path, { "a", "missing" }))
    repo:write("a/new", "")
    assert.is_false(git.is_clean(repo.path, { "a" }))
    assert.is_true(git.is_clean(repo.path, { "a/x" }))
    repo:write("a/x", "2")
    assert.is_false(git.is_clean(repo.path, { "a/x" }))
    repo:git("add", "a/x")
    assert.is_false(git.is_clean(repo.path, { "a/x" }))
    assert.is_true(git.is_tracked(repo.path, "a"))
    assert.is_false(git.is_tracked(repo.path, "a/new"))
    assert.is_nil((git.is_clean("/", { "a" })))
    assert.is_nil((git.is_tracked("/", "a")))
  end)

  it("commits just these paths, whatever else is staged or looks like a pattern", function()
    local repo <close> = scratch.repo()
    repo:write("keep", "1")
    repo:write("gone/x", "1")
    repo:commit("Add files")
    repo:write("keep", "2")
    repo:write("staged", "")
    repo:git("add", "keep", "staged")
    tmp.remove(repo.path .. "/gone")
    repo:write("new [a]*", "")
    repo:write("new b", "")
    local oid = assert(git.commit_paths(repo.path, { "gone", "new [a]*" }, "Subject\n\nBody"))
    assert.equal(repo:head(), oid)
    assert.equal("D\tgone/x\nA\tnew [a]*", repo:git("show", "--name-status", "--format=", "HEAD"))
    assert.equal("Subject", repo:git("log", "-1", "--format=%s"))
    assert.equal("M  keep\nA  staged\n?? \"new b\"", repo:status())
  end)

  it("names what keeps it from committing", function()
    local repo <close> = scratch.repo()
    repo:write("x", "")
    repo:git("config", "user.useConfigOnly", "true")
    repo:git("config", "--unset", "user.email")
    local dir <close> = tmp.dir()
    dir:write("s.lua", [[
      local oid, message, name, fix = require("planning.git").commit_paths(arg[1], { "x" }, "m")
      print(oid, name, fix, message)]])
    local result = program.run { args = { dir:join("s.lua"), repo.path }, env = { EMAIL = false,
      GIT_AUTHOR_EMAIL = false, GIT_COMMITTER_EMAIL = false } }
    assert.matches("^nil\tENOIDENT\tgit config user.name NAME", result.stdout)
    repo:git("config", "user.email", "spec@example.invalid")
    repo:write(".git/hooks/pre-commit", "#!/bin/sh\necho 'the hook says no' >&2\nexit 1\n")
    os.execute("chmod +x " .. repo.path .. "/.git/hooks/pre-commit")
    local oid, message, name = git.commit_paths(repo.path, { "x" }, "m")
    assert.is_nil(oid)
    assert.equal("git commit: the hook says no", message)
    assert.equal("EGIT", name)
  end)
end)
