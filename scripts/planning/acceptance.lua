--- The record beside a workspace that says that its content was judged and accepted, as which step,
--- and whether it is published by now.

local fs = require "host.fs"

local json = require "lib.json"
local tables = require "lib.tables"

local ACCEPTED <const> = "accepted"
local DRAFT <const> = ".accepting" -- no migration has a name like this
local PUBLISHED <const> = "published"
local SCHEMA <const> = 1
local FIELDS <const> = {
  "slug", "step", "outcome", "cursor", "stands", "summary", "base_digest", "base_tree", "digest",
  "operation", "message",
}

---@class mighost.Accepted what a judged and accepted answer needs to be published
---@field slug string
---@field step string
---@field outcome string
---@field cursor string where the accepted state stands
---@field stands "planning"|"ready"|"awaiting-human"|"skipped" the same for people
---@field summary string one line for people
---@field base_digest string snapshot digest of the migration that the agent started from
---@field base_tree string its git tree, "" when the migration did not exist
---@field digest string snapshot digest of the workspace
---@field operation string e.g. "planning.expand"
---@field message string commit message
---@field request string|nil what it was asked for with, where that was more than the next step
---@field commit string|nil that published it, where recovery found out

local M = { ACCEPTED = ACCEPTED, PUBLISHED = PUBLISHED }

---Writes the record without making it durable.  Nobody takes it for one before `confirm`; what
---stands in its place goes.
---@param dir host.fs.Dir the folder of the workspace
---@param record mighost.Accepted
---@return true|nil
---@return string? message
---@return string? NAME
function M.draft(dir, record)
  local cleared, message, name = dir:remove(ACCEPTED)
  if not cleared then
    return nil, message, name
  end
  return dir:write(DRAFT, json.encode(tables.copy({ schema = SCHEMA }, record)) .. "\n",
    { durable = false })
end

---Makes the draft durable, where no sync of the whole file system does.
---@param dir host.fs.Dir the folder of the workspace
---@return true|nil
---@return string? message
---@return string? NAME
function M.sync(dir)
  return dir:sync(DRAFT)
end

---Gives up a draft.
---@param dir host.fs.Dir the folder of the workspace
function M.drop(dir)
  dir:remove(DRAFT)
end

---Makes the draft, which is durable by now, the record.
---@param dir host.fs.Dir the folder of the workspace
---@return true|nil
---@return string? message
---@return string? NAME
function M.confirm(dir)
  local renamed, message, name = dir:rename(DRAFT, ACCEPTED)
  if not renamed then
    return nil, message, name
  end
  return dir:sync()
end

---@param folder string the folder of the workspace
---@param file? string default: the record of what may still have to be published
---@return mighost.Accepted|false|nil record false where there is none
---@return string? message
function M.read(folder, file)
  file = file or ACCEPTED
  local dir <close>, message = fs.open_dir(folder)
  if not dir then
    return nil, message
  end
  local text, why, name = dir:read(file)
  if name == "ENOENT" then
    return false
  elseif not text then
    return nil, why
  end
  local record, problem = json.decode(text)
  if type(record) ~= "table" or record.schema ~= SCHEMA then
    return nil, ("%s/%s cannot be read: %s"):format(folder, file, problem or "unknown schema")
  end
  for _, field in ipairs(FIELDS) do
    if type(record[field]) ~= "string" then
      return nil, ("%s/%s cannot be read: no %s"):format(folder, file, field)
    end
  end
  return record
end

---Notes which commit published an answer, so that nobody publishes it again whatever the migration
---is by now.
---@param dir host.fs.Dir the folder of the workspace
---@param oid string the commit
---@return true|nil
---@return string? message
---@return string? NAME
function M.note_commit(dir, oid)
  local source, why, code = dir:read(ACCEPTED)
  local record = source and json.decode(source)
  if type(record) ~= "table" then
    return (source or code == "ENOENT") and true or nil, why, code
  end
  record.commit = oid
  return dir:write(ACCEPTED, json.encode(record) .. "\n")
end

return M
