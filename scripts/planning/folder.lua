--- Folders of mighost's own outside the repository: opened by absolute path, made where they are
--- missing.

local fs = require "host.fs"

local M = {}

---Opens a directory, making it and what is missing above it.  Links above it are the user's
---business.
---@param path string absolute
---@return host.fs.Dir|nil
---@return string? message
---@return string? NAME
function M.open(path)
  local dir, message, name = fs.open_dir(path)
  if dir or name ~= "ENOENT" then
    return dir, message, name
  end
  local above, last = path:match("^(.*)/([^/]+)$")
  if not last then
    return nil, message, name
  end
  local parent <close>, why, code = M.open(above == "" and "/" or above)
  if not parent then
    return nil, why, code
  end
  local made, trouble, errno = parent:mkdir(last)
  if not made then
    return nil, trouble, errno
  end
  return parent:open_dir(last)
end

---Opens a directory that may not be there.
---@param path string absolute
---@return host.fs.Dir|false|nil dir false when it does not exist
---@return string? message
---@return string? NAME
function M.open_if_there(path)
  local dir, message, name = fs.open_dir(path)
  if not dir and name == "ENOENT" then
    return false
  end
  return dir, message, name
end

return M
