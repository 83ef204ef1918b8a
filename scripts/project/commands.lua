--- Which command script a command line means: `migration list` is migration/list.lua.

local fs = require "host.fs"

local glance = require "project.glance"
local root = require "project.root"
local search = require "project.search"

local MAX_WORDS <const> = 3
local FOLLOW <const> = { links = "follow" }

-- These only look: an untrusted repository must not be able to keep people from looking.
local LOOKING <const> = {
  ["migration/doctor"] = true, ["migration/list"] = true, ["migration/show"] = true,
  help = true, version = true, which = true,
}
-- The command that decides about a project's scripts must never be one of them.
local OWN <const> = { trust = true }

--- The directory that -C names: it decides whose .mighost/ is searched.
local function find_start(words)
  for i, word in ipairs(words) do
    if word == "--" then
      break
    elseif (word == "-C" or word == "--repo-root") and words[i + 1] then
      return words[i + 1]
    elseif word:find("^%-C.") then
      return word:sub(3)
    elseif word:find("^%-%-repo%-root=") then
      return word:match("=(.*)")
    end
  end
  return "."
end

--- The project whose scripts a command line may mean; nil where it has none, which is known without
--- reading its configuration.
local function find_project(start)
  local place = root.find(start)
  if not place or not glance.has_scripts(place.root) then
    return nil
  end
  local project, message = require("project.open").open(start)
  return project or { root = place.root, config = {},
    team = require("project.team").unreadable(place.root, message) }
end

local function list_names(project)
  local names = {}
  for _, entry in ipairs(search.list("scripts", project)) do
    table.insert(names, (entry.name:gsub("/", " ")))
  end
  return names
end

--- The word after what was typed may tell which group was meant: `migraton list`.
local function refuse_unknown(typed, following, project)
  local nearest = require "lib.nearest"
  local known = list_names(project)
  local near = nearest.find(typed, known)
    or following and nearest.find(typed .. " " .. following, known)
  return nil, ("no command of this name: %s%s"):format(typed,
    near and "; did you mean " .. near .. "?" or ""), "EUSAGE",
    near and "mighost " .. near or "mighost --help"
end

local function refuse_group(group, project)
  local names = {}
  for _, name in ipairs(list_names(project)) do
    local rest = name:match("^" .. group .. " (.+)$")
    if rest then
      table.insert(names, rest)
    end
  end
  return nil, ("%s needs one of: %s"):format(group, table.concat(names, ", ")), "EUSAGE",
    ("mighost %s --help"):format(group)
end

--- A bare name never means a script in the current directory.
local function note_shadowed(script, name)
  local here <close> = fs.open_dir(".")
  if here and here:stat(name .. ".lua", FOLLOW) then
    table.insert(script.notes, ("running %s, not ./%s.lua (for that: mighost ./%s.lua)"):format(
      script.path, name, name))
  end
end

local function resolve_name(name, project)
  if OWN[name] then
    return search.find("scripts", name, nil, { installed = true })
  end
  local script, message, code, fix = search.find("scripts", name, project,
    { looking = LOOKING[name] })
  local own = script and script.layer ~= "project" and search.look("scripts", name, project)[1]
  if own and own.layer == "project" then
    script.notes = { ("running %s, since %s is not trusted"):format(script.path, own.path) }
  end
  return script, message, code, fix
end

local M = {}

---@class mighost.Script: mighost.Found
---@field used integer     how many words of the command line name it
---@field notes string[]   what to tell people before it runs
---@field project? mighost.Project   the one whose scripts were searched

--- The script that the first words of a command line name.
---@param words string[]
---@return mighost.Script? script, string? message, string? name, string? fix
function M.resolve(words)
  local project = find_project(find_start(words))
  local typed = {}
  for i = 1, math.min(#words, MAX_WORDS) do
    typed[i] = words[i]:gsub("%.lua$", "")
    local name = table.concat(typed, "/")
    local script, message, code, fix = resolve_name(name, project)
    if script then
      script.used, script.notes, script.project = i, script.notes or {}, project
      note_shadowed(script, name)
      return script
    elseif code ~= "ENOENT" then
      return nil, message, code, fix
    elseif not search.has_folder("scripts", name, project) then
      return refuse_unknown(table.concat(typed, " "), words[i + 1], project)
    end
  end
  return refuse_group(table.concat(typed, " "), project)
end

--- The folder of commands whose help a command line asks for: "migration" for `migration --help`.
---@param words string[]
---@return string?
function M.find_group(words)
  local last = words[#words]
  if #words < 2 or last ~= "--help" and last ~= "-h" then
    return nil
  end
  local project = find_project(".")
  local name = table.concat(words, "/", 1, #words - 1)
  if search.has_folder("scripts", name, project) and not search.find("scripts", name, project) then
    return (name:gsub("/", " "))
  end
end

--- The command that a path was probably meant to be: "migration list" for `migration/list.lua`.
---@param path string
---@return string?
function M.installed_as(path)
  local name = path:gsub("^%./", ""):gsub("%.lua$", "")
  return search.find("scripts", name) and (name:gsub("/", " "))
end

--- The commands that came with mighost, loaded and not run.
---@return {name: string, purpose: string, chunk: fun(): integer}[]
function M.installed()
  local loaded = {}
  for _, command in ipairs(M.list()) do
    local script = command.layer == "installed"
      and search.find("scripts", command.path, nil, { installed = true })
    if script then
      table.insert(loaded, { name = command.name, purpose = command.purpose,
        chunk = assert(load(script.text, "@" .. script.path, "t")) })
    end
  end
  return loaded
end

--- Every command that may run, with its purpose, which is the first line of its file.
---@param start? string
---@return {name: string, path: string, layer: mighost.Layer, purpose: string}[]
function M.list(start)
  local project = find_project(start or ".")
  local commands = {}
  for _, entry in ipairs(search.list("scripts", project, { looking = true })) do
    local script = search.find("scripts", entry.name, project, { looking = true })
    table.insert(commands, {
      name = entry.name:gsub("/", " "),
      path = entry.name,
      layer = entry.layer,
      purpose = script and script.text:match("^%-%-%- ([^\r\n]*)") or "",
    })
  end
  return commands
end

return M
