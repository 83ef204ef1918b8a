--- A map of texts as one text and back: every map has exactly one such text, every byte may occur.

local tables = require "lib.tables"

local MARK <const> = "pack 1\n"

local M = {}

---@param map table<string, string>
---@return string
function M.encode(map)
  local pieces = { MARK }
  for _, name in ipairs(tables.sorted_keys(map)) do
    pieces[#pieces + 1] = ("%d %d\n%s\n%s\n"):format(#name, #map[name], name, map[name])
  end
  return table.concat(pieces)
end

---@param packed string
---@return table<string, string>? map  nil for anything that `encode` does not give
function M.decode(packed)
  if packed:sub(1, #MARK) ~= MARK then
    return nil
  end
  local map, pos = {}, #MARK + 1
  while pos <= #packed do
    local name_size, text_size, after = packed:match("^(%d+) (%d+)\n()", pos)
    if not after or #name_size > 10 or #text_size > 10 then
      return nil
    end
    local name_end = after + math.tointeger(name_size)
    local text_end = name_end + 1 + math.tointeger(text_size)
    map[packed:sub(after, name_end - 1)] = packed:sub(name_end + 1, text_end - 1)
    pos = text_end + 1
  end
  return M.encode(map) == packed and map or nil
end

return M
