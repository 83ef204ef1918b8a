local project = require "spec.support.project"
local roots = require "planning.witness_roots"

--- The roots as "<label> <path from the repository's top>", without the user's own.
local function list(p, kind)
  local found = {}
  for _, root in ipairs(roots.list(p:open(), kind or "planning")) do
    if root.path:sub(1, #p.path + 1) == p.path .. "/" then
      found[#found + 1] = root.label .. " " .. root.path:sub(#p.path + 2)
    end
  end
  table.sort(found)
  return found
end

describe("planning.witness_roots", function()
  it("names hooks, configuration, what that includes, and the user's own", function()
    local p <close> = project.new()
    assert.same({ "config .git/config", "config .git/config.worktree", "hooks .git/hooks" },
      list(p))
    p.repo:git("config", "include.path", "../team.config")
    p.repo:git("config", "includeIf.gitdir:/x/.path", "more")
    p.repo:write("team.config",
      '[Include]\n  path = "even more" ; why\n[core]\n hooksPath=.husky\n')
    p.repo:write("even more", "[include]\npath = .git/../even more\n")
    assert.same({ "config .git/config", "config .git/config.worktree", "config .git/more",
      "config even more", "config team.config", "hooks .git/hooks", "hooks .husky" }, list(p))
  end)

  it("leaves to a phase what it may change in the work tree", function()
    local p <close> = project.new()
    p.repo:git("config", "core.hooksPath", ".husky")
    p.repo:git("config", "include.path", "more")
    assert.same({ "config .git/config", "config .git/config.worktree", "config .git/more",
      "hooks .git/hooks" }, list(p, "work"))
  end)

  it("reads of a file that is not a configuration what it can", function()
    local p <close> = project.new()
    p.repo:git("config", "include.path", "/dev/zero")
    p.repo:write(".git/config.worktree", "[include]\npath\npath =\n= x\n[\n\0\n")
    assert.is_true(#list(p) >= 3)
  end)
end)
