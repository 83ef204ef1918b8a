--- Paths beneath the project's root, as people write them.

local M = {}

--- The plain form of a relative path: no `.` segments, no doubled or trailing slashes.
---@param path string
---@return string? normal, string? why   why: "is empty", …
function M.normalize(path)
  if path:sub(1, 1) == "/" then
    return nil, "is absolute"
  elseif path:find("%c") then
    return nil, "has control characters"
  end
  local segments = {}
  for segment in path:gmatch("[^/]+") do
    if segment == ".." then
      return nil, "has .."
    elseif segment ~= "." then
      table.insert(segments, segment)
    end
  end
  if #segments == 0 then
    return nil, "is empty"
  end
  return table.concat(segments, "/")
end

--- An absolute path relative to a directory that it lies in; nil when it does not, or is relative.
---@param base string   absolute, plain
---@param path string
---@return string?
function M.beneath(base, path)
  local prefix = base == "/" and "/" or base .. "/"
  if path == base then
    return "."
  elseif path:sub(1, #prefix) == prefix then
    return path:sub(#prefix + 1)
  end
end

--- Whether a plain relative path is `folder` or lies beneath it.
---@param path string
---@param folder string
---@return boolean
function M.is_beneath(path, folder)
  return path == folder or path:sub(1, #folder + 1) == folder .. "/"
end

return M
