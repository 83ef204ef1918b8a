--- Folders of mighost's own outside the repository, made where they are missing.

local fs = require "host.fs"

local M = {}

--- Opens a directory, making it and what is missing above it.  Links above it are the user's.
---@param path string   absolute
---@return host.fs.Dir? dir, string? message, string? name
function M.open(path)
  local dir, message, name = fs.open_dir(path)
  if dir or name ~= "ENOENT" then
    return dir, message, name
  end
  local above, last = path:match("^(.*)/([^/]+)$")
  if not last then
    return nil, message, name
  end
  local parent <close>, why, errno = M.open(above == "" and "/" or above)
  if not parent then
    return nil, why, errno
  end
  local made, trouble, code = parent:mkdir(last)
  if not made then
    return nil, trouble, code
  end
  return parent:open_dir(last)
end

--- Opens a directory that may not be there.
---@param path string   absolute
---@return host.fs.Dir|false|nil dir, string? message, string? name   false: it does not exist
function M.open_if_there(path)
  local dir, message, name = fs.open_dir(path)
  if not dir and name == "ENOENT" then
    return false
  end
  return dir, message, name
end

return M
