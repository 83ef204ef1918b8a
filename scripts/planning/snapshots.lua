--- What was published of a migration, as git's history tells it: one commit with a Publish-Id each.

local quote = require "lib.quote"

local COMMITS <const> = 10000 -- of one migration that are looked through
local SHORTEST_ID <const> = 4
local UNDO <const> = "undo"
local REVIEW <const> = "human-review" -- a person's, which is not a stage

---@class mighost.AcceptedSnapshot one publication of a migration
---@field oid string its commit
---@field step string
---@field is_undo boolean
---@field time integer seconds since 1970
---@field offset integer minutes east of UTC
---@field index integer its place among the commits that changed the migration, the newest is 1

---The step that a commit's subject says was published; nil for a commit of anybody else.
local function parse(slug, found)
  if not found.body:find("Publish%-Id: %x+") then
    return nil
  end
  local name = slug:gsub("%p", "%%%0")
  local kind, step = found.subject:match(": (%l+)/" .. name .. "/(%S+)$")
  if found.subject:find(": review/" .. name .. "$") then
    step = REVIEW
  end
  return step, kind == UNDO
end

---The newest acceptance of a step before the snapshot that is published now.
local function find_step(snapshots, step)
  for index = 2, #snapshots do
    if snapshots[index].step == step and not snapshots[index].is_undo then
      return snapshots[index]
    end
  end
end

local function find_commit(snapshots, word)
  local found
  if #word < SHORTEST_ID or not word:find("^%x+$") then
    return nil
  end
  for _, snapshot in ipairs(snapshots) do
    if snapshot.oid:sub(1, #word) == word:lower() then
      if found then
        return nil
      end
      found = snapshot
    end
  end
  return found
end

local function names_of(snapshots)
  local names, seen = {}, {}
  for index = 2, #snapshots do
    local step = snapshots[index].step
    if not seen[step] and not snapshots[index].is_undo then
      seen[step] = true
      names[#names + 1] = step
    end
  end
  return #names > 0 and table.concat(names, ", ") or "none"
end

local M = {}

---Every publication of a migration, the newest first.
---@param repo host.repo.Repo
---@param path string relative to the work tree
---@param slug string
---@return mighost.AcceptedSnapshot[]|nil
---@return string? message
---@return string? NAME
function M.list(repo, path, slug)
  local commits, message, name = repo:history(path, COMMITS)
  if not commits then
    return nil, message, name
  end
  local snapshots = {}
  for index, found in ipairs(commits) do
    local step, is_undo = parse(slug, found)
    if step then
      snapshots[#snapshots + 1] = { oid = found.oid, step = step, is_undo = is_undo,
        time = found.time, offset = found.offset, index = index }
    end
  end
  return snapshots
end

---The snapshot to go back to: the one before the newest, the newest acceptance of a step before
---that, or a commit.
---@param snapshots mighost.AcceptedSnapshot[]
---@param slug string
---@param to string|nil a step, or a commit
---@return mighost.AcceptedSnapshot|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.choose(snapshots, slug, to)
  if not to then
    if snapshots[2] then
      return snapshots[2]
    end
    return nil, ("%s has %s accepted snapshot: there is nothing to go back to"):format(slug,
      #snapshots == 0 and "no" or "one"), "EUSAGE", "mighost migration show " .. quote.word(slug)
  end
  local found = find_step(snapshots, to) or find_commit(snapshots, to)
  if found then
    return found
  end
  return nil, ("'%s' is neither an earlier accepted step of %s nor its commit; there are: %s")
    :format(to, slug, names_of(snapshots)), "EUSAGE",
    "mighost migration show " .. quote.word(slug)
end

return M
