--- The record of the action under way in a work tree, from which the next run goes on after a
--- crash: one file in git's common directory, whole at every instant.
---
---   executing   the agent or a check works; everything is to be put back
---   answered    the agent is done, its change is a tree in git: only the validation is repeated
---   validated   the change is green: only the commit is missing
---   committed   only clearing up is missing

local json = require "lib.json"

local folder = require "project.folder"
local tables = require "lib.tables"
local tenancy = require "planning.tenancy"

local FOLDER <const> = "mighost"
local SCHEMA <const> = 1
local STAGES <const> = { executing = true, answered = true, validated = true, committed = true }

---@class mighost.Journal
---@field stage "executing"|"answered"|"validated"|"committed"
---@field kind "phase"|"refactor"
---@field slug string|nil   of a phase
---@field phase string|nil  its file
---@field target string     for people
---@field branch string     full name
---@field head string       the commit before
---@field run string        id of the run
---@field tree string|nil   once answered: the change, as a tree of git's
---@field status table|nil  likewise: what the agent said of it
---@field message string|nil once validated: of the commit
---@field commit string|nil once committed

local function file_of(place)
  return ("action-%s.json"):format(tenancy.name(place))
end

local M = {}

---@param place mighost.TenancyPlace
---@param entry mighost.Journal
---@return true|nil
---@return string? message
---@return string? NAME
function M.write(place, entry)
  assert(STAGES[entry.stage], "unknown stage")
  local dir <close>, message, name = folder.open(("%s/%s"):format(place.common, FOLDER))
  if not dir then
    return nil, message, name
  end
  local fields = tables.copy({ schema = SCHEMA }, entry)
  return dir:write(file_of(place), json.encode(fields) .. "\n")
end

---@param place mighost.TenancyPlace
---@return mighost.Journal|false|nil entry false where no action is under way
---@return string? message
---@return string? NAME ECORRUPT
function M.read(place)
  local dir <close>, message, name =
    folder.open_if_there(("%s/%s"):format(place.common, FOLDER))
  if not dir then
    return dir, message, name
  end
  local text, why, code = dir:read(file_of(place))
  if not text then
    if code == "ENOENT" then
      return false
    end
    return nil, why, code
  end
  local entry = json.decode(text)
  local is_whole = type(entry) == "table" and entry.schema == SCHEMA and STAGES[entry.stage]
    and type(entry.head) == "string" and type(entry.branch) == "string"
  if not is_whole then
    return nil, ("%s/%s cannot be understood"):format(dir:path(), file_of(place)), "ECORRUPT"
  end
  return entry
end

---When it was last written, in seconds since 1970; 0 where there is none.
---@param place mighost.TenancyPlace
---@return number
function M.time(place)
  local dir <close> = folder.open_if_there(("%s/%s"):format(place.common, FOLDER))
  local info = dir and dir:stat(file_of(place))
  return info and info.mtime or 0
end

---@param place mighost.TenancyPlace
---@return true|nil
---@return string? message
---@return string? NAME
function M.remove(place)
  local dir <close>, message, name =
    folder.open_if_there(("%s/%s"):format(place.common, FOLDER))
  if not dir then
    return dir == false or nil, message, name
  end
  local removed, why, code = dir:remove(file_of(place))
  if removed then
    removed, why, code = dir:sync()
  end
  return removed, why, code
end

return M
