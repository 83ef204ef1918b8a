--- The search order of what is found by name: the project's `.mighost/`, the user's folder, what
--- mighost was installed with.  The first hit wins, whole file; its bytes are read once.

local fs = require "host.fs"
local sys = require "host.sys"

local homes = require "project.homes"

local FOLLOW <const> = { links = "follow" }
local INSTALLED <const> = {
  agents = "scripts/agents",
  lib = "scripts/lib",
  rules = "scripts/rules",
  scripts = "scripts/commands",
  stages = "stages",
}
local SEGMENT <const> = "^[%w_][%w_.-]*$"

---@alias mighost.Kind "agents"|"lib"|"rules"|"scripts"|"stages"
---@alias mighost.Layer "project"|"user"|"installed"

---@class mighost.Found
---@field path string
---@field layer mighost.Layer
---@field text string

--- Missing is an answer, anything else is not.
local function is_missing(name)
  return name == "ENOENT" or name == "ENOTDIR" or name == "ENAMETOOLONG"
end

--- Adds the names of a folder's Lua files, `migration/list` for one in a folder below.
local function add_names(dir, prefix, names)
  for _, entry in ipairs(dir:list(prefix == "" and "." or prefix) or {}) do
    local stem = entry.name:match("^(.+)%.lua$")
    local path = prefix == "" and entry.name or prefix .. "/" .. entry.name
    if entry.kind == "directory" and prefix == "" and entry.name:find(SEGMENT) then
      add_names(dir, entry.name, names)
    elseif stem and stem:find(SEGMENT) and entry.kind ~= "directory" then
      table.insert(names, (path:gsub("%.lua$", "")))
    end
  end
end

local M = {}

--- Whether a name is made of safe path segments.
---@param name string   e.g. "review" or "migration/list"
---@return boolean
function M.is_name(name)
  for segment in (name .. "/"):gmatch("([^/]*)/") do
    if not segment:find(SEGMENT) then
      return false
    end
  end
  return true
end

--- The folders that are searched, in order.
---@param kind mighost.Kind
---@param root? string   the project's root; without it only the user's and the installed ones
---@return {layer: mighost.Layer, path: string}[]
function M.layers(kind, root)
  local layers = {
    { layer = "user", path = homes.config() .. "/" .. kind },
    { layer = "installed", path = sys.share() .. "/" .. INSTALLED[kind] },
  }
  if root then
    table.insert(layers, 1, { layer = "project", path = root .. "/.mighost/" .. kind })
  end
  return layers
end

--- Reads one layer's file.
---@param layer {layer: mighost.Layer, path: string}
---@param name string
---@return mighost.Found? found, string? message, string? errno
function M.read(layer, name)
  local dir <close>, message, errno = fs.open_dir(layer.path)
  if not dir then
    return nil, message, errno
  end
  local text, why, code = dir:read(name .. ".lua", FOLLOW)
  if not text then
    return nil, why, code
  end
  return { path = layer.path .. "/" .. name .. ".lua", layer = layer.layer, text = text }
end

--- The file that serves a name.
---@param kind mighost.Kind
---@param name string      without .lua
---@param project? {root?: string}
---@return mighost.Found? found, string? message, string? errno  ENOENT when no layer has it
function M.find(kind, name, project)
  if not M.is_name(name) then
    return nil, ("no %s can have this name: %s"):format(kind, name), "ENOENT"
  end
  for _, layer in ipairs(M.layers(kind, project and project.root)) do
    local found, message, errno = M.read(layer, name)
    if found then
      return found
    elseif not is_missing(errno) then
      return nil, message, errno
    end
  end
  return nil, ("no file of %s has this name: %s"):format(kind, name), "ENOENT"
end

--- Whether any layer has a folder of this name.
---@param kind mighost.Kind
---@param name string
---@param project? {root?: string}
---@return boolean
function M.has_folder(kind, name, project)
  for _, layer in ipairs(M.layers(kind, project and project.root)) do
    local dir <close> = M.is_name(name) and fs.open_dir(layer.path .. "/" .. name) or nil
    if dir then
      return true
    end
  end
  return false
end

--- Every name of a kind with the layer that serves it, in byte order.
---@param kind mighost.Kind
---@param project? {root?: string}
---@return {name: string, layer: mighost.Layer, folder: string, path: string}[]
function M.list(kind, project)
  local found, seen = {}, {}
  for _, layer in ipairs(M.layers(kind, project and project.root)) do
    local dir <close> = fs.open_dir(layer.path)
    local names = {}
    if dir then
      add_names(dir, "", names)
    end
    for _, name in ipairs(names) do
      if not seen[name] then
        seen[name] = true
        table.insert(found, {
          name = name, layer = layer.layer, folder = layer.path,
          path = layer.path .. "/" .. name .. ".lua",
        })
      end
    end
  end
  table.sort(found, function(a, b)
    return a.name < b.name
  end)
  return found
end

return M
