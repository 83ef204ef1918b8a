--- What in a repository could run or steer programs: the files in those folders of
--- `.mighost/` where scripts are looked up, and the keys of config.json that name programs.  It is
--- read once, as a whole, so that what was reviewed and trusted is what is used.

local fs = require "host.fs"

local glance = require "project.glance"
local pack = require "lib.pack"
local strict = require "lib.strict"
local tables = require "lib.tables"

local FOLDER <const> = ".mighost"
local MAX_FILE <const> = 1024 * 1024
local MAX_TOTAL <const> = 8 * 1024 * 1024
local MAX_FILES <const> = 1000
local MAX_DEPTH <const> = 8
local READ <const> = { max = MAX_FILE }
local FILE <const>, KEY <const> = FOLDER .. "/", " in " .. FOLDER .. "/config.json"
local KINDS <const> = { symlink = "a symbolic link", other = "not a regular file" }

---@class mighost.Team
---@field root string
---@field items table<string, string>   texts by what people call them: ".mighost/stages/a.lua",
---       "agent_command in .mighost/config.json"
---@field programs table<string, any>   the keys of config.json that count as scripts
---@field problems string[]             why nothing of this can be trusted
---@field standing? mighost.Standing    see project.trust; nil as long as nobody asked

--- Names that mighost ignores: editors and systems leave such files behind.
local function is_passed_over(name)
  return name:find("^%.") ~= nil or name:find("~$") ~= nil
end

local function note(reading, path, why)
  table.insert(reading.problems, ("%s/%s%s is %s"):format(reading.root, FILE, path, why))
end

local function read_file(reading, dir, path)
  reading.files = reading.files + 1
  if reading.files > MAX_FILES or reading.total > MAX_TOTAL then
    reading.is_full = true
    return
  end
  local text, message, name = dir:read(path, READ)
  if name == "EFBIG" then
    note(reading, path, ("larger than %d bytes"):format(MAX_FILE))
  elseif text then
    reading.items[FILE .. path] = text
    reading.total = reading.total + #text
  elseif name ~= "ENOENT" then
    table.insert(reading.problems, message)
  end
end

local function read_folder(reading, dir, path, depth)
  local entries, message = dir:list(path)
  if not entries then
    table.insert(reading.problems, message)
  elseif depth > MAX_DEPTH then
    note(reading, path, ("deeper than %d folders"):format(MAX_DEPTH))
    return
  end
  for _, entry in ipairs(entries or {}) do
    local inner = path .. "/" .. entry.name
    if reading.is_full then
      return
    elseif is_passed_over(entry.name) then
      goto continue
    elseif entry.kind == "directory" then
      read_folder(reading, dir, inner, depth + 1)
    elseif entry.kind == "file" then
      read_file(reading, dir, inner)
    else
      note(reading, inner, KINDS[entry.kind])
    end
    ::continue::
  end
end

--- The opened `.mighost/`; nil when there is none, or when it is not the project's own.
local function open_folder(reading)
  local root <close>, message = fs.open_dir(reading.root)
  if not root then
    table.insert(reading.problems, message)
    return nil
  end
  local dir, why, name = root:open_dir(FOLDER)
  if name == "ELOOP" then
    table.insert(reading.problems, ("%s/%s is a symbolic link"):format(reading.root, FOLDER))
  elseif not dir and name ~= "ENOENT" and name ~= "ENOTDIR" then
    table.insert(reading.problems, why)
  end
  return dir
end

local function read_all(reading)
  local dir <close> = open_folder(reading)
  local entries, message
  if dir then
    entries, message = dir:list()
  end
  table.insert(reading.problems, message)
  for _, entry in ipairs(entries or {}) do
    if glance.folders[entry.name] and entry.kind == "directory" then
      read_folder(reading, dir, entry.name, 1)
    elseif glance.folders[entry.name] then
      note(reading, entry.name, KINDS[entry.kind] or "a file, not a folder")
    end
  end
  if reading.is_full then
    table.insert(reading.problems, ("%s/%s holds more than %d files or %d bytes"):format(
      reading.root, FOLDER, MAX_FILES, MAX_TOTAL))
  end
end

local M = {}

--- Reads it all.  What cannot be trusted, whoever is asked, is a problem and not an error.
---@param root string
---@param programs table<string, any>   from project.config
---@return mighost.Team
function M.read(root, programs)
  local reading = { root = root, items = {}, problems = {}, files = 0, total = 0 }
  read_all(reading)
  for key, value in pairs(programs) do
    local text, why = strict.encode(value)
    reading.items[key .. KEY] = text
    if not text then
      table.insert(reading.problems, ("%s%s: %s"):format(key, KEY, why))
    end
  end
  return { root = root, items = reading.items, problems = reading.problems, programs = programs }
end

--- One that cannot be read at all.
---@param root string
---@param why string
---@return mighost.Team
function M.unreadable(root, why)
  return { root = root, items = {}, problems = { why }, programs = {} }
end

--- Whether the repository has no such files.
---@param team mighost.Team
---@return boolean
function M.is_empty(team)
  return next(team.items) == nil and #team.problems == 0
end

--- The names of the files and keys for people, sorted.
---@param team mighost.Team
---@return string[]
function M.names(team)
  return tables.sorted_keys(team.items)
end

--- All of it as one text: the same for the same names and bytes, on any machine.
---@param team mighost.Team
---@return string
function M.pack(team)
  return pack.encode(team.items)
end

--- The text of a file; nil where there is none.
---@param team mighost.Team
---@param kind mighost.Kind
---@param name string   without .lua
---@return string? text, string path
function M.text(team, kind, name)
  local item = ("%s%s/%s.lua"):format(FILE, kind, name)
  return team.items[item], team.root .. "/" .. item
end

--- The paths of a kind's files relative to its folder, sorted.
---@param team mighost.Team
---@param kind mighost.Kind
---@return string[]
function M.paths(team, kind)
  local paths = {}
  local prefix = ("%s%s/"):format(FILE, kind)
  for _, name in ipairs(M.names(team)) do
    if name:sub(1, #prefix) == prefix then
      table.insert(paths, name:sub(#prefix + 1))
    end
  end
  return paths
end

return M
