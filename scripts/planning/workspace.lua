--- The folders in which agents write, and the record that what is in one was accepted.
---
--- work/<slug>/<token>/<slug>/    what the agent sees and writes: the next snapshot
--- work/<slug>/<token>/accepted   its record: judged and accepted, maybe not yet published
--- work/<slug>/<token>/published  its record afterwards: the next step may start from it
--- set-aside/<slug>@<token>/      what could be neither published nor thrown away
---
--- All of it lies beneath a "place": the project's folder in the user's state directory.  A
--- workspace without a record is evidence of a failed step, of which the newest few are kept; an
--- accepted one is paid for and is removed only once it is published; a published one saves the
--- next step the copying.

local fs = require "host.fs"
local sys = require "host.sys"
local tree = require "host.tree"

local acceptance = require "planning.acceptance"
local asides = require "planning.aside"
local folder = require "project.folder"

local TOKEN_BYTES <const> = 16
local KEPT <const> = 20
local DEPTH <const> = 5 -- folders from the state directory down to the one that holds <token>

---@class mighost.Workspace
---@field slug string
---@field token string
---@field place string the project's folder in the state directory
---@field folder string absolute path of `<token>/`
---@field path string absolute path of `<token>/<slug>/`

---@class mighost.WorkspaceEntry
---@field workspace mighost.Workspace
---@field mtime number
---@field record mighost.Accepted|false|nil false without one, nil when it cannot be read
---@field problem string|nil why it cannot be read

local function describe(place, slug, token)
  local home = ("%s/work/%s/%s"):format(place, slug, token)
  return { slug = slug, token = token, place = place, folder = home, path = home .. "/" .. slug }
end

local M = {}

---The folder of a project in the state directory.
---@param state_home string
---@param project_id string
---@return string
function M.place(state_home, project_id)
  return ("%s/projects/%s"):format(state_home, project_id)
end

---Makes the folder of a new workspace; the workspace itself is then copied to its `path`.
---@param place string
---@param slug string
---@return mighost.Workspace|nil
---@return string? message
---@return string? NAME
function M.create(place, slug)
  local workspace = describe(place, slug, sys.random_hex(TOKEN_BYTES))
  local dir <close>, message, name = folder.open(workspace.folder)
  if not dir then
    return nil, ("cannot make a workspace for %s: %s"):format(slug, message), name
  end
  return workspace
end

---Makes the folders durable that lead to a workspace.
local function sync_above(workspace)
  local path = workspace.folder
  for _ = 1, DEPTH do
    path = path:match("^(.*)/[^/]+$")
    local dir <close>, message, name = fs.open_dir(path)
    if not dir then
      return nil, message, name
    end
    local synced, why, code = dir:sync()
    if not synced then
      return nil, why, code
    end
  end
  return true
end

---Makes the workspace and the draft of its record durable.
local function sync_both(dir, workspace)
  local synced, whole, name = tree.sync(workspace.path)
  if not synced or whole then
    return synced, whole, name
  end
  local done, message, code = acceptance.sync(dir)
  return done, message or whole, code
end

---Makes the workspace durable and the record that its content is accepted.  The record is written
---before the sync, so that one sync takes both to the disk, and counts only afterwards.
---@param workspace mighost.Workspace
---@param record mighost.Accepted
---@return true|nil
---@return string? message
---@return string? NAME
function M.accept(workspace, record)
  local dir <close>, message, name = fs.open_dir(workspace.folder)
  if not dir then
    return nil, message, name
  end
  local written, problem, errno = acceptance.draft(dir, record)
  if not written then
    return nil, problem, errno
  end
  local synced, whole, code = sync_both(dir, workspace)
  if not synced then
    acceptance.drop(dir)
    return nil, whole, code
  end
  local confirmed, why, number = acceptance.confirm(dir)
  if not confirmed then
    return nil, why, number
  end
  return whole or sync_above(workspace)
end

local function by_age(a, b)
  if a.mtime ~= b.mtime then
    return a.mtime > b.mtime
  end
  return a.workspace.token < b.workspace.token
end

---Every workspace of a slug, the newest first.
---@param place string
---@param slug string
---@return mighost.WorkspaceEntry[]|nil
---@return string? message
---@return string? NAME
function M.list(place, slug)
  local dir <close>, message, name = folder.open_if_there(("%s/work/%s"):format(place, slug))
  if not dir then
    return dir == false and {} or nil, message, name
  end
  local entries, why, code = dir:list()
  if not entries then
    return nil, why, code
  end
  local found = {}
  for _, entry in ipairs(entries) do
    local info = entry.kind == "directory" and dir:stat(entry.name)
    if info then
      local workspace = describe(place, slug, entry.name)
      local record, problem = acceptance.read(workspace.folder)
      found[#found + 1] = {
        workspace = workspace, mtime = info.mtime, record = record, problem = problem,
      }
    end
  end
  table.sort(found, by_age)
  return found
end

local function names_in(path)
  local dir <close> = folder.open_if_there(path)
  return dir and dir:list() or {}
end

---The slugs that have a workspace with an accepted answer, in byte order.
---@param place string
---@return string[]
function M.slugs_with_answers(place)
  local slugs = {}
  for _, entry in ipairs(names_in(place .. "/work")) do
    for _, found in ipairs(M.list(place, entry.name) or {}) do
      if found.record then
        slugs[#slugs + 1] = entry.name
        break
      end
    end
  end
  return slugs
end

---The folder of a migration's workspaces goes with the last of them.
local function remove_if_last(workspace)
  local above <close> = folder.open_if_there(workspace.place .. "/work")
  if above then
    above:remove(workspace.slug) -- fails while there are others in it
  end
end

---Keeps a workspace for a person where no later step looks for it.
---@param workspace mighost.Workspace
---@param why string
---@return string|nil path where it is now
---@return string? message
---@return string? NAME
function M.set_aside(workspace, why)
  local path, message, name = asides.keep(workspace.place,
    ("work/%s/%s"):format(workspace.slug, workspace.token),
    ("%s@%s"):format(workspace.slug, workspace.token), why)
  if not path then
    return nil, message, name
  end
  remove_if_last(workspace)
  return path
end

---Removes a workspace and its record: the record first, so that a half-removed one is never gone on
---from.
---@param workspace mighost.Workspace
---@return true|nil
---@return string? message
---@return string? NAME
function M.remove(workspace)
  local dir <close>, message, name = folder.open_if_there(workspace.folder)
  if not dir then
    return dir == false or nil, message, name
  end
  local gone, why, code = dir:remove(acceptance.ACCEPTED)
  if not gone then
    return nil, why, code
  end
  local removed, trouble, errno = tree.remove(workspace.folder)
  if not removed then
    return nil, trouble, errno
  end
  remove_if_last(workspace)
  return true
end

---Notes in the record that an answer is published, so that nobody publishes it again whatever the
---migration is by now.
---@param path string of the workspace
---@param oid string the commit
---@return true|nil
---@return string? message
---@return string? NAME
function M.note_published(path, oid)
  local dir <close>, message, name = folder.open_if_there((path:gsub("/[^/]*$", "")))
  if not dir then
    return dir == false or nil, message, name
  end
  return acceptance.note_commit(dir, oid)
end

---Marks a workspace as published: what it holds is what is live.
---@param workspace mighost.Workspace
---@return true|nil
---@return string? message
---@return string? NAME
function M.rest(workspace)
  local dir <close>, message, name = fs.open_dir(workspace.folder)
  if not dir then
    return nil, message, name
  end
  return dir:rename(acceptance.ACCEPTED, acceptance.PUBLISHED)
end

---Gives a published workspace a new token for the next step; removes older remains of it.
local function renew(workspace)
  local token = sys.random_hex(TOKEN_BYTES)
  local above <close>, message, name = fs.open_dir(workspace.folder:match("^(.*)/[^/]+$"))
  if not above then
    return nil, message, name
  end
  local moved, why, code = above:rename(workspace.token, token)
  if not moved then
    return nil, why, code
  end
  local unmarked, problem, errno = above:remove(token .. "/" .. acceptance.PUBLISHED)
  if not unmarked then
    return nil, problem, errno
  end
  return describe(workspace.place, workspace.slug, token)
end

---Takes the newest published workspace for the next step; who uses it brings it up to date first.
---Other published ones are no longer needed and are removed.
---@param place string
---@param slug string
---@return mighost.Workspace|false|nil
---@return string? message
---@return string? NAME
function M.wake(place, slug)
  local entries, message, name = M.list(place, slug)
  if not entries then
    return nil, message, name
  end
  local woken = false
  for _, entry in ipairs(entries) do
    if entry.record == false
      and acceptance.read(entry.workspace.folder, acceptance.PUBLISHED) then
      if woken then
        tree.remove(entry.workspace.folder)
      else
        woken = entry.workspace
      end
    end
  end
  if not woken then
    return false
  end
  return renew(woken)
end

---What may be removed when there is too much: nothing that was accepted but never published.
local function leftovers(place)
  local found = {}
  for _, slug in ipairs(names_in(place .. "/work")) do
    for _, entry in ipairs(M.list(place, slug.name) or {}) do
      if entry.record == false then
        found[#found + 1] = { path = entry.workspace.folder, mtime = entry.mtime, slug = slug.name }
      end
    end
  end
  for _, aside in ipairs(asides.list(place) or {}) do
    if not aside.has_answer then
      found[#found + 1] = { path = aside.path, mtime = aside.time, aside = aside }
    end
  end
  return found
end

---Removes all but the newest failed workspaces and set-asides of a project.
---@param place string
---@param take_lease fun(slug: string): host.publish.Lease|nil of a migration that nobody works on
function M.prune(place, take_lease)
  local found = leftovers(place)
  table.sort(found, function(a, b)
    if a.mtime ~= b.mtime then
      return a.mtime > b.mtime
    end
    return a.path < b.path
  end)
  for index = KEPT + 1, #found do
    local entry = found[index]
    local lease <close> = entry.slug and take_lease(entry.slug) or nil
    if entry.aside then
      asides.remove(entry.aside)
    elseif lease then
      tree.remove(entry.path)
    end
  end
end

return M
