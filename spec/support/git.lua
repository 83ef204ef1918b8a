--- Scratch git repositories with an identity of their own and no configuration of the user's:
---   local repo <close> = git.repo()
---   repo:write("a.txt", "a")
---   local id = repo:commit("Add a")

local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local M = {}

--- What keeps a git started by a spec away from the user's and the system's configuration.
M.env = { GIT_CONFIG_GLOBAL = "/dev/null", GIT_CONFIG_NOSYSTEM = "1" }

---@class spec.Repo
---@field dir spec.TmpDir
---@field path string
local Repo = {}
Repo.__index = Repo

--- Runs git in any folder; raises unless it succeeds.  The last newline is cut off.
---@param path string
---@param ... string
---@return string stdout
function M.run(path, ...)
  return (sh.check { argv = { "git", "-C", path, ... }, env = M.env }:gsub("\n$", ""))
end

---@class spec.RepoOptions
---@field branch? string      default: main
---@field identity? boolean   default: true
---@field unborn? boolean     default: false, the repository then has one empty commit
---@field bare? boolean

--- A new repository in a temporary folder.
---@param opts? spec.RepoOptions
---@return spec.Repo
function M.repo(opts)
  opts = opts or {}
  local dir = tmp.dir()
  local repo = setmetatable({ dir = dir, path = dir.path }, Repo)
  repo:git("init", "-q", "-b", opts.branch or "main", opts.bare and "--bare" or "--no-bare")
  repo:git("config", "gc.auto", "0")
  if opts.identity ~= false then
    repo:git("config", "user.name", "Spec")
    repo:git("config", "user.email", "spec@example.invalid")
  end
  if not opts.unborn and not opts.bare and opts.identity ~= false then
    repo:git("commit", "-q", "--allow-empty", "-m", "Start")
  end
  return repo
end

--- A repository that is there already.
---@param path string
---@return spec.Repo
function M.attach(path)
  return setmetatable({ dir = tmp.attach(path), path = path }, Repo)
end

--- Runs git in the repository; raises unless it succeeds.
---@param ... string
---@return string stdout
function Repo:git(...)
  return M.run(self.path, ...)
end

--- Writes a file of the work tree; returns its absolute path.
---@param rel string
---@param text string
---@return string
function Repo:write(rel, text)
  return self.dir:write(rel, text)
end

--- The bytes of a file of the work tree; nil when there is none.
---@param rel string
---@return string?
function Repo:read(rel)
  return self.dir:read(rel)
end

--- Commits everything in the work tree; returns the commit's id.
---@param message string
---@return string
function Repo:commit(message)
  self:git("add", "-A")
  self:git("commit", "-q", "--allow-empty", "-m", message)
  return self:head()
end

--- The commit that HEAD names.
---@return string
function Repo:head()
  return self:git("rev-parse", "HEAD")
end

--- `git status --porcelain` with untracked files one by one; "" when clean.
---@return string
function Repo:status()
  return self:git("status", "--porcelain", "--untracked-files=all")
end

--- Removes it; a second call does nothing.
function Repo:close()
  self.dir:close()
end

Repo.__close = Repo.close

return M
