--- The project around a directory, as everything else gets it.

local config = require "project.config"
local glance = require "project.glance"
local homes = require "project.homes"
local root = require "project.root"

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
---@field team? mighost.Team    what the repository brings along, as it was when this was opened;
---       nil where it brings nothing
---@field on_print? fun(line: string, path: string)   gets what the scripts of teams print

local M = {}

--- Puts a project together from where it is and what it says about itself.
---@param place mighost.Place
---@param settings mighost.Config
---@return mighost.Project
function M.describe(place, settings)
  local live = settings.live_migrations_dir
  return {
    root = place.root,
    worktree = place.worktree,
    gitdir = place.gitdir,
    common = place.common,
    prefix = place.prefix,
    live = live,
    live_path = place.root .. "/" .. live,
    git_live = place.prefix .. live,
    config = settings,
    state_home = homes.state(),
    config_home = homes.config(),
  }
end

--- Opens the project around a directory.
---@param start? string   default: the current directory
---@return mighost.Project? project, string? message, string? name, string? fix
function M.open(start)
  local place, message, name, fix = root.find(start)
  if not place then
    return nil, message, name, fix
  end
  local settings, programs, code = config.load(place.root)
  if not settings then
    return nil, programs, code
  end
  local project = M.describe(place, settings)
  if glance.may_bring(place.root, programs) then
    project.team = require("project.team").read(place.root, programs)
    require("project.trust").settle(project)
  end
  return project
end

return M
