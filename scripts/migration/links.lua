--- Where a path inside a migration leads once symbolic links are followed.

local M = {}

---The properties of what a path leads to, as long as that is inside the directory.
---@param dir host.fs.Dir
---@param path string
---@return host.fs.Stat|nil
---@return string|nil NAME EXDEV when it leads outside
function M.stat(dir, path)
  local found, _, name = dir:stat(path, { links = "inside" })
  if found or name ~= "EXDEV" then
    return found, name
  end
  local inside = dir:real(path) -- an absolute link may lead out and back in
  if not inside then
    return nil, name
  end
  return dir:stat(inside)
end

return M
