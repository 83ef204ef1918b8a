--- What of mighost's own folder for a project a call must not touch: answers that were paid for
--- and wait, and what is kept for a person.  An answer that only an agent says was accepted is put
--- where nothing is published from.

local tree = require "host.tree"

local acceptance = require "planning.acceptance"
local folder = require "project.folder"
local leases = require "planning.leases"
local policy = require "planning.witness_policy"
local workspace = require "planning.workspace"

local LABEL <const> = "mighost's state"
local RECORDS <const> = { acceptance.ACCEPTED, acceptance.PUBLISHED }
local ACCEPTED <const> = { acceptance.ACCEPTED }

---@class mighost.StateWitness
---@field project mighost.Project
---@field place string the project's folder in the state directory
---@field own string|nil the workspace of this call, relative to the place
---@field marks host.tree.Marks
---@field paid table<string, boolean> workspaces that had a record, relative to the place
local Witness <const> = {}
Witness.__index = Witness

local function has_record(place, path, only)
  local dir <close> = folder.open_if_there(place .. "/" .. path)
  for _, name in ipairs(only or RECORDS) do
    if dir and dir:stat(name) then
      return true
    end
  end
  return false
end

---Every workspace there is, relative to the place.
local function list_workspaces(place)
  local found = {}
  local dir <close> = folder.open_if_there(place .. "/work")
  for _, slug in ipairs(dir and dir:list() or {}) do
    for _, token in ipairs(slug.kind == "directory" and dir:list(slug.name) or {}) do
      found[#found + 1] = ("work/%s/%s"):format(slug.name, token.name)
    end
  end
  return found
end

---Whether another process works on the migration of a workspace, under its lease.
local function is_of_others(self, path)
  local slug = path:match("^work/([^/]+)/")
  local is_ours = self.own and self.own:match("^work/([^/]+)") == slug
  return not is_ours and leases.holder(self.project, slug) and true or false
end

---The workspaces that have a record and had none.  One that is only said to be published is
---of no use to anybody unless it is what is published; others publish while this call runs.
local function find_forged(self)
  local forged = {}
  for _, path in ipairs(list_workspaces(self.place)) do
    local is_new = not self.paid[path]
    if is_new and (path == self.own and has_record(self.place, path)
      or has_record(self.place, path, ACCEPTED) and not is_of_others(self, path)) then
      forged[#forged + 1] = path
    end
  end
  return forged
end

---Moves away a record that only the agent can have written.
local function disarm(self, path)
  local slug, token = path:match("^work/([^/]+)/([^/]+)$")
  if path == self.own then
    local dir <close> = folder.open_if_there(self.place .. "/" .. path)
    for _, name in ipairs(RECORDS) do
      if dir and not dir:remove(name) then
        tree.remove(("%s/%s/%s"):format(self.place, path, name))
      end
    end
    return true
  end
  return workspace.set_aside({ place = self.place, slug = slug, token = token },
    "its record was written while an agent was at work, not by mighost") ~= nil
end

---Whether a path is a workspace that was paid for, is in one, or is a folder of such.
local function concerns_paid(self, path)
  for paid in pairs(self.paid) do
    if policy.is_beneath(path, paid) or policy.is_beneath(paid, path) then
      return true
    end
  end
  return false
end

local function is_kept(path)
  return policy.is_beneath(path, "set-aside") or path == "" or path == "work"
end

---What differs now, for messages; forged records are out of the way afterwards.
---@param level mighost.Confinement
---@return { label: string, path: string, how: string, restored: boolean|nil }[]|nil
---@return string? message
---@return string? NAME
function Witness:compare(level)
  local now, message, name = tree.marks(self.place, { skip = self.skip })
  if not now then
    return nil, message, name
  end
  local found = {}
  for _, entry in ipairs(tree.touched(self.marks, now)) do
    local is_watched = concerns_paid(self, entry.path)
      or is_kept(entry.path) and entry.touch ~= "added"
    if is_watched and policy.counts(entry, level) then
      found[#found + 1] = { label = LABEL, path = self.place .. "/" .. entry.path,
        how = policy.describe(entry) }
    end
  end
  for _, path in ipairs(level == "none" and find_forged(self) or {}) do
    found[#found + 1] = { label = LABEL, path = ("%s/%s/accepted"):format(self.place, path),
      how = "added", restored = disarm(self, path) }
  end
  return found
end

local M = {}

---@param project mighost.Project
---@param place string the project's folder in the state directory
---@param allowed string[] absolute folders in which the agent may write
---@return mighost.StateWitness|nil
---@return string? message
---@return string? NAME
function M.take(project, place, allowed)
  local paid, own = {}, nil
  for _, path in ipairs(list_workspaces(place)) do
    paid[path] = has_record(place, path) or nil
  end
  local skip = policy.exceptions(place, allowed)
  for _, path in ipairs(skip) do
    own = path:match("^work/[^/]+/[^/]+") or own
  end
  local marks, message, name = tree.marks(place, { skip = skip })
  if not marks then
    return nil, message, name
  end
  return setmetatable({ project = project, place = place, own = own, marks = marks, paid = paid,
    skip = skip }, Witness)
end

return M
