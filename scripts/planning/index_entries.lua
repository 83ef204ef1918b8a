--- What git's index says, without what it only remembers of files' times: `git status` may write
--- the index anew at any time, and nothing has changed.

local tables = require "lib.tables"

local HEADER <const> = 12
local STAT <const> = 24 -- bytes before the mode: times, device, inode
local SMALLEST <const> = 64 -- of an entry, with its second flags
local EXTENDED <const> = 0x4000
local LASTING <const> = 0xB000 -- of the flags: assume-valid, stage
local CHECKSUM <const> = 20
local SPLIT <const> = "link" -- an index whose entries are partly in another file

---One number of version 4: how many bytes of the path before are dropped.
local function varint(bytes, at)
  local byte = bytes:byte(at) or 0
  local value = byte & 127
  while byte & 128 ~= 0 do
    at = at + 1
    byte = bytes:byte(at) or 0
    value = (value + 1) << 7 | byte & 127
  end
  return value, at + 1
end

---The path of an entry, and where the next entry begins.
local function read_path(bytes, begin, at, version, before)
  if version == 4 then
    local dropped
    dropped, at = varint(bytes, at)
    local rest = bytes:match("^[^\0]*", at) or ""
    return before:sub(1, #before - dropped) .. rest, at + #rest + 1
  end
  local path = bytes:match("^[^\0]*", at) or ""
  local length = at + #path - begin
  return path, begin + length + 8 - length % 8
end

local function has_extension(bytes, at, wanted)
  while at + 8 <= #bytes - CHECKSUM do
    local name, size = string.unpack(">c4I4", bytes, at)
    if name == wanted then
      return true
    end
    at = at + 8 + size
  end
  return false
end

local M = {}

---@param bytes string
---@return table<string, string>|nil entries what is staged, by path and stage; nil: cannot be told
function M.read(bytes)
  if #bytes < HEADER + CHECKSUM or bytes:sub(1, 4) ~= "DIRC" then
    return nil
  end
  local version, count = string.unpack(">I4I4", bytes, 5)
  local entries, at, path = {}, HEADER + 1, ""
  if version < 2 or version > 4 then
    return nil
  end
  for _ = 1, count do
    if at + SMALLEST > #bytes then
      return nil
    end
    local mode, oid, flags, next_at = string.unpack(">I4xxxxxxxxxxxxc20I2", bytes, at + STAT)
    local more = 0
    if flags & EXTENDED ~= 0 then
      more, next_at = string.unpack(">I2", bytes, next_at)
    end
    path, at = read_path(bytes, at, next_at, version, path)
    entries[("%s\0%d"):format(path, flags >> 12 & 3)] =
      ("%o %s %d %d"):format(mode, oid, flags & LASTING, more)
  end
  return not has_extension(bytes, at, SPLIT) and entries or nil
end

---The paths that two indexes disagree about, sorted; nil where that cannot be told.
---@param before string bytes
---@param after string bytes
---@return string[]|nil
function M.compare(before, after)
  local old, new = M.read(before), M.read(after)
  if not old or not new then
    return nil
  end
  local found = {}
  for key, value in pairs(old) do
    if new[key] ~= value then
      found[key:match("^[^\0]*")] = true
    end
  end
  for key in pairs(new) do
    if not old[key] then
      found[key:match("^[^\0]*")] = true
    end
  end
  return tables.sorted_keys(found)
end

return M
