--- What an earlier process left of a migration, once its lease is ours: finished, continued, or
--- set aside.

local tree = require "host.tree"

local tenancy = require "planning.tenancy"
local workspace = require "planning.workspace"

---@class mighost.Kept an answer of an earlier process
---@field workspace mighost.Workspace|nil nil once it is published
---@field record mighost.Accepted
---@field is_published boolean|nil

local function describe(done)
  local what = done.operation or "a step"
  local kept = done.kept and "; what somebody changed meanwhile is kept in " .. done.kept or ""
  if done.action == "finished" then
    return ("%s of an interrupted process was finished%s"):format(what, kept)
  elseif done.action == "set-aside" then
    return ("%s of an interrupted process no longer fits and is kept in %s"):format(what, done.kept)
  end
  return "what an interrupted process left half-done was removed"
end

local function has_remains(site, slug)
  for _, remains in ipairs(site:remains() or {}) do
    if remains.slug == slug then
      return true
    end
  end
  return false
end

---The right to change the work tree; false when nothing is left, so that it is not needed.
local function take_worktree(site, slug, worktree, notify)
  local opts = { allow_fuse = worktree.config.allow_fuse }
  local tenant, message, name = tenancy.take(worktree, "recover", opts)
  if not tenant and name == "EBUSY" then
    if not has_remains(site, slug) then
      return false
    end
    opts.wait = tenancy.PATIENCE
    tenant, message, name = tenancy.await(worktree, "recover", opts, notify)
  end
  return tenant, message, name
end

local function recover(site, lease, slug, notify)
  local done, message, name, fix = site:recover(lease)
  if not done then
    return nil, message, name, fix
  end
  if done.action ~= "none" then
    notify { kind = "recovered", slug = slug, action = done.action, text = describe(done),
      commit = done.commit }
  end
  if done.action == "finished" and done.workspace then
    return workspace.note_published(done.workspace, done.commit)
  end
  return true
end

local M = {}

---Finishes or undoes the publication that a dead process left.
---@param site host.publish.Site
---@param lease host.publish.Lease
---@param slug string
---@param notify fun(event: table)
---@param worktree? mighost.Project nil: the caller has the right to change the work tree
---@return true|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.settle(site, lease, slug, notify, worktree)
  if not worktree then
    return recover(site, lease, slug, notify)
  end
  local tenant <close>, message, name = take_worktree(site, slug, worktree, notify)
  if tenant == false then
    return true
  elseif not tenant then
    return nil, message, name
  end
  return recover(site, lease, slug, notify)
end

local function set_aside(found, why, notify)
  local path, message, name = workspace.set_aside(found, why)
  if not path then
    return nil, message, name
  end
  notify { kind = "set-aside", slug = found.slug, why = why, path = path }
  return true
end

---Whether a record still fits: "go-on", or "published" if it is already, or why it does not.
local function examine(entry, snapshot)
  local record = entry.record
  if not record then
    return nil, entry.problem
  end
  if record.commit or record.digest == snapshot:digest() then
    return "published"
  end
  -- The same tree in git is the same migration, whatever permission bits a checkout gave it.
  local is_base = record.base_digest == snapshot:digest()
    or record.base_tree ~= "" and record.base_tree == snapshot:tree_id()
  if not is_base then
    return nil, ("the migration is no longer what the accepted answer of %s was made for"):format(
      record.step)
  end
  local digest, message, name = tree.digest(entry.workspace.path)
  if digest == record.digest then
    return "go-on"
  elseif not digest and name ~= "EINVALIDPATH" then
    return nil, message, name
  end
  return nil, ("the files of the accepted answer of %s were changed afterwards"):format(record.step)
end

---Deals with one kept answer: returns it when it has to be published now, or when it is published
---and is exactly what was asked for.
local function take(entry, snapshot, notify, request)
  local verdict, why, name = examine(entry, snapshot)
  if verdict == "go-on" then
    return entry
  elseif verdict == "published" then
    local removed, message, code = workspace.remove(entry.workspace)
    if not removed then
      return nil, message, code
    elseif request and entry.record.request == request then
      return { record = entry.record, is_published = true }
    end
    return false
  elseif name then
    return nil, why, name
  end
  local moved, message, code = set_aside(entry.workspace, why, notify)
  if not moved then
    return nil, message, code
  end
  return false
end

---Looks for an answer that was judged and accepted but not published.  What does not fit any more
---is set
---aside and said so; it is never removed unused.
---@param place string the project's folder in the state directory
---@param slug string
---@param snapshot host.publish.Snapshot
---@param notify fun(event: table)
---@param request? string what is asked for now: an answer to it is returned even if it is published
---@return mighost.Kept|false|nil
---@return string? message
---@return string? NAME
function M.find_accepted(place, slug, snapshot, notify, request)
  local entries, message, name = workspace.list(place, slug)
  if not entries then
    return nil, message, name
  end
  local chosen = false
  for _, entry in ipairs(entries) do
    if entry.record ~= false and not chosen then
      local found, why, code = take(entry, snapshot, notify, request)
      if found == nil then
        return nil, why, code
      end
      chosen = found
    end
  end
  return chosen
end

return M
