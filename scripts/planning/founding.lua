--- Sets a project up: what project.init decides and project.setup does, with git's part of it.

local config = require "project.config"
local homes = require "project.homes"
local init = require "project.init"
local live = require "project.live"
local quote = require "lib.quote"
local setup = require "project.setup"

local SUBJECT <const> = "mighost: set up planning"
local SAMPLE_SLUG <const> = "sample"

--- Nothing may be moved while a publication is under way, or before what one left is settled.
local function check_idle(place, old)
  local transactions = require "planning.transactions"
  local found = transactions.findings(place.root .. "/" .. old.live_migrations_dir, place.common)
  if #found == 0 then
    return true
  end
  return nil, "cannot move migrations now: " .. found[1].message, "EBUSY",
    "mighost migration doctor --all"
end

--- The project's folder in the state directory, and that no answer in it waits to be published.
local function find_state(place, old)
  local site, message, name, fix = require("planning.commit").open({
    root = place.root,
    live = old.live_migrations_dir,
  }, require("host.repo").open(place.worktree))
  if not site then
    return nil, message, name, fix
  end
  local workspace = require "planning.workspace"
  local folder = workspace.place(homes.state(), site:project_id())
  local waiting = workspace.slugs_with_answers(folder)[1]
  if waiting then
    return nil, "an accepted answer waits to be published: " .. waiting, "EBUSY",
      "mighost plan " .. quote.word(waiting)
  end
  return folder
end

--- What has to hold before anything is moved; fills in where set-aside is.
local function prepare_moves(plan)
  if #plan.moves == 0 then
    return true
  end
  local idle, message, name, fix = check_idle(plan.place, plan.old)
  if not idle then
    return nil, message, name, fix
  end
  local folder, why, code, help = find_state(plan.place, plan.old)
  plan.set_aside = folder and folder .. "/set-aside"
  return folder and true, why, code, help
end

--- The paths, relative to the root, that say how this project plans.
local function list_shared(plan)
  local shared = { config.path, plan.live .. "/" .. live.attributes_file, plan.taste }
  for _, move in ipairs(plan.moves) do
    table.insert(shared, move.from)
    table.insert(shared, move.to)
  end
  return shared
end

local function check_clean_moves(plan)
  local git = require "planning.git"
  for _, move in ipairs(plan.moves) do
    local clean, message, name = git.is_clean(plan.place.root, { move.from })
    if not clean then
      return nil, message or ("%s has changes that are not committed"):format(move.from),
        name or "EDIRTY", "git status " .. quote.word(move.from)
    end
  end
  return true
end

local function check_attributes(plan)
  local prefix = plan.place.root:sub(#plan.place.worktree + 2)
  prefix = prefix == "" and "" or prefix .. "/"
  return require("planning.attributes").check({
    worktree = plan.place.worktree,
    live_path = plan.place.root .. "/" .. plan.live,
    git_live = prefix .. plan.live,
  }, SAMPLE_SLUG)
end

local function share(plan, wants_commit)
  local git = require "planning.git"
  local root, paths = plan.place.root, list_shared(plan)
  local result = { root = root, commands = {} }
  local clean, message, name = git.is_clean(root, paths)
  if clean == nil then
    return nil, message, name
  elseif clean then
    return result
  elseif wants_commit then
    local oid, why, code = git.commit_paths(root, paths, SUBJECT)
    result.commit = oid
    return oid and result, why, code
  end
  local words = quote.words(paths)
  local prefix = "git -C " .. quote.word(root)
  result.commands = {
    ("%s add --all -- %s"):format(prefix, words),
    ("%s commit -m %s -- %s"):format(prefix, quote.word(SUBJECT), words),
  }
  return result
end

local M = {}

--- Sets a project up, or changes where it keeps things.
---@param request mighost.InitRequest
---@return mighost.InitResult? result, string? message, string? name, string? fix
function M.init(request)
  local plan, message, name, fix = init.prepare(request)
  if not plan then
    return nil, message, name, fix
  end
  local checks = { prepare_moves, request.commit and check_clean_moves or nil }
  for _, check in ipairs(checks) do
    local ok, why, code, help = check(plan)
    if not ok then
      return nil, why, code, help
    end
  end
  if request.dry_run then
    return { root = plan.place.root, commands = {}, would = setup.describe(plan) }
  end
  local done, why, code, help = setup.apply(plan, {
    notify = request.notify or function() end,
    check = check_attributes,
  })
  if not done then
    return nil, why, code, help
  end
  return share(plan, request.commit)
end

return M
