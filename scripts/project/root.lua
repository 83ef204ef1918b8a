--- Where a project is: the nearest `.mighost/config.json` upward, inside the git work tree.
--- git's own files are read directly, so that commands that only look never load libgit2.

local fs = require "host.fs"
local sys = require "host.sys"

local paths = require "project.paths"

local CONFIG <const> = ".mighost/config.json"
local FOLLOW <const> = { links = "follow" }
local POINTER <const> = { links = "follow", max = 65536 }

---@class mighost.Place
---@field root? string       the project's root; nil from find_worktree
---@field worktree string    top of the git work tree
---@field gitdir string      this work tree's own git directory
---@field common string      the git directory that all linked work trees share
---@field prefix? string     root relative to worktree: "" or "sub/"; with root only

local function join(base, path)
  if path:sub(1, 1) == "/" then
    return path
  end
  return (base == "/" and "" or base) .. "/" .. path
end

local function parent_of(path)
  if path == "/" then
    return nil
  end
  local above = path:match("^(.*)/[^/]*$")
  return above == "" and "/" or above
end

--- What an absolute path leads to: "file", "directory", "other", or false when nothing is there.
local function kind_of(disk, path)
  local found, message, name = disk:stat(path:sub(2), FOLLOW)
  if found then
    return found.kind
  elseif name == "ENOENT" or name == "ENOTDIR" then
    return false
  end
  return nil, message:gsub(" //", " /", 1), name -- paths count from the opened "/"
end

--- The first line of a small file, behind `key` when one is given; nil when it is not of that form.
local function read_pointer(disk, path, key)
  local text = disk:read(path:sub(2), POINTER)
  local line = text and text:match("^([^\r\n]+)")
  return line and line:match("^" .. (key or "") .. "%s*(.-)%s*$")
end

local function is_git_directory(disk, path)
  return kind_of(disk, path .. "/HEAD") == "file"
    and (kind_of(disk, path .. "/objects") == "directory"
      or kind_of(disk, path .. "/commondir") == "file")
end

--- The git directory that the `.git` of `folder` is or names; false when there is none.
local function find_git_directory(disk, folder)
  local dot_git = join(folder, ".git")
  local kind, message, name = kind_of(disk, dot_git)
  if kind == nil then
    return nil, ("cannot look for a git repository: %s"):format(message), name
  elseif kind == "directory" then
    return is_git_directory(disk, dot_git) and dot_git
  elseif kind ~= "file" then
    return false
  end
  local target = read_pointer(disk, dot_git, "gitdir:")
  local gitdir = target and sys.realpath(join(folder, target))
  if gitdir and is_git_directory(disk, gitdir) then
    return gitdir
  end
  return nil, ("%s names no git directory%s"):format(dot_git, target and ": " .. target or ""),
    "ENOTREPO"
end

local function refuse_git_directory(path)
  if path:match("[^/]*$") == ".git" then
    return nil, "inside a git directory, not in a work tree: " .. path, "ENOTREPO"
  end
  return nil, "a bare git repository has no work tree, use a clone that has one: " .. path,
    "ENOTREPO"
end

--- Walks upward from `start` (absolute, links resolved) to the top of the work tree.
local function walk(disk, start, config)
  local root
  local folder = start
  while folder do
    if config and not root then
      local found, why = kind_of(disk, join(folder, config))
      if found == nil then
        return nil, why, "ECONFIG"
      end
      root = found and folder
    end
    local gitdir, message, name, fix = find_git_directory(disk, folder)
    if gitdir then
      return { root = root or nil, worktree = folder, gitdir = gitdir }
    elseif gitdir == nil then
      return nil, message, name, fix
    elseif is_git_directory(disk, folder) then
      return refuse_git_directory(folder)
    end
    folder = parent_of(folder)
  end
  return nil, "not in a git repository: " .. start, "ENOTREPO", "git init"
end

local function find_common(disk, gitdir)
  local target = read_pointer(disk, gitdir .. "/commondir")
  return target and sys.realpath(join(gitdir, target)) or gitdir
end

local function find_place(start, config)
  local path, why, errno = sys.realpath(start)
  if not path then
    return nil, why, errno == "ENOENT" and "EUSAGE" or errno
  end
  local disk <close>, message, name = fs.open_dir("/")
  if not disk then
    return nil, message, name
  elseif kind_of(disk, path) ~= "directory" then
    return nil, "not a directory: " .. start, "EUSAGE"
  end
  local place, problem, code, fix = walk(disk, path, config)
  if not place then
    return nil, problem, code, fix
  end
  place.common = find_common(disk, place.gitdir)
  return place
end

local M = {}

--- The git work tree around a directory, whether or not it holds a project.
---@param start? string   default: the current directory
---@return mighost.Place? place, string? message, string? name, string? fix
function M.find_worktree(start)
  return find_place(start or ".")
end

--- A folder of the work tree relative to its top: "" or "sub/".
---@param worktree string
---@param folder string
---@return string
function M.prefix(worktree, folder)
  local rel = paths.beneath(worktree, folder)
  return rel == "." and "" or rel .. "/"
end

--- The project around a directory.
---@param start? string   default: the current directory
---@return mighost.Place? place, string? message, string? name, string? fix
function M.find(start)
  local place, message, name, fix = find_place(start or ".", CONFIG)
  if not place then
    return nil, message, name, fix
  elseif not place.root then
    return nil, ("no %s here or above, up to %s"):format(CONFIG, place.worktree), "ECONFIG",
      "mighost init"
  end
  place.prefix = M.prefix(place.worktree, place.root)
  return place
end

return M
