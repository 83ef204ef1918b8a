--- Decides how a project is set up, or how it changes where it keeps things; project.setup does it.

local fs = require "host.fs"
local sys = require "host.sys"

local config = require "project.config"
local live = require "project.live"
local paths = require "project.paths"
local root = require "project.root"
local quote = require "lib.quote"
local taste = require "project.taste"

local DEFAULT_LIVE <const> = "migrations"

---@class mighost.InitOptions
---@field repo_root? string             where to look for it; default: the current directory
---@field path? string                  the project's root, when it is not the work tree's top
---@field live_migrations_dir? string
---@field in_repo_taste? string|true    keep the taste in the repository (at this path)
---@field force? boolean                move what is in the way to set-aside

---@class mighost.Setup
---@field place mighost.Place
---@field old? mighost.Config
---@field live string
---@field taste? string
---@field moves {from: string, to: string}[]     relative to the root
---@field asides string[]                        what goes to set-aside first

local function find_root(opts)
  local place, message, name, fix = root.find_worktree(opts.repo_root)
  if not place then
    return nil, message, name, fix
  end
  if not opts.path then
    local known = root.find(opts.repo_root)
    place.root = known and known.root or place.worktree
    place.prefix = root.prefix(place.worktree, place.root)
    return place
  end
  local base = opts.repo_root and opts.path:sub(1, 1) ~= "/" and opts.repo_root .. "/" or ""
  local chosen, why, code, help = root.find_worktree(base .. opts.path)
  if not chosen then
    return nil, why, code, help
  end
  chosen.root = sys.realpath(base .. opts.path)
  chosen.prefix = root.prefix(chosen.worktree, chosen.root)
  return chosen
end

local function load_old(setup)
  local dir <close>, message, name = fs.open_dir(setup.place.root)
  local found
  if dir then
    found, message, name = dir:stat(config.path)
  end
  if not found then
    return name == "ENOENT" or nil, message, name
  end
  setup.old, message, name = config.load(setup.place.root)
  return setup.old and true, message, name
end

--- Decides about `from` and `to`: nothing to do, a move, or one with `to` set aside before.
local function plan_move(setup, from, to, opts)
  if not from or from == to or opts.is_used(from) == nil then
    return true
  elseif paths.is_beneath(from, to) or paths.is_beneath(to, from) then
    return nil, ("cannot move %s to %s: one lies in the other"):format(from, to), "EUSAGE"
  elseif opts.is_used(to) then
    if not opts.force then
      local why = "cannot move %s: %s is not empty; --force moves that out of the repository"
      return nil, why:format(from, to), "EUSAGE",
        ("mighost init %s %s --force"):format(opts.option, quote.word(to))
    end
    table.insert(setup.asides, to)
  end
  table.insert(setup.moves, { from = from, to = to })
  return true
end

local function decide_live(setup, opts)
  local old = setup.old and setup.old.live_migrations_dir
  local place = setup.place.root
  local rel, message, name = live.check(place, opts.live_migrations_dir or old or DEFAULT_LIVE)
  if not rel then
    return nil, message, name
  end
  setup.live = rel
  return plan_move(setup, old, rel, {
    force = opts.force,
    option = "--live-migrations-dir",
    is_used = function(path)
      return live.is_used(place, path)
    end,
  })
end

local function check_taste_path(setup, path)
  local rel, why = paths.normalize(paths.beneath(setup.place.root, path) or path)
  if not rel then
    return nil, ("the path of the taste %s: %q"):format(why, path), "EUSAGE"
  end
  local is_taken = paths.is_beneath(rel, setup.live) or paths.is_beneath(rel, ".git")
  if is_taken or rel == config.path then
    return nil, "the taste cannot be kept at " .. rel, "EUSAGE"
  end
  return rel
end

local function decide_taste(setup, opts)
  local old = setup.old and setup.old.taste
  local wanted = opts.in_repo_taste
  if not wanted then
    setup.taste = old
    return true
  end
  local rel, message, name = check_taste_path(setup,
    wanted == true and (old or taste.default_path) or wanted)
  if not rel then
    return nil, message, name
  end
  setup.taste = rel
  local dir <close> = fs.open_dir(setup.place.root)
  return plan_move(setup, old, rel, {
    force = opts.force,
    option = "--in-repo-taste",
    is_used = function(path)
      return dir and dir:stat(path) and true or nil
    end,
  })
end

local M = {}

--- Looks and decides; changes nothing.
---@param opts mighost.InitOptions
---@return mighost.Setup? setup, string? message, string? name, string? fix
function M.prepare(opts)
  local place, message, name, fix = find_root(opts)
  if not place then
    return nil, message, name, fix
  end
  local setup = { place = place, moves = {}, asides = {} }
  for _, decide in ipairs { load_old, decide_live, decide_taste } do
    local ok, why, code, help = decide(setup, opts)
    if not ok then
      return nil, why, code, help
    end
  end
  return setup
end

return M
