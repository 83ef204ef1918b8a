--- Whether a repository may have files that project.team would read.  Most have none, and that
--- can be seen without loading anything more.

local fs = require "host.fs"

local FOLDER <const> = ".mighost"
local FOLDERS <const> = { agents = true, lib = true, rules = true, scripts = true, stages = true }
local FOLLOW <const> = { links = "follow" }

local M = {}

--- The folders of `.mighost/` that files are searched in.
---@type table<string, true>
M.folders = FOLDERS

--- Whether there is anything that could be scripts, or that cannot be looked at.
---@param root string
---@param programs table<string, any>   from project.config
---@return boolean
function M.may_bring(root, programs)
  if next(programs) then
    return true
  end
  local dir <close> = fs.open_dir(root)
  local entries, _, name
  if dir then
    entries, _, name = dir:list(FOLDER)
  end
  for _, entry in ipairs(entries or {}) do
    if FOLDERS[entry.name] then
      return true
    end
  end
  return not entries and name ~= "ENOENT"
end

--- Whether there is a folder of command scripts.
---@param root string
---@return boolean
function M.has_scripts(root)
  local dir <close> = fs.open_dir(root)
  return dir ~= nil and dir:stat(FOLDER .. "/scripts", FOLLOW) ~= nil
end

return M
