--- What a plan command would do, found out without an agent and without writing anything.

local fs = require "host.fs"
local repo = require "host.repo"

local attributes = require "planning.attributes"
local candidates = require "planning.candidates"
local git = require "planning.git"
local jobs = require "planning.job"
local leases = require "planning.leases"
local older = require "planning.older"
local preflight = require "planning.preflight"
local quote = require "lib.quote"
local workflow = require "planning.workflow"

---@class mighost.DryRun
---@field slug string|nil
---@field steps mighost.Step[] none
---@field stands string
---@field message string|nil
---@field would string[] what would be done, a line each

local function check_repository(project)
  local opened, message, name, fix = repo.open(project.worktree)
  if not opened then
    return nil, message, name, fix
  end
  local ok, why, code, help = preflight.check_repository(opened)
  if not ok then
    return nil, why, code, help
  end
  return preflight.check_live(project)
end

local function check_clean(project, slug)
  local path = ("%s/%s"):format(project.git_live, slug)
  local output, message, name = git.run(project.worktree, "--no-optional-locks", "status",
    "--porcelain", "--untracked-files=all", "--ignored", "--", path)
  if not output then
    return nil, message, name
  elseif output ~= "" then
    return nil, ("%s has changes that are not committed: %s"):format(path, output:match("^[^\n]*")),
      "EDIRTY", "git status " .. quote.word(path)
  end
  return true
end

---The pipeline and the stage that is due; for a new migration, the first of the pipeline chosen.
local function look_at(session, slug)
  local project, chosen = session.project, session.settings
  local wanted = {
    slug = slug, target = session.choice.target, pipeline = chosen.pipeline,
    no_pipeline = chosen.no_pipeline, insists = chosen.insists,
    published = ("%s/%s"):format(project.live, slug),
  }
  local dir <close>, message, name = fs.open_dir(("%s/%s"):format(project.live_path, slug))
  if not dir and name ~= "ENOENT" then
    return nil, message, name
  end
  local read, state, code, fix = jobs.load(dir, wanted)
  if not read then
    return nil, state, code, fix
  end
  local stages, why, errno, help = workflow.load_for(session.reg, dir, state)
  if not stages then
    return nil, why, errno, help
  end
  return { step = state.next_step, is_new = dir == nil, stands = "planning" }
end

local function inspect(session, slug)
  local checks = {
    function() return attributes.check(session.project, slug) end,
    function() return older.check(session.project.live_path, slug) end,
    function() return check_clean(session.project, slug) end,
  }
  for _, check in ipairs(checks) do
    local ok, message, name, fix = check()
    if not ok then
      return nil, message, name, fix
    end
  end
  return look_at(session, slug)
end

local function tell(session, slug, found)
  local lines = {}
  if found.is_new then
    lines[1] = ("start the migration %s for: %s"):format(slug, session.choice.target)
  end
  lines[#lines + 1] = ("ask the agent %s for %s of %s"):format(session.settings.with,
    found.step, slug)
  lines[#lines + 1] = ("publish the accepted answer as one commit: %s: planning/%s/%s"):format(
    session.settings.prefix, slug, found.step)
  return { slug = slug, steps = {}, stands = found.stands, would = lines }
end

---The first migration of the choice that nobody works on now.
local function first_free(session)
  local busy, holder
  for _, slug in ipairs(session.choice.slugs) do
    holder = leases.holder(session.project, slug)
    if not holder then
      return slug
    end
    busy = slug
  end
  return nil, ("%s is being worked on: %s"):format(busy, holder:match("^[^\n]*")), "EBUSY"
end

local M = {}

---@param session table what run.lua prepared
---@param opts mighost.PlanOptions
---@return mighost.DryRun|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.describe(session, opts)
  local ok, message, name, fix = check_repository(session.project)
  if not ok then
    return nil, message, name, fix
  end
  local choice, why, code, help = candidates.choose(session.project, nil, opts, session.notify)
  if not choice then
    return nil, why, code, help
  elseif #choice.slugs == 0 then
    return { steps = {}, stands = "nothing", message = "nothing to plan", would = {} }
  end
  session.choice = choice
  local slug, busy, held = first_free(session)
  if not slug then
    return nil, busy, held
  end
  local found, problem, errno, advice = inspect(session, slug)
  if not found and errno == "EDONE" then
    return { slug = slug, steps = {}, stands = "nothing", message = problem, would = {} }
  elseif not found then
    return nil, problem, errno, advice
  end
  return tell(session, slug, found)
end

return M
