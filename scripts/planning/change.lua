--- A change to one migration made without an agent, published in the same transaction as an
--- accepted step: going back to an earlier snapshot, a script's own edit.

local fs = require "host.fs"
local repos = require "host.repo"
local tree = require "host.tree"

local accept = require "planning.accept"
local attributes = require "planning.attributes"
local commit = require "planning.commit"
local manifests = require "migration.manifest"
local older = require "planning.older"
local preflight = require "planning.preflight"
local quote = require "lib.quote"
local recover = require "planning.recover"
local registry = require "planning.registry"
local trust = require "project.trust"
local workspace = require "planning.workspace"

local EXECUTABLE <const> = { ready = true, ["in-progress"] = true }

---@class mighost.Change
---@field slug string
---@field operation string      one word, which others read in the lease
---@field label string|nil      what the journal says; the operation by default
---@field message string        of the commit; the trailer that identifies it is added
---@field mode string|nil       of the rules; by default what the changed manifest's status asks for
---@field on_event fun(event: table)
---@field decide (fun(snapshot: host.publish.Snapshot): boolean|nil, string|nil, string|nil,
---  string|nil)|nil             asked before anything is written; false: there is nothing to do
---@field fill fun(path: string, snapshot: host.publish.Snapshot): boolean|nil, string|nil,
---  string|nil                  makes the directory at `path`, which does not exist, the migration

local M = {}

---Checks the repository and the migration before anything is written.
---@param project mighost.Project
---@param repo host.repo.Repo
---@param slug string
---@return true|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.check(project, repo, slug)
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

---The rules' mode for a plan with this status.
local function mode_of(dir)
  local manifest = manifests.load(dir)
  return manifest and EXECUTABLE[manifest.status] and "ready-publish" or "planning-snapshot"
end

local function checker(project, change)
  local reg = registry.new(project)
  return function(path, staged)
    local dir <close>, message, name = fs.open_dir(path)
    if not dir then
      return nil, message, name
    end
    return accept.check_rules(reg, dir, { slug = change.slug, mode = change.mode or mode_of(dir),
      staged = staged, published = ("%s/%s"):format(project.live, change.slug) })
  end
end

---Publishes the workspace; false when it equals what is live.
local function publish_workspace(project, site, lease, snapshot, space, change)
  local digest, message, name = tree.digest(space.path)
  if not digest then
    return nil, message, name
  elseif digest == snapshot:digest() then
    return false
  end
  return commit.publish(site, lease, snapshot, {
    workspace = space,
    record = { digest = digest, operation = change.label or change.operation,
      message = change.message },
    live = ("%s/%s"):format(project.live_path, change.slug),
    worktree = project,
  }, { check = checker(project, change), on_commit = function() end, notify = change.on_event })
end

local function make(project, site, lease, snapshot, change)
  local place = workspace.place(project.state_home, site:project_id())
  local space, message, name = workspace.create(place, change.slug)
  if not space then
    return nil, message, name
  end
  local _ <close> = setmetatable({}, { __close = function() -- it can be made again
    workspace.remove(space)
  end })
  local filled, why, code = change.fill(space.path, snapshot)
  if not filled then
    return nil, why, code
  end
  return publish_workspace(project, site, lease, snapshot, space, change)
end

local function carry_out(project, site, change)
  local lease <close>, busy, held, wait = site:lease(change.slug, change.operation)
  if not lease then
    return nil, busy, held, wait
  end
  local settled, left, code, fix =
    recover.settle(site, lease, change.slug, change.on_event, project)
  if not settled then
    return nil, left, code, fix
  end
  local snapshot, message, name = site:snapshot(lease)
  if not snapshot then
    return nil, message, name, name == "EDIRTY"
      and "git status " .. quote.word(("%s/%s"):format(project.live, change.slug)) or nil
  end
  if change.decide then
    local wanted, why, errno, advice = change.decide(snapshot)
    if not wanted then
      return wanted, why, errno, advice
    end
  end
  return make(project, site, lease, snapshot, change)
end

---Publishes a change.
---@param project mighost.Project
---@param repo host.repo.Repo
---@param change mighost.Change
---@return string|false|nil commit false where nothing changed
---@return string? message
---@return string? NAME
---@return string? fix
function M.publish(project, repo, change)
  local site <close>, message, name, fix = commit.open(project, repo)
  if not site then
    return nil, message, name, fix
  end
  return carry_out(project, site, change)
end

---Opens a project's repository, for reading.
---@param project mighost.Project
---@return host.repo.Repo|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.repository(project)
  return repos.open(project.worktree)
end

---Opens the repository of a project whose scripts are trusted.
---@param project mighost.Project
---@return host.repo.Repo|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.open(project)
  local trusted, message, name, fix = trust.check(project)
  if not trusted then
    return nil, message, name, fix
  end
  return repos.open(project.worktree)
end

return M
