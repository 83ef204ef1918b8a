--- Paths by their text alone: nothing here looks at a disk.

local M = {}

---The segments of a path without "." and doubled slashes.
---@param path string
---@return string[]|nil segments nil where one of them is ".."
function M.split(path)
  local segments = {}
  for segment in path:gmatch("[^/]+") do
    if segment == ".." then
      return nil
    elseif segment ~= "." then
      segments[#segments + 1] = segment
    end
  end
  return segments
end

---Whether a path names something beneath the folder that it counts from: it is relative, does not
---go up and is not that folder itself.
---@param path string
---@return boolean
function M.is_inside(path)
  local segments = M.split(path)
  return path:sub(1, 1) ~= "/" and segments ~= nil and #segments > 0
end

---The part of `path` beneath `folder`, both counting from the same place.
---@param path string
---@param folder string
---@return string|nil rest nil where it is elsewhere, is the folder itself, is absolute or goes up
function M.beneath(path, folder)
  local segments, home = M.split(path), M.split(folder)
  if path:sub(1, 1) == "/" or not segments or not home or #segments <= #home then
    return nil
  end
  for index, segment in ipairs(home) do
    if segments[index] ~= segment then
      return nil
    end
  end
  return table.concat(segments, "/", #home + 1)
end

---The same path without "." segments, doubled and trailing slashes; "." when nothing is left. Two
---slashes at the start stay, as POSIX has it.
---@param path string
---@return string
function M.tidy(path)
  local slashes = #path:match("^/*")
  local segments = {}
  for segment in path:gmatch("[^/]+") do
    segments[#segments + 1] = segment ~= "." and segment or nil
  end
  local tidied = (slashes == 2 and "//" or slashes > 0 and "/" or "") .. table.concat(segments, "/")
  return tidied ~= "" and tidied or "."
end

return M
