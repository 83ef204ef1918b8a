--- Files that somebody wrote for mighost and that no name finds: with a name that none can have, in
--- a folder whose name is misspelt.  They would do nothing, without a word.

local fs = require "host.fs"

local homes = require "project.homes"
local nearest = require "lib.nearest"
local search = require "project.search"

local KINDS <const> = { "agents", "lib", "rules", "scripts", "stages" }
local LAYERS <const> = { "project", "user" }
local LUA <const> = "%.lua$"
local MODULE <const> = "^[%w_]+$"
local OTHERS <const> = { recordings = true, spec = true } -- folders that mean something else
local OWN <const> = "trust" -- a command that is always mighost's own

---@class mighost.Stray
---@field kind mighost.Kind
---@field layer mighost.Layer
---@field path string   absolute
---@field why string
---@field mend string

local function is_left_behind(path)
  return path:find("^%.") ~= nil or path:find("/%.") ~= nil or path:find("~$") ~= nil
end

---Whether somebody may have meant it as a script: notes and data beside scripts are no strays.
local function looks_like_script(path)
  local last = path:match("[^/]*$")
  return last:lower():find(LUA) ~= nil or not last:find(".", 1, true)
end

---Why no name finds a file, and what to do; nil where one does.
local function judge(kind, path)
  local name = path:match("^(.+)%.lua$")
  if not name then
    return "its name does not end in .lua", "let it end in .lua"
  elseif kind == "scripts" and name == OWN then
    return "mighost trust is always mighost's own", "give it another name"
  elseif kind == "lib" and not name:find(MODULE) then
    return "require \"lib.<name>\" takes letters, digits and '_' alone", "rename it"
  elseif kind == "stages" and name:find("/", 1, true) then
    return "what lies in folders of stages/ is not looked at", "move it into stages/ itself"
  elseif not search.is_name(name, kind) then
    return "no name can be like that", "use letters, digits, '.', '_' and '-', beginning with a "
      .. "letter, a digit or '_'"
  end
end

local function find_files(layer, project, found)
  for _, kind in ipairs(KINDS) do
    local paths, folder = search.paths(layer, kind, project)
    for _, path in ipairs(paths) do
      local why, mend
      if looks_like_script(path) and not is_left_behind(path) then
        why, mend = judge(kind, path)
      end
      found[#found + 1] = why and
        { kind = kind, layer = layer, path = folder .. "/" .. path, why = why, mend = mend } or nil
    end
  end
end

---Folders whose names are nearly those of a kind.
local function find_folders(layer, home, found)
  local dir <close> = fs.open_dir(home)
  for _, entry in ipairs(dir and dir:list() or {}) do
    local near = entry.kind == "directory" and not OTHERS[entry.name]
      and nearest.find(entry.name, KINDS)
    if near and near ~= entry.name then
      found[#found + 1] = {
        kind = near, layer = layer, path = ("%s/%s"):format(home, entry.name),
        why = "no folder of this name is looked at", mend = ("rename it to %s"):format(near),
      }
    end
  end
end

local M = {}

---What the project and the user have of this kind, by path.
---@param project mighost.Project
---@return mighost.Stray[]
function M.find(project)
  local found = {}
  for _, layer in ipairs(LAYERS) do
    find_files(layer, project, found)
    find_folders(layer, layer == "user" and homes.config() or project.root .. "/.mighost", found)
  end
  table.sort(found, function(a, b)
    return a.path < b.path
  end)
  return found
end

return M
