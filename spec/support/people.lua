--- What people do to files and git while a step is under way, and what must hold whatever they did.

local assert = require "luassert"
local git = require "spec.support.git"
local sh = require "spec.support.sh"
local site_support = require "spec.support.site"
local tables = require "lib.tables"

local PATH <const> = "migrations/m"
local PLAN <const> = "migrations/m/plan.md"
local MINE <const> = "what a person wrote"

--- What a step changes: one file, one new file; one stays as it was and is shared with live.
local BASE <const> = { ["plan.md"] = "one\n", ["same.md"] = "same\n" }
local NEXT <const> = [[{ ["plan.md"] = "two\n", ["new.md"] = "n\n" }]]

--- git, where it may well refuse.
local function try(site, ...)
  return sh.run { argv = { "git", "-C", site.path, ... }, env = git.env }.exit == 0
end

--- What people do.  `false`: git did not let them.
local ACTS <const> = {
  ["edits a file"] = function(site)
    site.repo:write(PLAN, MINE .. "\n")
  end,
  ["edits a file that the step leaves alone"] = function(site)
    local file <close> = assert(io.open(site.live .. "/m/same.md", "a"))
    file:write(MINE, "\n")
  end,
  ["adds a file"] = function(site)
    site.repo:write(PATH .. "/note.md", MINE .. "\n")
  end,
  ["stages a change and takes it back in the file"] = function(site)
    local before = site.repo:read(PLAN)
    site.repo:write(PLAN, MINE .. "\n")
    site.repo:git("add", PLAN)
    site.repo:write(PLAN, before)
  end,
  ["unstages a file for good"] = function(site)
    site.repo:git("rm", "-q", "--cached", PLAN)
  end,
  ["commits an edit"] = function(site)
    site.repo:write(PLAN, MINE .. "\n")
    site.repo:git("commit", "-q", "-am", "By hand")
  end,
  ["commits something else"] = function(site)
    site.repo:write("other.txt", MINE .. "\n")
    site.repo:git("add", "other.txt")
    site.repo:git("commit", "-q", "-m", "By hand")
  end,
  ["takes the last commit back"] = function(site)
    site.repo:write("other.txt", MINE .. "\n")
    site.repo:git("add", "other.txt")
    site.repo:git("commit", "-q", "-m", "By hand", "--", "other.txt")
    return try(site, "revert", "--no-edit", "HEAD~1")
  end,
  ["checks out another branch"] = function(site)
    site.repo:git("checkout", "-q", "-f", "other")
  end,
  ["makes a branch"] = function(site)
    site.repo:git("switch", "-q", "-c", "side")
  end,
  ["resets"] = function(site)
    site.repo:git("reset", "-q", "--hard")
  end,
  ["resets and cleans"] = function(site)
    site.repo:git("reset", "-q", "--hard")
    site.repo:git("clean", "-qffdx")
  end,
  ["cleans"] = function(site)
    site.repo:git("clean", "-qffdx")
  end,
  ["collects garbage"] = function(site)
    site.repo:git("reflog", "expire", "--expire=now", "--all")
    site.repo:git("gc", "-q", "--prune=now")
  end,
  ["stashes"] = function(site)
    return try(site, "stash", "push", "-q", "--include-untracked", "--", PATH)
  end,
  ["stashes and takes it back"] = function(site)
    return try(site, "stash", "push", "-q", "--include-untracked", "--", PATH)
      and try(site, "stash", "pop", "-q")
  end,
  ["removes the migration"] = function(site)
    sh.check { argv = { "rm", "-rf", site.live .. "/m" } }
  end,
  ["is in a rebase"] = function(site)
    local env = tables.copy({ GIT_SEQUENCE_EDITOR = "sed -i -e 's/^pick/edit/'" }, git.env)
    return sh.run { argv = { "git", "-C", site.path, "rebase", "-q", "-i", "HEAD~1" },
      env = env }.exit == 0
  end,
  ["is in a merge with a conflict in the migration"] = function(site)
    try(site, "merge", "-q", "other")
    return site.repo.dir:exists(".git/MERGE_HEAD")
  end,
}

--- How a person does what a message says, so that the next command goes on.
local function follow(site, message, name)
  if name == "EMERGING" then
    local _ = try(site, "rebase", "--abort") or try(site, "merge", "--abort")
      or try(site, "revert", "--abort")
    return
  end
  local branch = message:match("'git switch ([^']+)'")
  local stash = message:match("'(git stash push [^']+)'")
  local restore = message:match("'git checkout HEAD %-%- ([^']+)'")
  local staged = message:match("'git restore %-%-staged %-%- ([^']+)'")
  if branch and not try(site, "switch", "-q", branch) then
    site.repo:git("stash", "push", "-q", "--include-untracked") -- git asks for it
    site.repo:git("switch", "-q", branch)
  elseif stash then
    sh.check { argv = { "sh", "-c", stash }, cwd = site.path, env = git.env }
  elseif restore then
    site.repo:git("checkout", "-q", "HEAD", "--", restore)
  elseif staged then
    site.repo:git("restore", "--staged", "--", staged)
  else
    assert(branch, "no advice in: " .. message)
  end
end

--- Recovers, doing what messages say, until there is nothing left to do.
local function settle(site)
  for _ = 1, 4 do
    local done, message, name = site:recover("m")
    if done then
      return done
    end
    follow(site, message, name)
  end
  error("recovery never ends: " .. select(2, site:recover("m")))
end

--- All that a person wrote: in files, kept trees, and everything git has.
local function is_kept(site)
  local found = sh.run { argv = { "grep", "-rqF", "--exclude-dir=.git", MINE, site.path,
    site.state.path } }
  if found.exit == 0 then
    return true
  end
  local all = sh.check { argv = { "sh", "-c",
    "git cat-file --batch-check --batch-all-objects | awk '$2 == \"blob\" {print $1}'"
    .. " | git cat-file --batch" }, cwd = site.path, env = git.env }
  return all:find(MINE, 1, true) ~= nil
end

--- The steps' own commits hold nothing but what the steps wrote.
local function check_not_swept(site)
  local ids = site.repo:git("log", "--all", "--format=%H", "--grep=^Publish-Id: ")
  for id in ids:gmatch("%x+") do
    local shown = site.repo:git("show", "--format=", id)
    assert.is_nil(shown:find(MINE, 1, true), "swept into a step's commit: " .. shown)
    for file in site.repo:git("show", "--format=", "--name-only", id):gmatch("[^\n]+") do
      assert.equal(PATH .. "/", file:sub(1, #PATH + 1))
    end
  end
end

local function count_ids(site)
  local seen = {}
  for id in site.repo:git("log", "--format=%B"):gmatch("Publish%-Id: (%x+)") do
    assert.is_nil(seen[id], "published twice: " .. id)
    seen[id] = true
  end
end

--- Whether doing that writes something which must not get lost.
local WORDLESS <const> = {
  ["unstages a file for good"] = true, ["checks out another branch"] = true,
  ["makes a branch"] = true, ["resets"] = true, ["resets and cleans"] = true, ["cleans"] = true,
  ["collects garbage"] = true, ["stashes"] = true,
  ["stashes and takes it back"] = true, ["removes the migration"] = true,
  ["is in a rebase"] = true, ["is in a merge with a conflict in the migration"] = true,
}

local M = {}

M.acts = ACTS

--- What a step makes of the base, as Lua text: another process has to be told.
M.next = NEXT

--- A scratch site whose migration was published once, and is something else on the branch `other`.
---@return spec.Site
function M.site()
  local site = site_support.new()
  site.repo:git("branch", "other")
  site:publish("m", BASE)
  site.repo:git("switch", "-q", "other")
  site.repo:write(PLAN, "another\n")
  site.repo:commit("Another")
  site.repo:git("switch", "-q", "main")
  return site
end

--- The files of a step.
---@return table<string, string>
function M.files()
  return assert(load("return " .. NEXT))()
end

--- Carries a step on from where it is; the first failure ends it, as it does in planning.
---@param step {tx: host.publish.Tx}
---@param from integer  1: the exchange, 2: the commit, 3: the end
---@return true|nil
---@return string? message
---@return string? name
function M.carry_on(step, from)
  local order <const> = { "exchange", "commit", "finish" }
  for i = from, #order do
    local done, message, name = step.tx[order[i]](step.tx)
    if not done then
      getmetatable(step.tx).__close(step.tx)
      return nil, message, name
    end
  end
  return true
end

--- Recovers, doing what messages say until nothing is left to do; then everything that must hold.
---@param site spec.Site
---@param what string  the name of the act
---@param acted boolean  git let them do it
function M.check(site, what, acted)
  settle(site)
  assert.is_true(not acted or WORDLESS[what] or is_kept(site), "what a person wrote is gone")
  check_not_swept(site)
  count_ids(site)
  assert.same({}, site:leftovers())
  site.repo:git("fsck", "--strict")
end

return M
