--- Keys of a JSON file that its program writes all the time, of which only some are a person's
--- settings: those are put back, everything else is left as it is now.

local fs = require "host.fs"
local sys = require "host.sys"

local strict = require "lib.strict"
local tables = require "lib.tables"

local LIMIT <const> = { max = 64 << 20, links = "follow" }
local ANY <const> = "*" -- every key of an object

---@class mighost.SettingsKeys
---@field path string absolute; a JSON file
---@field keys string[][] where the settings are, key by key; "*" for every key of an object

local function read(path)
  local dir <close> = fs.open_dir(path:match("^(.*)/[^/]+$") or "/")
  return dir and dir:read(path:match("[^/]+$"), LIMIT) or nil
end

---The object that a text is; nil for any other text.
local function decode(source)
  local document = source and strict.decode(source)
  return strict.is_object(document) and document or nil
end

local function is_empty(value)
  return value == nil or value == strict.null
    or (strict.is_object(value) or strict.is_array(value)) and next(value) == nil
end

---Calls `visit` with each object that holds the last key of a path.
local function each(document, way, visit, depth)
  depth = depth or 1
  if not strict.is_object(document) then
    return
  elseif depth == #way then
    return visit(document, way[depth])
  elseif way[depth] ~= ANY then
    return each(document[way[depth]], way, visit, depth + 1)
  end
  for _, name in ipairs(tables.sorted_keys(document)) do
    each(document[name], way, function(holder, key)
      visit(holder, key, name)
    end, depth + 1)
  end
end

---The settings in a document: a text for each place that holds some.
local function gather(document, keys)
  local found = {}
  for _, way in ipairs(keys) do
    each(document, way, function(holder, key, name)
      if not is_empty(holder[key]) then
        local place = table.concat(way, "\0") .. "\0" .. (name or "")
        found[place] = { value = holder[key],
          text = strict.encode(strict.object { value = holder[key] }) }
      end
    end)
  end
  return found
end

local function is_same(old, new)
  for place, entry in pairs(old) do
    if not new[place] or new[place].text ~= entry.text then
      return false
    end
  end
  for place in pairs(new) do
    if not old[place] then
      return false
    end
  end
  return true
end

---Puts the settings into a document; those of a place that is gone are lost with it.
local function put(document, keys, old)
  for _, way in ipairs(keys) do
    each(document, way, function(holder, key, name)
      local entry = old[table.concat(way, "\0") .. "\0" .. (name or "")]
      if not entry and not is_empty(holder[key]) then
        holder[key] = nil
      elseif entry then
        holder[key] = entry.value
      end
    end)
  end
end

local function write(path, document)
  local text, why = strict.encode(document)
  if not text then
    return nil, why
  end
  local dir <close>, message = fs.open_dir(path:match("^(.*)/[^/]+$") or "/")
  if not dir then
    return nil, message
  end
  local name = path:match("[^/]+$")
  local info = dir:stat(name)
  return dir:write(name, text, { mode = info and info.mode & 511 or 384 })
end

---@class mighost.KeysWitness
local Witness <const> = {}
Witness.__index = Witness

---What differs now; it is put back.
---@return { label: string, path: string, how: string, restored: boolean }[]
function Witness:restore()
  local found = {}
  for _, file in ipairs(self.files) do
    local source = read(file.path)
    local document = source ~= file.source and decode(source) or nil
    if source ~= file.source
      and not is_same(file.settings, gather(document or strict.object(), file.keys)) then
      document = document or file.document
      put(document, file.keys, file.settings)
      found[#found + 1] = { label = "the agent's settings", path = file.path, how = "changed",
        restored = write(file.path, document) and true or false }
    end
  end
  return found
end

local M = {}

---@param files mighost.SettingsKeys[]
---@return mighost.KeysWitness
function M.take(files)
  local self = setmetatable({ files = {} }, Witness)
  for _, file in ipairs(files) do
    local path = sys.realpath(file.path) or file.path
    local source = read(path)
    local document = decode(source)
    table.insert(self.files, { path = path, keys = file.keys, source = source,
      document = document, settings = gather(document or strict.object(), file.keys) })
  end
  return self
end

return M
