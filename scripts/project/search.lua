--- The search order of what is found by name: the project's `.mighost/` where it is trusted, the
--- user's folder, what mighost was installed with.  The first hit wins, whole file; its bytes are
--- read once, the project's when the project was opened.

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
local FLAT <const> = { lib = true, stages = true } -- names of stages stand in plans as one word
local SEGMENT <const> = "^[%w_][%w_.-]*$"

---@alias mighost.Kind "agents"|"lib"|"rules"|"scripts"|"stages"
---@alias mighost.Layer "project"|"user"|"installed"

---@class mighost.Found
---@field path string
---@field layer mighost.Layer
---@field text string

--- Something that a layer has under a name.
---@class mighost.LayerHit
---@field layer mighost.Layer
---@field path string
---@field text? string     nil where it may not be used
---@field message? string  why not
---@field name? string
---@field fix? string

---@class mighost.SearchOptions
---@field looking? boolean    what is not trusted is passed over, and not refused
---@field installed? boolean  only what mighost was installed with

--- Missing is an answer, anything else is not.
local function is_missing(name)
  return name == "ENOENT" or name == "ENOTDIR" or name == "ENAMETOOLONG"
end

local function folder_of(layer, kind)
  if layer == "user" then
    return homes.config() .. "/" .. kind
  end
  return sys.share() .. "/" .. INSTALLED[kind]
end

--- Of the project's own.
local function look_in_project(kind, name, project)
  local team = project and project.team
  if not team then
    return nil
  end
  local trust = require "project.trust"
  local text, path = require("project.team").text(team, kind, name)
  if text and not trust.is_trusted(project) then
    local message, code, fix = trust.refusal(project)
    return { layer = "project", path = path, message = message, name = code, fix = fix }
  end
  return text and { layer = "project", path = path, text = text }
end

--- Of a folder outside the project; the user's own must be nobody else's.
local function look_in_folder(layer, kind, name)
  local folder = folder_of(layer, kind)
  local path = ("%s/%s.lua"):format(folder, name)
  local dir <close>, message, errno = fs.open_dir(folder)
  local text
  if dir then
    text, message, errno = dir:read(name .. ".lua", FOLLOW)
  end
  if is_missing(errno) then
    return nil
  elseif not text then
    return { layer = layer, path = path, message = message, name = errno }
  end
  local problem, fix
  if layer == "user" then
    problem, fix = require("project.owner").problem_beneath(homes.config(),
      ("%s/%s.lua"):format(kind, name))
  end
  if problem then
    return { layer = layer, path = path, message = ("%s is not used: %s"):format(path, problem),
      name = "EUNTRUSTED", fix = fix }
  end
  return { layer = layer, path = path, text = text }
end

local function look_in(layer, kind, name, project)
  if layer == "project" then
    return look_in_project(kind, name, project)
  end
  return look_in_folder(layer, kind, name)
end

--- Adds the names of a folder's Lua files, `migration/list` for one in a folder below.
local function add_names(dir, prefix, names)
  for _, entry in ipairs(dir:list(prefix == "" and "." or prefix) or {}) do
    local path = prefix == "" and entry.name or prefix .. "/" .. entry.name
    if entry.kind == "directory" and prefix == "" and entry.name:find(SEGMENT) then
      add_names(dir, entry.name, names)
    elseif entry.kind ~= "directory" then
      table.insert(names, path)
    end
  end
end

--- The paths of all files of a layer, two folders deep at most.
local function list_paths(layer, kind, project)
  if layer == "project" then
    return project and project.team and require("project.team").paths(project.team, kind) or {}
  end
  local dir <close> = fs.open_dir(folder_of(layer, kind))
  local paths = {}
  if dir then
    add_names(dir, "", paths)
  end
  return paths
end

local M = {}

--- The layers in the order in which they are searched.
---@type mighost.Layer[]
M.layers = { "project", "user", "installed" }

--- The layers that options leave.
local function layers_for(opts)
  return opts.installed and { "installed" } or M.layers
end

--- Why no layer has a name; it may stand where nothing can be trusted.
local function refuse_missing(kind, name, project, opts)
  local may_be_hidden = project and project.team and #project.team.problems > 0
  if may_be_hidden and not opts.looking and not opts.installed then
    return nil, require("project.trust").refusal(project)
  end
  return nil, ("no file of %s has this name: %s"):format(kind, name), "ENOENT"
end

--- Whether a name is made of safe path segments, of one where the kind has no folders.
---@param name string   e.g. "review" or "migration/list"
---@param kind mighost.Kind
---@return boolean
function M.is_name(name, kind)
  if FLAT[kind] and name:find("/", 1, true) then
    return false
  end
  for segment in (name .. "/"):gmatch("([^/]*)/") do
    if not segment:find(SEGMENT) then
      return false
    end
  end
  return true
end

--- What every layer has under a name: the first that may be used serves it, the rest is hidden.
---@param kind mighost.Kind
---@param name string      without .lua
---@param project? mighost.Project
---@return mighost.LayerHit[]
function M.look(kind, name, project)
  local hits = {}
  for _, layer in ipairs(M.is_name(name, kind) and M.layers or {}) do
    table.insert(hits, look_in(layer, kind, name, project) or nil)
  end
  return hits
end

--- The file that serves a name.
---@param kind mighost.Kind
---@param name string      without .lua
---@param project? mighost.Project
---@param opts? mighost.SearchOptions
---@return mighost.Found? found, string? message, string? errno, string? fix  ENOENT when no layer
---        has it, EUNTRUSTED when the one that does is not trusted
function M.find(kind, name, project, opts)
  if not M.is_name(name, kind) then
    return nil, ("no %s can have this name: %s"):format(kind, name), "ENOENT"
  end
  local limits = opts or {}
  for _, layer in ipairs(layers_for(limits)) do
    local hit = look_in(layer, kind, name, project)
    if hit and hit.text then
      return hit
    elseif hit and not (layer == "project" and limits.looking) then
      return nil, hit.message, hit.name, hit.fix
    end
  end
  return refuse_missing(kind, name, project, limits)
end

--- The paths of all files that a layer has in a kind's folder, whatever they are, and the folder.
---@param layer mighost.Layer
---@param kind mighost.Kind
---@param project? mighost.Project
---@return string[] paths, string? folder
function M.paths(layer, kind, project)
  local folder = layer ~= "project" and folder_of(layer, kind)
    or project and ("%s/.mighost/%s"):format(project.root, kind) or nil
  return list_paths(layer, kind, project), folder
end

--- Whether any layer has a folder of this name.
---@param kind mighost.Kind
---@param name string
---@param project? mighost.Project
---@return boolean
function M.has_folder(kind, name, project)
  if not M.is_name(name, kind) then
    return false
  end
  for _, path in ipairs(list_paths("project", kind, project)) do
    if path:sub(1, #name + 1) == name .. "/" then
      return true
    end
  end
  for _, layer in ipairs { "user", "installed" } do
    local dir <close> = fs.open_dir(folder_of(layer, kind) .. "/" .. name)
    if dir then
      return true
    end
  end
  return false
end

--- Every name of a kind with the layer that serves it, in byte order.
---@param kind mighost.Kind
---@param project? mighost.Project
---@param opts? mighost.SearchOptions
---@return {name: string, layer: mighost.Layer}[]
function M.list(kind, project, opts)
  local found, seen = {}, {}
  local limits = opts or {}
  local own = project and project.team and project or nil
  if own and limits.looking and not require("project.trust").is_trusted(own) then
    own = nil
  end
  for _, layer in ipairs(layers_for(limits)) do
    for _, path in ipairs(list_paths(layer, kind, own)) do
      local name = path:match("^(.+)%.lua$")
      if name and M.is_name(name, kind) and not seen[name] then
        seen[name] = true
        table.insert(found, { name = name, layer = layer })
      end
    end
  end
  table.sort(found, function(a, b)
    return a.name < b.name
  end)
  return found
end

--- The helper modules of a file's own layer, by the names that it requires them by: `lib.x` is
--- `lib/x.lua` beside its own folder.  Mighost's own files have none but mighost's.
---@param found mighost.Found
---@param project? mighost.Project
---@return fun(name: string): string?, string?  text and path; nil where its layer has no such file,
---        nil and why where that may not be used
function M.modules(found, project)
  return function(name)
    local module = name:match("^lib%.([%w_]+)$")
    if not module or found.layer == "installed" then
      return nil
    end
    local hit = look_in(found.layer, "lib", module, project)
    if hit then
      return hit.text, hit.text and hit.path or hit.message
    end
  end
end

return M
