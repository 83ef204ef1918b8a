--- What an agent may do beyond its work dir, and a project in which all of it can be tried.

local assert = require "luassert"
local project = require "spec.support.project"
local sh = require "spec.support.sh"

local M = {}

---@class spec.Escape
---@field [1] string  what the agent does, in the repository's root
---@field [2] string  pattern of what it is told to have done
---@field [3] "seen"|nil  no sandbox keeps it from that

---@type spec.Escape[]
M.edits = {
  -- the live directory, other migrations
  { "echo '{}' >$MIGHOST_LIVE_DIR/manifest.json",
    "migration alpha: migrations/alpha/manifest.json changed" },
  { "echo x >$MIGHOST_LIVE_DIR/plan.md", "migration alpha: migrations/alpha/plan.md added" },
  { "rm -r $MIGHOST_LIVE_DIR/.planning", "migration alpha: migrations/alpha/.planning removed" },
  { "echo x >>migrations/beta/approaches/rewrite.md", "migration beta: .*rewrite.md changed" },
  { "rm -r migrations/beta", "migration beta: migrations/beta removed" },
  { "cp -r migrations/beta migrations/gamma", "migration gamma: migrations/gamma added" },
  { "chmod 600 migrations/beta/manifest.json", "migration beta: .* permissions changed", "seen" },
  { "mkdir migrations/__transactions__/beta@0", "the live directory: .*beta@0 added" },
  { "rm migrations/.gitattributes", "the live directory: migrations/.gitattributes removed" },
  { "mv migrations/alpha migrations/other", "migration alpha: migrations/alpha removed" },
  -- HEAD and refs
  { "git update-ref refs/heads/evil HEAD", "refs: .git/refs/heads/evil added" },
  { "git update-ref refs/heads/main HEAD~1", "refs: .git/refs/heads/main changed" },
  { "git rev-parse HEAD >.git/refs/tags/v2", "refs: .git/refs/tags/v2 added" },
  { "git update-ref -d refs/tags/v1", "refs: .git/refs/tags/v1 removed" },
  { "sed -i '/packed/d' .git/packed-refs", "refs: .git/refs/heads/packed removed" },
  { "git rev-parse HEAD >.git/HEAD", "HEAD: .git/HEAD changed" },
  { "git symbolic-ref HEAD refs/heads/packed", "HEAD: .git/HEAD changed" },
  { "echo x >README; git commit -qam x", "refs: .git/refs/heads/main changed" },
  { "chmod 000 .git/HEAD", "HEAD: .git/HEAD permissions changed", "seen" },
  -- hooks and configuration
  { "echo 'touch ../evil' >.git/hooks/post-commit; chmod +x .git/hooks/post-commit",
    "hooks: .git/hooks/post%-commit added %(put back%)" },
  { "echo 'touch ../evil' >>.git/hooks/pre-push", "hooks: .*pre%-push changed %(put back%)" },
  { "rm -r .git/hooks", "hooks: .git/hooks removed %(put back%)" },
  { "chmod +x .git/hooks/idle", "hooks: .*idle permissions changed %(put back%)", "seen" },
  { "git config core.fsmonitor ./evil", "config: .git/config changed %(put back%)" },
  { "git config core.hooksPath src", "config: .git/config changed %(put back%)" },
  { "echo '[alias] status = !evil' >>.git/more", "config: .git/more changed %(put back%)" },
  { "echo '[core] pager = evil' >.git/config.worktree", "config: .*worktree added %(put back%)" },
  { "echo '[core] pager = evil' >>$HOME/.gitconfig", "config: ~/.gitconfig changed %(put back%)" },
  { "mkdir -p $HOME/config/mighost/stages; echo >$HOME/config/mighost/stages/expand.lua",
    "mighost's configuration: .*stages added %(put back%)" },
  -- index and stash
  { "echo x >new; git add new", "the index: new staged; files: new added" },
  { "git rm -q --cached README", "the index: README staged" },
  { "git update-index --skip-worktree README", "the index: README staged" },
  { "rm .git/index", "the index: .git/index removed" },
  { "touch .git/index.lock", "git's directory: .git/index.lock added" },
  { "git stash drop -q", "the stash: .git/refs/stash removed" },
  { "echo x >README; git stash -q", "the stash: .git/refs/stash changed" },
  -- files of the work tree
  { "echo x >>src/main.c", "files: src/main.c changed" },
  { ": >src/main.c", "files: src/main.c changed" },
  { "rm src/main.c", "files: src/main.c removed" },
  { "mv src lib", "files: lib added, src removed" },
  { "echo x >src/new.c", "files: src/new.c added" },
  { "echo x >ignored/cache", "files: ignored/cache changed" },
  { "chmod +x src/main.c", "files: src/main.c permissions changed", "seen" },
  { "chmod 700 src", "files: src permissions changed", "seen" },
  { "touch -d 2001-01-01 src/main.c", "files: src/main.c times changed", "seen" },
  { "chmod 600 src/main.c; chmod 644 src/main.c", "files: src/main.c attributes changed", "seen" },
  -- links in and out
  { "ln -sfn /etc/passwd src/link", "files: src/link changed" },
  { "ln -s \"$PWD/README\" \"$MIGHOST_WORK_DIR/l\"; echo x >>\"$MIGHOST_WORK_DIR/l\"; "
    .. "rm \"$MIGHOST_WORK_DIR/l\"", "files: README changed" },
  { "ln -s \"$PWD/src\" \"$MIGHOST_WORK_DIR/l\"; echo x >\"$MIGHOST_WORK_DIR/l/x\"; "
    .. "rm \"$MIGHOST_WORK_DIR/l\"", "files: src/x added" },
  { "ln README \"$MIGHOST_WORK_DIR/l\"; echo x >>\"$MIGHOST_WORK_DIR/l\"; "
    .. "rm -f \"$MIGHOST_WORK_DIR/l\"", "files: README changed" },
  { "ln README src/README", "files: README linked, src/README added" },
  -- what git and mighost keep
  { "echo ignored >>.git/info/exclude", "info: .git/info/exclude changed" },
  { "echo /tmp >.git/objects/info/alternates", "objects: .git/objects/info/alternates added" },
  { "rm -rf .git/objects/??", "objects: .git/objects/%x%x removed" },
  { "git rev-parse HEAD >.git/MERGE_HEAD", "git's directory: .git/MERGE_HEAD added" },
  { "echo x >.git/worktrees/tree/HEAD", "worktree tree: .git/worktrees/tree/HEAD changed" },
  { "rm .git/mighost/leases/alpha.lock", "mighost's own records: .*alpha.lock removed" },
  { "echo 0 >.git/mighost/id", "mighost's own records: .git/mighost/id changed" },
  { "echo x >.git/mighost/alpha.journal", "mighost's own records: .*alpha.journal added" },
  { "cd \"$MIGHOST_WORK_DIR/../..\"; cp -r ../beta/* evil; cd evil; mv published accepted",
    "mighost's state: .*/accepted added %(put back%)" },
  { "echo '{}' >\"$MIGHOST_WORK_DIR/../accepted\"",
    "mighost's state: .*/accepted added %(put back%)" },
  { "rm -r \"$HOME\"/state/mighost/projects/*/work/beta", "mighost's state: .*/beta removed" },
  -- other repositories in this one
  { "echo x >nested/.git/hooks/post-commit", "files: nested/.git/hooks/post%-commit added" },
  { "git -C nested commit -q --allow-empty -m x", "files: nested/.git/" },
}

local SETUP <const> = [[
mkdir src ignored; echo 'int main;' >src/main.c; ln -s main.c src/link
echo old >ignored/cache; echo 'ignored/
nested/' >.gitignore
git add -A; git commit -qm Files
git tag v1; git branch side; git branch packed; git pack-refs --all
git update-ref refs/tags/v1 HEAD
mkdir -p .git/hooks; echo true >.git/hooks/pre-push; chmod +x .git/hooks/pre-push
echo true >.git/hooks/idle; chmod -x .git/hooks/idle
git config include.path more; echo '[x] y = z' >.git/more
echo stashed >>README; git stash -q
git worktree add -q "$HOME/tree" side
git init -q nested; mkdir -p nested/.git/hooks
git -C nested config user.name n; git -C nested config user.email n
git -C nested commit -q --allow-empty -m n
echo '[user] name = x' >"$HOME/.gitconfig"; mkdir -p "$HOME/config/mighost"
]]

--- A project with everything that can be tampered with, and two migrations.
---@return spec.Project
function M.make()
  local p = project.new()
  sh.check { argv = { "sh", "-euc", SETUP }, cwd = p.path, env = p:env() }
  for _, slug in ipairs { "beta", "alpha" } do
    local result = p:plan({ slug, "--target", "T" })
    assert(result.exit == 0, result.stderr)
  end
  for _, path in ipairs { p.path, p.home.path } do
    sh.check { argv = { "cp", "-a", path, path .. ".saved" } }
  end
  return p
end

--- Everything as it was made.
---@param p spec.Project
function M.reset(p)
  for _, path in ipairs { p.path, p.home.path } do
    sh.check { argv = { "sh", "-euc", 'find "$1" -mindepth 1 -delete; cp -a "$1.saved/." "$1"',
      "sh", path } }
  end
end

---@param p spec.Project
function M.close(p)
  sh.run { argv = { "rm", "-rf", p.path .. ".saved", p.home.path .. ".saved" } }
  p:close()
end

--- Takes the next step with an agent that does this first, and then what it is asked for.
---@param p spec.Project
---@param edit string
---@param sandbox string
---@return spec.Result
function M.plan(p, edit, sandbox)
  local agent = p:script(("(%s) 2>/dev/null\ncat </dev/null | exec %s"):format(edit,
    sh.quote(project.agent)))
  return p:plan({ "alpha", "--sandbox", sandbox }, { agent = agent,
    env = { GIT_CONFIG_GLOBAL = false, PLANNER_LOG = "/dev/null" } })
end

--- It must have ended so, said so and published nothing.
---@param p spec.Project
---@param result spec.Result
---@param pattern string
function M.expect_refused(p, result, pattern)
  assert.equal(1, result.exit, result.stderr)
  assert.equal("", result.stdout)
  assert.matches("the agent command for pick%-best reached beyond its work dir: .*" .. pattern,
    result.stderr)
  assert.is_nil(p:read "alpha/.planning/stages/pick-best.stdout.md")
  local moves = p.repo:read ".git/logs/refs/heads/main"
  assert.is_nil(moves:find("planning/alpha/pick-best", 1, true))
end

return M
