local git = require "planning.witness_git"
local project = require "spec.support.project"
local sh = require "spec.support.sh"

--- What differs after a shell script ran in the repository: "<label>: <path> <how>".
local function differs(p, script, level, kind, worktree)
  local opened = p:open()
  if worktree then
    opened.gitdir = opened.common .. "/worktrees/" .. worktree
  end
  local before = assert(git.take(opened, {}))
  sh.check { argv = { "sh", "-euc", script }, cwd = p.path, env = p:env() }
  local lines = {}
  for _, found in ipairs(assert(before:compare(level or "none", kind or "planning"))) do
    lines[#lines + 1] = ("%s: %s %s"):format(found.label, found.path, found.how)
  end
  table.sort(lines)
  return lines
end

local function make()
  local p = project.new()
  sh.check { argv = { "sh", "-euc", [[git tag v1; git branch side; git branch own
    git worktree add -q "$HOME/tree" side; echo x >>README; git stash -q]] }, cwd = p.path,
    env = p:env() }
  return p
end

describe("planning.witness_git", function()
  it("lets alone what git writes anew and what reading leaves behind", function()
    local p <close> = make()
    for _, script in ipairs { "true", "git status; git diff; git log -p --all >/dev/null",
      "touch README; git status", "git pack-refs --all", "git symbolic-ref HEAD refs/heads/main",
      "git -C \"$HOME/tree\" status; touch .git/FETCH_HEAD .git/gc.log",
      "echo x | git hash-object -w --stdin", "git reflog expire --expire=now HEAD main" } do
      assert.same({}, differs(p, script), script)
    end
  end)

  it("tells what was changed", function()
    for script, expected in pairs {
      ["git branch new"] = { "refs: .git/refs/heads/new added" },
      ["git pack-refs --all; git tag -d v1"] = { "refs: .git/refs/tags/v1 removed" },
      ["git update-ref refs/tags/v1 $(git rev-parse refs/stash)"] = {
        "refs: .git/refs/tags/v1 changed" },
      ["git stash drop -q"] = { "the stash: .git/logs/refs/stash removed",
        "the stash: .git/refs/stash removed" },
      ["git symbolic-ref HEAD refs/heads/own"] = { "HEAD: .git/HEAD changed" },
      ["git update-index --chmod=+x README"] = { "the index: README staged" },
      ["git -C \"$HOME/tree\" checkout -q --detach"] = {
        "worktree tree: .git/worktrees/tree/HEAD changed" },
      ["git -C \"$HOME/tree\" rm -q --cached README"] = { "worktree tree: README staged" },
      ["git worktree remove \"$HOME/tree\""] = { "worktree tree: .git/worktrees/tree/HEAD removed",
        "worktree tree: .git/worktrees/tree/index removed",
        "worktrees: .git/worktrees removed" },
      ["chmod 600 .git/index"] = { "the index: .git/index permissions changed" },
      ["chmod 700 .git/objects"] = { "objects: .git/objects permissions changed" },
      ["echo x >.git/shallow"] = { "git's directory: .git/shallow added" },
    } do
      local p <close> = make()
      assert.same(expected, differs(p, script), script)
    end
  end)

  it("lets a phase move its branch and stage, and nothing else", function()
    local p <close> = make()
    assert.same({}, differs(p, "echo x >new; git add new; git commit -qm x; git rm -q new", "none",
      "work"))
    assert.same({}, differs(p, "git gc -q", "none", "work"))
    assert.same({ "refs: .git/refs/heads/own removed" },
      differs(p, "git branch -q -D own", "none", "work"))
    assert.same({ "HEAD: .git/HEAD changed" },
      differs(p, "git symbolic-ref HEAD refs/heads/side", "none", "work"))
  end)

  it("blames an agent that is confined only for what no kernel prevents", function()
    local p <close> = make()
    assert.same({}, differs(p, "git branch new; echo x >>README; git commit -qam x; git gc -q; "
      .. "git config a.b c; echo x >.git/hooks/x; : >.git/info/exclude", "full"))
    assert.same({ "info: .git/info/exclude changed" },
      differs(p, "echo long >.git/info/exclude", "none"))
    assert.same({ "info: .git/info/exclude changed" },
      differs(p, ": >.git/info/exclude", "partial"))
    assert.same({ "the index: .git/index permissions changed" },
      differs(p, "chmod 600 .git/index; git branch more", "full"))
  end)

  it("knows its own HEAD and index in a linked work tree", function()
    local p <close> = make()
    assert.same({ "HEAD: .git/worktrees/tree/HEAD changed" },
      differs(p, "git -C \"$HOME/tree\" checkout -q --detach", "none", "planning", "tree"))
    assert.same({ "refs: .git/refs/heads/main changed" },
      differs(p, "git commit -q --allow-empty -m x", "none", "planning", "tree"))
  end)
end)
