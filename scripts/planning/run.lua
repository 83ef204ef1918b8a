--- A plan command: checks everything that can be checked at no cost, then takes step after step.

local attributes = require "planning.attributes"
local candidates = require "planning.candidates"
local sessions = require "planning.session"

---@class mighost.PlanOptions
---@field project? mighost.Project default: the one around `repo_root`
---@field repo_root? string default: the current directory
---@field slug? string a migration, or the name of a new one
---@field target? string what a new migration is about
---@field steps? integer how many steps to take, 1 by default
---@field to_end? boolean go on until planning is over
---@field with? string name of the agent
---@field model? string
---@field effort? "low"|"medium"|"high"|"xhigh"
---@field agent_command? string the program and its arguments, for the agent `command`
---@field recording? string folder to answer from, for the agent `replay`
---@field strict? boolean a prompt that differs from the recorded one is an error
---@field record? string folder to record to
---@field pipeline? string of a new migration
---@field timeout? integer seconds for a whole call
---@field silence_timeout? integer seconds without output
---@field max_wait? integer seconds to spend on waiting where the agent is rate-limited
---@field asks_nobody? boolean no agent is needed, and none is chosen
---@field pass_env? string[] names of further variables that agents get; "X_*" for all of X_
---@field sandbox? "auto"|"require"|"off" how agents are held to where they may write
---@field dry_run? boolean only check and say what would happen
---@field again? string[] options for commands that messages tell people to run
---@field command? string the command to which such options belong; default: mighost plan
---@field on_event? fun(event: table)
---@field on_step? fun(step: mighost.Step) called for each accepted step as it happens

---@class mighost.PlanResult
---@field slug string|nil nil when there was nothing to plan
---@field steps mighost.Step[]
---@field stands "planning"|"ready"|"awaiting-human"|"skipped"|"nothing"
---@field message string|nil why no step was taken
---@field artifacts string|nil folder with the evidence

---One step of this migration; `EDONE` when its planning is over.
local function take_step(session, slug)
  local ok, message, name, fix = attributes.check(session.project, slug, session.repo)
  if not ok then
    return nil, message, name, fix
  end
  local opts = session:step_options(slug)
  opts.target = session.choice.target
  return require("planning.engine").step(session.project, session.reg, opts)
end

---The first step, of the first migration that nobody else works on.
local function take_first(session)
  local slugs = session.choice.slugs
  for index, slug in ipairs(slugs) do
    local step, message, name, fix = take_step(session, slug)
    if step or name ~= "EBUSY" or index == #slugs then
      return step, message, name, fix, slug
    end
    session.notify { kind = "busy", slug = slug, text = message }
  end
end

local function nothing_to_plan(choice)
  local waiting = choice.waiting
  if waiting.cooling > 0 then
    return nil, ("nothing can be planned now: %d cooling down"):format(waiting.cooling), "ECOOLING",
      "mighost migration list --status planning"
  elseif waiting.human > 0 then
    return nil, ("nothing can be planned now: %d waiting for a human"):format(waiting.human),
      "EHUMAN",
      "mighost migration list --awaiting-review"
  end
  return { steps = {}, stands = "nothing", message = "nothing to plan" }
end

local function accept_step(result, step)
  result.slug, result.stands = step.slug, step.stands
  result.steps[#result.steps + 1] = step
end

local function is_finished(result, opts)
  return result.stands ~= "planning" or not opts.to_end and #result.steps >= (opts.steps or 1)
end

local function take_steps(session, opts)
  local result = { steps = {}, stands = "planning", artifacts = session.run.path }
  local step, message, name, fix, slug = take_first(session)
  while step do
    accept_step(result, step)
    if is_finished(result, opts) then
      return result
    end
    step, message, name, fix = take_step(session, step.slug)
  end
  if name == "EDONE" then
    result.slug, result.message, result.stands = slug, message, "nothing"
    return result
  end
  return nil, message, name, fix
end

local M = {}

---Plans one migration: a step, several, or to the end.
---@param project mighost.Project
---@param opts mighost.PlanOptions
---@return mighost.PlanResult|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.plan(project, opts)
  local session, message, name, fix = sessions.prepare(project, opts)
  if not session then
    return nil, message, name, fix
  elseif opts.dry_run then
    return require("planning.dry_run").describe(session, opts)
  end
  local opened, why, code, help = session:open()
  if not opened then
    return nil, why, code, help
  end
  local choice, problem, errno, advice =
    candidates.choose(project, session.place, opts, session.notify)
  if not choice then
    return nil, problem, errno, advice
  elseif #choice.slugs == 0 then
    return nothing_to_plan(choice)
  end
  session.choice = choice
  local ok, trouble, number = session:start_evidence("plan")
  if not ok then
    return nil, trouble, number
  end
  local result, failure, kind, repair = take_steps(session, opts)
  session:clear_up(failure)
  return result, failure, kind, repair
end

return M
