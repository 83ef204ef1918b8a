--- The interface for command scripts, mighost's own included: `local mighost = require "mighost"`.
---
--- Everything the world can refuse comes back as `nil, message, NAME, fix`: one line for people, a
--- name to branch on, and where there is one the command to run next.  A wrong argument raises.
---
---   local project = assert(mighost.open { repo_root = "../other" })
---   for _, row in ipairs(mighost.list(project)) do print(row.slug, row.status) end
---   assert(mighost.plan { project = project, target = "Split the parser", with = "replay" })

local config = require "project.config"
local homes = require "project.homes"
local root = require "project.root"

-- Grows by one whenever something documented here changes so that a script may have to change too.
local INTERFACE <const> = 1

local M = {}

M.interface = INTERFACE

---@class mighost.Project
---@field root string          where .mighost/ is; absolute
---@field worktree string      top of the git work tree around it
---@field gitdir string        this work tree's git directory
---@field common string        the git directory shared by all linked work trees
---@field prefix string        root relative to worktree: "" or "sub/"
---@field live string          the live migrations directory, relative to root
---@field live_path string     the same, absolute
---@field git_live string      the same, relative to worktree
---@field config mighost.Config
---@field state_home string    the user's folder for workspaces and evidence
---@field config_home string   the user's folder for scripts and taste

local function describe(place, settings)
  return {
    root = place.root,
    worktree = place.worktree,
    gitdir = place.gitdir,
    common = place.common,
    prefix = place.prefix,
    live = settings.live_migrations_dir,
    live_path = place.root .. "/" .. settings.live_migrations_dir,
    git_live = place.prefix .. settings.live_migrations_dir,
    config = settings,
    state_home = homes.state(),
    config_home = homes.config(),
  }
end

--- Opens the project around a directory.
---@param opts? {repo_root?: string}   default: the current directory
---@return mighost.Project? project, string? message, string? name, string? fix
function M.open(opts)
  local place, message, name, fix = root.find(opts and opts.repo_root)
  if not place then
    return nil, message, name, fix
  end
  local settings, why, code = config.load(place.root)
  if not settings then
    return nil, why, code
  end
  return describe(place, settings)
end

--- What runs here and what the system offers.
---@param folder? string   a folder to try the file system in
---@return mighost.System
function M.version(folder)
  local system = require("planning.system").describe(folder)
  system.interface = INTERFACE
  return system
end

---@class mighost.InitRequest: mighost.InitOptions
---@field commit? boolean                commit what was written
---@field dry_run? boolean               only say what would be done
---@field notify? fun(done: string)      called after each thing done

---@class mighost.InitResult
---@field root string
---@field commands string[]   the git commands that share the configuration; empty when that is done
---@field commit? string      the commit that was made
---@field would? string[]     with dry_run: what would be done

--- Sets a project up, or changes where it keeps things.
---@param request mighost.InitRequest
---@return mighost.InitResult? result, string? message, string? name, string? fix
function M.init(request)
  return require("planning.founding").init(request)
end

return M
