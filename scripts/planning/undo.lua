--- Publishes an earlier accepted snapshot of a migration as a new one: history is never rewritten.

local repos = require "host.repo"
local fs = require "host.fs"
local tree = require "host.tree"

local accept = require "planning.accept"
local attributes = require "planning.attributes"
local commit = require "planning.commit"
local git = require "planning.git"
local older = require "planning.older"
local preflight = require "planning.preflight"
local quote = require "lib.quote"
local recover = require "planning.recover"
local registry = require "planning.registry"
local settings = require "planning.settings"
local snapshots = require "planning.snapshots"
local trust = require "project.trust"
local workspace = require "planning.workspace"

local SHORT_ID <const> = 7
local OPERATION <const> = "undo"
local MODE <const> = "planning-snapshot"

---@class mighost.UndoOptions
---@field slug string
---@field to string|nil a step, or a commit
---@field dry_run boolean|nil
---@field on_event fun(event: table)

---@class mighost.Undone
---@field slug string
---@field step string of the snapshot that is live now
---@field from string its commit
---@field commit string|nil that published it; nil in a dry run, or when it was live already
---@field undone string[] what was published since, the newest first
---@field by_hand integer how many commits of people are undone with it

local function describe(slug, list, target)
  local undone = {}
  for _, snapshot in ipairs(list) do
    if snapshot.index < target.index then
      undone[#undone + 1] = (snapshot.is_undo and "undo/" or "") .. snapshot.step
    end
  end
  return { slug = slug, step = target.step, from = target.oid, undone = undone,
    by_hand = target.index - 1 - #undone }
end

local function message_for(prefix, undone)
  local why = ("back to %s"):format(undone.from:sub(1, SHORT_ID))
  if #undone.undone > 0 then
    why = why .. ", without " .. table.concat(undone.undone, ", ")
  end
  return ("%s: undo/%s/%s\n\nWhy:\n%s\n"):format(prefix, undone.slug, undone.step, why)
end

---What the repository and the migration must be like, before anything is written.
local function check(project, repo, slug)
  local checks = {
    function() return preflight.check_repository(repo) end,
    function() return preflight.check_live(project) end,
    function() return attributes.check(project, slug) end,
    function() return older.check(project.live_path, slug) end,
  }
  for _, each in ipairs(checks) do
    local ok, message, name, fix = each()
    if not ok then
      return nil, message, name, fix
    end
  end
  return true
end

local function find_target(project, repo, slug, to)
  local path = ("%s/%s"):format(project.git_live, slug)
  local list, message, name = snapshots.list(repo, path, slug)
  if not list then
    return nil, message, name
  end
  local target, why, code, fix = snapshots.choose(list, slug, to)
  if not target then
    return nil, why, code, fix
  end
  return describe(slug, list, target)
end

---A workspace that holds what a commit has of the migration.
local function fill(project, repo, place, undone)
  local space, message, name = workspace.create(place, undone.slug)
  if not space then
    return nil, message, name
  end
  local path = ("%s/%s"):format(project.git_live, undone.slug)
  local written, why, code = repo:export(path, undone.from, space.path)
  if not written then
    workspace.remove(space)
    return nil, why, code
  end
  return space
end

local function checker(project, slug)
  local reg = registry.new(project)
  return function(path, staged)
    local dir <close>, message, name = fs.open_dir(path)
    if not dir then
      return nil, message, name
    end
    return accept.check_rules(reg, dir, { slug = slug, mode = MODE, staged = staged,
      published = ("%s/%s"):format(project.live, slug) })
  end
end

---Publishes the snapshot; the lease is held.
local function publish(project, repo, held, undone)
  local space, message, name = fill(project, repo,
    workspace.place(project.state_home, held.site:project_id()), undone)
  if not space then
    return nil, message, name
  end
  local digest, why, code = tree.digest(space.path)
  local oid, fix
  if digest then
    oid, why, code, fix = commit.publish(held.site, held.lease, held.snapshot, {
      workspace = space,
      record = { digest = digest, operation = "undo." .. undone.step,
        message = message_for(settings.prefix(project.config), undone) },
      live = ("%s/%s"):format(project.live_path, undone.slug),
    }, { check = checker(project, undone.slug), on_commit = function() end })
  end
  workspace.remove(space) -- it is in history anyway
  return oid, why, code, fix
end

local function carry_out(project, repo, site, undone, opts)
  local lease <close>, busy, held = site:lease(undone.slug, OPERATION)
  if not lease then
    return nil, busy, held
  end
  local settled, left, code, fix = recover.settle(site, lease, undone.slug, opts.on_event)
  if not settled then
    return nil, left, code, fix
  end
  local snapshot, message, name = site:snapshot(lease)
  if not snapshot then
    return nil, message, name
  end
  -- Recovery may have finished a step just now, of which nobody knew who asked to go back.
  local now = find_target(project, repo, undone.slug, opts.to)
  if not now or now.from ~= undone.from then
    return nil, ("%s was published meanwhile"):format(undone.slug), "ESTALE",
      "mighost migration show " .. quote.word(undone.slug)
  end
  local path = ("%s/%s"):format(project.git_live, undone.slug)
  if repo:tree_id(path, undone.from) == snapshot:tree_id() then
    return undone
  end
  local why, errno, advice
  undone.commit, why, errno, advice = publish(project, repo,
    { site = site, lease = lease, snapshot = snapshot }, undone)
  return undone.commit and undone, why, errno, advice
end

---A dry run's look at what `site:snapshot` would refuse.
local function check_clean(project, slug)
  local path = ("%s/%s"):format(project.git_live, slug)
  local clean, message, name = git.is_clean(project.worktree, { path })
  if clean == false then
    return nil, ("%s has changes that are not committed"):format(path), "EDIRTY",
      "git status " .. quote.word(path)
  end
  return clean, message, name
end

local M = {}

---Goes back to an earlier accepted snapshot.
---@param project mighost.Project
---@param opts mighost.UndoOptions
---@return mighost.Undone|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.undo(project, opts)
  local trusted, doubt, kind, advice = trust.check(project)
  if not trusted then
    return nil, doubt, kind, advice
  end
  local repo <close>, message, name, fix = repos.open(project.worktree)
  if not repo then
    return nil, message, name, fix
  end
  local ok, why, code, help = check(project, repo, opts.slug)
  local undone
  if ok then
    undone, why, code, help = find_target(project, repo, opts.slug, opts.to)
  end
  if undone and opts.dry_run then
    ok, why, code, help = check_clean(project, opts.slug)
    return ok and undone or nil, why, code, help
  elseif not undone then
    return nil, why, code, help
  end
  local site <close>, problem, errno, way = commit.open(project, repo)
  if not site then
    return nil, problem, errno, way
  end
  return carry_out(project, repo, site, undone, opts)
end

return M
