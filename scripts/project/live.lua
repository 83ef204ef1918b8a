--- The live migrations directory: where it may be, what git must not do to it, and moving it.

local fs = require "host.fs"

local strict = require "lib.strict"
local paths = require "project.paths"

local ATTRIBUTES <const> = "* -text -filter -ident -working-tree-encoding"
local ATTRIBUTES_FILE <const> = ".gitattributes"
local STATE <const> = ".planning/state.json"
local RESERVED <const> = { ".git", ".mighost" }
local FOLLOW <const> = { links = "follow" }

--- Whether a directory's name is one of a migration and not of something internal.
local function is_migration(entry)
  return entry.kind == "directory" and not entry.name:find("^%.") and not entry.name:find("^__")
end

--- Checks the part of the path from the root to the directory that exists.
local function check_way(dir, rel)
  local way = ""
  for segment in rel:gmatch("[^/]+") do
    way = way .. (way == "" and "" or "/") .. segment
    local found, message, name = dir:stat(way)
    if not found then
      return name == "ENOENT" or nil, message, name
    elseif found.kind ~= "directory" then
      return nil, ("%s is a %s, not a directory"):format(way, found.kind), "ECONFIG"
    elseif dir:stat(way .. "/.git") then
      return nil, ("%s is a git repository of its own"):format(way), "ECONFIG"
    end
  end
  return true
end

--- The path beneath `old` that a reference in a state file names, else nil.
local function rest_of(reference, old)
  local normal = type(reference) == "string" and paths.normalize(reference)
  if normal and paths.is_beneath(normal, old) and normal ~= old then
    return normal:sub(#old + 2)
  end
end

--- Renames what a state says about where its outputs are; whether anything changed.
local function rename_references(state, old, new)
  local changed = false
  local function rename(holder, key)
    local rest = strict.is_object(holder) and rest_of(holder[key], old)
    if rest then
      holder[key] = new .. "/" .. rest
      changed = true
    end
  end
  rename(state, "review_findings")
  local steps = strict.is_object(state) and state.completed_steps
  for _, step in ipairs(strict.is_array(steps) and steps or {}) do
    rename(strict.is_object(step) and step.outputs, "stdout")
  end
  return changed
end

--- A state that cannot be read stays as it is: doctor has found that already.
local function rehome_state(dir, path, old, new)
  local text, message, name = dir:read(path)
  if not text then
    return name == "ENOENT" or name == "ENOTDIR" or nil, message, name
  end
  local state = strict.decode(text)
  if state ~= nil and rename_references(state, old, new) then
    return dir:write(path, strict.encode(state))
  end
  return true
end

local M = {}

--- Checks that a directory may hold migrations; it need not exist yet.
---@param root string
---@param path string   as a person wrote it
---@return string? rel, string? message, string? name
function M.check(root, path)
  local rel, why = paths.normalize(paths.beneath(root, path) or path)
  if not rel then
    return nil, ("the live migrations directory %s: %q"):format(why, path), "EUSAGE"
  end
  for _, reserved in ipairs(RESERVED) do
    if paths.is_beneath(rel, reserved) then
      return nil, "the live migrations directory cannot be in " .. reserved, "EUSAGE"
    end
  end
  local dir <close>, message, name = fs.open_dir(root)
  if not dir then
    return nil, message, name
  end
  local ok, problem, code = check_way(dir, rel)
  if not ok then
    return nil, "the live migrations directory: " .. problem, code
  end
  return rel
end

--- Whether there is more in it than the attributes that M.guard writes; nil when it is missing.
---@param root string
---@param rel string
---@return boolean?
function M.is_used(root, rel)
  local dir <close> = fs.open_dir(root .. "/" .. rel)
  local entries = dir and dir:list()
  if not entries then
    return nil
  end
  return #entries > 1 or (entries[1] ~= nil and entries[1].name ~= ATTRIBUTES_FILE)
end

--- Whether the file that M.guard writes says what it must.
---@param root string
---@param rel string
---@return boolean
function M.is_guarded(root, rel)
  local dir <close> = fs.open_dir(root .. "/" .. rel)
  local text = dir and dir:read(ATTRIBUTES_FILE, FOLLOW)
  return text ~= nil and ("\n" .. text .. "\n"):find("\n" .. ATTRIBUTES .. "\n", 1, true) ~= nil
end

--- Makes the directory and the file that keeps git from rewriting the bytes of what is in it.
--- Lines that are in that file already stay; the last line counts.
---@param root string
---@param rel string
---@return true? ok, string? message, string? name
function M.guard(root, rel)
  local dir <close>, message, name = fs.open_dir(root)
  if not dir then
    return nil, message, name
  end
  local made, why, errno = dir:mkdir(rel)
  if not made then
    return nil, why, errno
  end
  local file = rel .. "/" .. ATTRIBUTES_FILE
  local text, problem, code = dir:read(file)
  if not text and code ~= "ENOENT" then
    return nil, problem, code
  end
  text = (text or ""):gsub("([^\n])$", "%1\n")
  return dir:write(file, text .. ATTRIBUTES .. "\n")
end

--- Rewrites the paths of outputs in every state after the directory went from `old` to `new`.
---@param root string
---@param old string
---@param new string
---@return true? ok, string? message, string? name
function M.rehome(root, old, new)
  local dir <close>, message, name = fs.open_dir(root)
  if not dir then
    return nil, message, name
  end
  local entries, why, errno = dir:list(new)
  for _, entry in ipairs(entries or {}) do
    if is_migration(entry) then
      local state = ("%s/%s/%s"):format(new, entry.name, STATE)
      local ok, problem, code = rehome_state(dir, state, old, new)
      if not ok then
        return nil, problem, code
      end
    end
  end
  return entries and true, why, errno
end

--- The attributes file, relative to the live directory.
M.attributes_file = ATTRIBUTES_FILE

return M
