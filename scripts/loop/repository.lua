--- What the choice of targets needs to know about the repository: which files it tracks, what is in
--- them, and which of them change together.

local fs = require "host.fs"

local COMMITS <const> = "20"
local LONGEST <const> = { max = 256 * 1024 } -- bytes of a file that is looked into
local REGULAR <const> = { ["100644"] = true, ["100755"] = true }
local CONFIGURATION <const> = ".mighost/"

---The part of a path after a prefix; nil when it begins with something else.
local function beneath(path, beginning)
  return path:sub(1, #beginning) == beginning and path:sub(#beginning + 1) or nil
end

local M = {}

---The regular files of the project that git tracks, sorted, without mighost's own: its
---configuration and the migrations.
---@param repo host.repo.Repo
---@param project { prefix: string, live: string }
---@return string[]|nil paths from the project's root
---@return string? message
---@return string? NAME
function M.tracked(repo, project)
  local out, message, name = repo:git { "ls-files", "-z", "--stage" }
  if not out then
    return nil, message, name
  end
  local paths, last = {}, nil
  for mode, full in out:gmatch("(%d+) [^\t]*\t([^\0]*)\0") do
    local path = beneath(full, project.prefix)
    local is_ours = not path or beneath(path, project.live .. "/") or beneath(path, CONFIGURATION)
    if REGULAR[mode] and not is_ours and path ~= last then -- a conflict lists one thrice
      paths[#paths + 1], last = path, path
    end
  end
  return paths
end

---How many of the last twenty commits of a file changed each other file of the project too.
---@param repo host.repo.Repo
---@param project { prefix: string }
---@param path string from the project's root
---@return table<string, integer>|nil
---@return string? message
---@return string? NAME
function M.together(repo, project, path)
  local out, message, name = repo:git {
    "--literal-pathspecs", "log", "--max-count=" .. COMMITS, "--full-diff", "--name-only",
    "--no-renames", "-z", "--format=", "--", project.prefix .. path,
  }
  if not out then
    return nil, message, name
  end
  local counts = {}
  for full in out:gmatch("[^\0]+") do
    local changed = beneath(full, project.prefix)
    if changed and changed ~= path then
      counts[changed] = (counts[changed] or 0) + 1
    end
  end
  return counts
end

---A reader of the project's texts: nil for what is missing, too long, or not a plain file.
---@param root string
---@return (fun(path: string): string|nil)|nil
---@return string? message
---@return string? NAME
function M.reader(root)
  local dir, message, name = fs.open_dir(root)
  if not dir then
    return nil, message, name
  end
  return function(path)
    return (dir:read(path, LONGEST))
  end
end

return M
