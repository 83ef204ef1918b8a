local attributes = require "planning.attributes"
local git = require "spec.support.git"

local function check(repo)
  return attributes.check({ worktree = repo.path, git_live = "migrations",
    live_path = repo.path .. "/migrations" }, "alpha")
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

  it("says when git cannot be asked", function()
    local nowhere = { worktree = "/nowhere", git_live = "m", live_path = "/m" }
    local ok, message = attributes.check(nowhere, "alpha")
    assert.is_nil(ok)
    assert.is_string(message)
  end)
end)
