--- A scratch project that brings scripts along, as a user with folders of their own sees it:
---   local theirs <close> = brought.new { [".mighost/rules/own.lua"] = "…" }
---   local project = theirs:open()

local config = require "project.config"
local git = require "spec.support.git"
local json = require "lib.json"
local open = require "project.open"
local program = require "spec.support.program"
local root = require "project.root"
local tables = require "lib.tables"
local team = require "project.team"
local tmp = require "spec.support.tmp"
local trust = require "project.trust"

local M = {}

---@class spec.Brought
---@field repo spec.Repo
---@field home spec.TmpDir
---@field path string
local Brought = {}
Brought.__index = Brought

--- A repository with these files and these keys in its configuration; nothing is committed.
---@param files? table<string, string>
---@param keys? table<string, any>
---@return spec.Brought
function M.new(files, keys)
  local repo = git.repo()
  local settings = tables.copy({ schema_version = 1, live_migrations_dir = "migrations" }, keys)
  repo.dir:mkdir("migrations")
  repo:write(config.path, json.encode(settings))
  for path, text in pairs(files or {}) do
    repo:write(path, text)
  end
  return setmetatable({ repo = repo, home = tmp.dir(), path = repo.path }, Brought)
end

--- The project as mighost.open gives it, with this user's state folder.
---@param path? string   another work tree
---@return mighost.Project
function Brought:open(path)
  local place = assert(root.find(path or self.path))
  local settings, programs = config.load(place.root)
  local project = open.describe(place, assert(settings, programs))
  project.state_home = self.home:join("state/mighost")
  project.team = team.read(place.root, programs)
  trust.settle(project)
  return project
end

--- Runs mighost as this user.
---@param args string[]
---@param opts? {cwd?: string, env?: table<string, string|false>, stdin?: string}
---@return spec.Result
function Brought:run(args, opts)
  opts = opts or {}
  local env = tables.copy({ HOME = self.home.path, XDG_STATE_HOME = self.home:join("state"),
    XDG_CONFIG_HOME = self.home:join("config"), MIGHOST_TRUST = false }, opts.env)
  return program.run { args = args, cwd = opts.cwd or self.path, env = env, stdin = opts.stdin }
end

--- Removes everything; a second call does nothing.
function Brought:close()
  self.repo:close()
  self.home:close()
end

Brought.__close = Brought.close

return M
