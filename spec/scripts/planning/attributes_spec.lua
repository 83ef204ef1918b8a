local attributes = require "planning.attributes"
local generate = require "spec.support.generate"
local git = require "spec.support.git"
local program = require "spec.support.program"

local GUARD <const> = "* -text -filter -ident -working-tree-encoding\n"

local function check(repo, common)
  return attributes.check({ worktree = repo.path, git_live = "migrations",
    live_path = repo.path .. "/migrations", common = common or repo.path .. "/.git" }, "alpha")
end

describe("planning.attributes", function()
  it("has nothing against a repository without any, or with mighost's own", function()
    local repo <close> = git.repo()
    assert.is_true(check(repo))
    repo:write("migrations/.gitattributes", "* -text -filter -ident -working-tree-encoding\n")
    assert.is_true(check(repo))
    repo:write(".gitattributes", "* text=auto eol=lf\n")
    assert.is_true(check(repo))
    repo:git("config", "core.autocrlf", "true")
    assert.is_true(check(repo))
  end)

  it("names each attribute that may change bytes, and the file", function()
    for attribute, named in pairs {
      ["text"] = "text %(set%)", ["text=auto"] = "text %(auto%)", ["eol=crlf"] = "eol %(crlf%)",
      ["ident"] = "ident %(set%)", ["filter=lfs"] = "filter %(lfs%)",
      ["working-tree-encoding=UTF-16"] = "working%-tree%-encoding %(UTF%-16%)",
    } do
      local repo <close> = git.repo()
      repo:write(".gitattributes", "*.md " .. attribute .. "\n")
      local ok, message, name, fix = check(repo)
      assert.is_nil(ok)
      assert.matches(named .. " applies to migrations/alpha/plan%.md", message)
      assert.equal("EUNSUPPORTED", name)
      assert.matches("^echo '%* %-text .*%.gitattributes$", fix)
    end
  end)

  it("names the setting that reaches files without attributes", function()
    local repo <close> = git.repo()
    for value, is_fine in pairs { ["true"] = false, input = false, ["false"] = true } do
      repo:git("config", "core.autocrlf", value)
      local ok, message = check(repo)
      assert.equal(is_fine, ok or false)
      assert.is_true(is_fine or message:find("core.autocrlf", 1, true) ~= nil)
    end
  end)

  it("says the same without git as git says", function()
    local random = generate.random(20260522)
    local places = {
      ".gitattributes", ".git/info/attributes", "migrations/alpha/.gitattributes",
      "migrations/alpha/.planning/.gitattributes", "migrations/alpha/approaches/.gitattributes",
      "migrations/alpha/.planning/stages/.gitattributes", "migrations/.gitattributes",
    }
    local lines = { "* text\n", "*.md text=auto\n", "* -text\n", "*.json eol=crlf\n", "\n",
      "[attr]text filter=lfs\n* text\n", "# nothing\n", "* !text\n", GUARD }
    local verdicts = {}
    for _ = 1, 60 do
      local repo <close> = git.repo()
      repo:write("migrations/.gitattributes", GUARD)
      for _ = 1, random(3) - 1 do
        repo:write(generate.pick(random, places), generate.pick(random, lines))
      end
      local said, message = check(repo)
      local asked, words = check(repo, "/nowhere") -- where that cannot be looked into, git is asked
      assert.same({ asked, words }, { said, message })
      verdicts[tostring(said)] = true
    end
    assert.same({ ["true"] = true, ["nil"] = true }, verdicts)
  end)

  --- The verdict of a mighost of its own that finds no git.
  local function check_without_git(repo, env)
    local script = repo:write("check.lua", [[
      local ok, _, name = require("planning.attributes").check({ worktree = ".",
        git_live = "migrations", live_path = "./migrations", common = "./.git" }, "alpha")
      print(ok or name)
      return 0
    ]])
    env = env or {}
    env.PATH = "/nowhere"
    return program.run({ args = { script }, cwd = repo.path, env = env }).stdout
  end

  it("asks git where attributes may come from elsewhere than the files", function()
    local repo <close> = git.repo()
    repo:write("migrations/.gitattributes", GUARD)
    assert.equal("true\n", check_without_git(repo))
    for _, variable in ipairs { "GIT_ATTR_SOURCE", "GIT_CONFIG_COUNT", "GIT_CONFIG_GLOBAL" } do
      assert.equal("EUNSUPPORTED\n", check_without_git(repo, { [variable] = "1" }))
    end
    repo:git("config", "attr.tree", "HEAD")
    assert.equal("EUNSUPPORTED\n", check_without_git(repo))
  end)

  it("says when git cannot be asked", function()
    local nowhere = { worktree = "/nowhere", git_live = "m", live_path = "/m", common = "/c" }
    local ok, message = attributes.check(nowhere, "alpha")
    assert.is_nil(ok)
    assert.is_string(message)
  end)
end)
