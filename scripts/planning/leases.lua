--- Who works on which migration now: read-only, for choosing and for clearing up.

local lock = require "host.lock"

local folder = require "project.folder"

local M = {}

---The text that the holder of a migration's lease left for people; false when nobody holds it.
---@param project { common: string }
---@param slug string
---@return string|false
function M.holder(project, slug)
  local dir <close> = folder.open_if_there(project.common .. "/mighost/leases")
  return dir and lock.holder(dir, slug .. ".lock") or false
end

return M
