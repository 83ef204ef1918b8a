--- Which migrations there are, and which one a word on the command line means.

local fs = require "host.fs"
local paths = require "lib.paths"

local LIST <const> = "mighost migration list"

local function is_visible_name(name)
  return name ~= "" and name:sub(1, 1) ~= "." and name:sub(1, 2) ~= "__"
end

---The slug that a path with a slash in it means, by its text alone.
---@return string|nil slug
---@return string|nil message
---@return string|nil NAME
local function slug_of_path(project, word)
  local absolute = word:sub(1, 1) == "/" and word or project.root .. "/" .. word
  local segments, live = paths.split(absolute), paths.split(project.live_path)
  if not segments then
    return nil, ("'%s' has '..' in it"):format(word), "EINVALIDPATH"
  end
  for index, segment in ipairs(live) do
    if segments[index] ~= segment then
      return nil, ("'%s' is not in %s"):format(word, project.live), "EINVALIDPATH"
    end
  end
  if #segments ~= #live + 1 then
    return nil, ("'%s' is not directly in %s"):format(word, project.live), "EINVALIDPATH"
  end
  return segments[#segments]
end

---Whether a word without a slash is also the path of something other than that migration.
local function is_ambiguous(project, live, slug)
  if not live:stat(slug) or project.live_path == project.root then
    return false
  end
  local root = fs.open_dir(project.root)
  return root ~= nil and root:stat(slug) ~= nil
end

---Whether an entry has just this name: some file systems find it by another case as well.
local function is_listed(live, name)
  for _, entry in ipairs(live:list() or {}) do
    if entry.name == name then
      return true
    end
  end
  return false
end

---Whether the live directory has such a migration, or nothing of this name where it may lack it.
local function check_child(project, live, slug, may_lack)
  local found, message, name = live:stat(slug)
  if not found and name ~= "ENOENT" then
    return nil, message, "EINVALIDPATH"
  elseif not found and may_lack then
    return slug
  elseif not found or not is_listed(live, slug) then
    return nil, ("there is no migration '%s' in %s"):format(slug, project.live), "EUSAGE", LIST
  elseif found.kind ~= "directory" then
    return nil, ("'%s' in %s is not a migration but a %s"):format(slug, project.live, found.kind),
      "EINVALIDPATH"
  end
  return slug
end

local M = {}

---The names of all migrations, in byte order: real directories whose names start neither with `.`
---nor with `__`.
---@param live host.fs.Dir the live migrations directory
---@return string[]|nil slugs
---@return string|nil message
---@return string|nil NAME
function M.visible(live)
  local entries, message, name = live:list()
  if not entries then
    return nil, message, name
  end
  local slugs = {}
  for _, entry in ipairs(entries) do
    if entry.kind == "directory" and is_visible_name(entry.name) then
      slugs[#slugs + 1] = entry.name
    end
  end
  return slugs
end

---The migration that a word means: a slug, or a path (absolute, or from the project's root) to a
---direct, visible child of the live directory. Anything else is refused, so that a command which
---changes things never guesses.
---@param project { root: string, live: string, live_path: string }
---@param word string
---@param may_lack boolean|nil one that the live directory lacks will do
---@return string|nil slug
---@return string|nil message
---@return "EUSAGE"|"EINVALIDPATH"|nil NAME
---@return string|nil fix
function M.target(project, word, may_lack)
  if word == "" or word:find("\0", 1, true) then
    return nil, "a migration's name is empty or has a NUL byte in it", "EUSAGE", LIST
  end
  local live, message = fs.open_dir(project.live_path)
  if not live then
    return nil, message, "EUSAGE"
  end
  local slug, why, name = word, nil, nil
  if word:find("/", 1, true) then
    slug, why, name = slug_of_path(project, word)
  end
  if slug and not is_visible_name(slug) then
    return nil, ("'%s' is hidden or internal, no migration"):format(slug), "EINVALIDPATH"
  elseif slug == word and is_ambiguous(project, live, word) then
    return nil, ("'%s' is a migration and also another path: say %s/%s"):format(word, project.live,
      word), "EINVALIDPATH"
  end
  if not slug then
    return nil, why, name, LIST
  end
  return check_child(project, live, slug, may_lack)
end

return M
