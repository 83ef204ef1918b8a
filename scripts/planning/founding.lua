--- Sets a project up: project.init decides, project.setup acts, and this adds git's part.

local config = require "project.config"
local editor = require "project.editor"
local example = require "project.example"
local folder = require "project.folder"
local init = require "project.init"
local live = require "project.live"
local open = require "project.open"
local quote = require "lib.quote"
local setup = require "project.setup"

local SUBJECT <const> = "mighost: set up planning"
local SAMPLE_SLUG <const> = "sample"

--- That git lets this user into the repository: nothing is written where it does not.
local function check_repository(place)
  local repo <close>, message, name, fix = require("host.repo").open(place.worktree)
  return repo and true, message, name, fix
end

--- Nothing may be moved while a publication is under way, or while a dead one's remains are there.
local function check_idle(old)
  local found = require("planning.transactions").findings(old.live_path, old.common)
  if #found == 0 then
    return true
  end
  return nil, "cannot move migrations now: " .. found[1].message, "EBUSY",
    "mighost migration doctor --all"
end

--- The project's folder in the state directory; refuses when an answer in it waits to be published.
local function find_state(old)
  local home <close>, why, errno = folder.open(old.state_home)
  if not home then
    return nil, why, errno
  end
  local repo <close>, problem, code, help = require("host.repo").open(old.worktree)
  if not repo then
    return nil, problem, code, help
  end
  local site, message, name, fix = require("planning.commit").open(old, repo)
  if not site then
    return nil, message, name, fix
  end
  local workspace = require "planning.workspace"
  local place = workspace.place(old.state_home, site:project_id())
  local waiting = workspace.slugs_with_answers(place)[1]
  if waiting then
    return nil, "an accepted answer waits to be published: " .. waiting, "EBUSY",
      "mighost plan " .. quote.word(waiting)
  end
  return place
end

--- Checks what must hold before anything is moved; fills in where set-aside is.
local function prepare_moves(plan)
  if #plan.moves == 0 then
    return true
  end
  local old = open.describe(plan.place, plan.old)
  local idle, message, name, fix = check_idle(old)
  if not idle then
    return nil, message, name, fix
  end
  local place, why, code, help = find_state(old)
  plan.set_aside = place and place .. "/set-aside"
  return place and true, why, code, help
end

--- The paths, relative to the root, that say how this project plans.
local function list_shared(plan)
  local shared = { config.path, editor.ignore_file, plan.live .. "/" .. live.attributes_file }
  table.insert(shared, plan.taste)
  for _, move in ipairs(plan.moves) do
    if require("planning.git").is_tracked(plan.place.root, move.from) then
      table.insert(shared, move.from)
    end
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
  local now = open.describe(plan.place, { live_migrations_dir = plan.live })
  return require("planning.attributes").check(now, SAMPLE_SLUG)
end

local function share(plan, wants_commit, written)
  local git = require "planning.git"
  local root, paths = plan.place.root, list_shared(plan)
  table.move(written and written.files or {}, 1, written and #written.files or 0, #paths + 1, paths)
  local result = { root = root, commands = {} }
  local clean, message, name = git.is_clean(root, paths)
  if clean == nil then
    return nil, message, name
  elseif clean then
    return result
  elseif wants_commit then
    local oid, why, code, fix = git.commit_paths(root, paths, SUBJECT)
    result.commit = oid
    return oid and result, why, code, fix
  end
  local words = quote.words(paths)
  local prefix = "git -C " .. quote.word(root)
  result.commands = {
    ("%s add --all -- %s"):format(prefix, words),
    ("%s commit -m %s -- %s"):format(prefix, quote.word(SUBJECT), words),
  }
  return result
end

--- Whether what was asked for besides can be done.
local function check_request(plan, request)
  if request.commit then
    local ok, message, name, fix = check_clean_moves(plan)
    if not ok then
      return nil, message, name, fix
    end
  end
  if request.example then
    return example.check(plan.place.root, request.example)
  end
  return true
end

--- The example that was asked for; false where none was.
local function add_example(plan, request)
  if not request.example then
    return false
  end
  return example.write(plan.place.root, request.example, request.notify or function() end)
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
  local ready, trouble, kind, advice = check_repository(plan.place)
  if ready then
    ready, trouble, kind, advice = prepare_moves(plan)
  end
  if ready then
    ready, trouble, kind, advice = check_request(plan, request)
  end
  if not ready then
    return nil, trouble, kind, advice
  end
  if request.dry_run then
    local would = setup.describe(plan)
    if request.example then
      table.insert(would, "create the example of a " .. request.example)
    end
    return { root = plan.place.root, commands = {}, would = would }
  end
  local done, why, code = setup.apply(plan, request.notify or function() end)
  if not done then
    return nil, why, code
  end
  local exact, problem, name_of, help = check_attributes(plan)
  if not exact then
    return nil, problem, name_of, help
  end
  local written, failure, number = add_example(plan, request)
  if written == nil then
    return nil, failure, number
  end
  local result, trouble_of, errno, way = share(plan, request.commit, written)
  if result then
    result.example = written or nil
  end
  return result, trouble_of, errno, way
end

return M
