--- What the choice of targets asks of the repository: which files it tracks, what is in them, and
--- which of them change together.

local fs = require "host.fs"

local COMMITS <const> = "20"
local LONGEST <const> = { max = 256 * 1024 } -- bytes of a file that is looked into
local REGULAR <const> = { ["100644"] = true, ["100755"] = true }
local CONFIGURATION <const> = ".mighost/"

local M = {}

---The regular files that git tracks, sorted, without mighost's own: its configuration and the
---migrations.
---@param repo host.repo.Repo
---@param project { prefix: string, git_live: string }
---@return string[]|nil paths from the top of the work tree
---@return string? message
---@return string? NAME
function M.tracked(repo, project)
  local out, message, name = repo:git { "ls-files", "-z", "--stage" }
  if not out then
    return nil, message, name
  end
  local hidden = { project.git_live .. "/", project.prefix .. CONFIGURATION }
  local paths, last = {}, nil
  for mode, path in out:gmatch("(%d+) [^\t]*\t([^\0]*)\0") do
    local is_ours = false
    for _, folder in ipairs(hidden) do
      is_ours = is_ours or path:sub(1, #folder) == folder
    end
    if REGULAR[mode] and not is_ours and path ~= last then -- a conflict lists one thrice
      paths[#paths + 1], last = path, path
    end
  end
  return paths
end

---How many of the last twenty commits of a file changed each other file too.
---@param repo host.repo.Repo
---@param path string
---@return table<string, integer>|nil
---@return string? message
---@return string? NAME
function M.together(repo, path)
  local out, message, name = repo:git {
    "--literal-pathspecs", "log", "--max-count=" .. COMMITS, "--full-diff", "--name-only",
    "--no-renames", "-z", "--format=", "--", path,
  }
  if not out then
    return nil, message, name
  end
  local counts = {}
  for changed in out:gmatch("[^\0]+") do
    if changed ~= path then
      counts[changed] = (counts[changed] or 0) + 1
    end
  end
  return counts
end

---A reader of the work tree's texts: nil for what is missing, long, or no plain file.
---@param worktree string
---@return (fun(path: string): string|nil)|nil
---@return string? message
---@return string? NAME
function M.reader(worktree)
  local dir, message, name = fs.open_dir(worktree)
  if not dir then
    return nil, message, name
  end
  return function(path)
    return (dir:read(path, LONGEST))
  end
end

return M
