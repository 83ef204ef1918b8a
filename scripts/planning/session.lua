--- What every command that asks an agent sets up: trusted scripts, settings, the place of
--- publication, the folder for evidence; and its cleaning up at the end.

local repo = require "host.repo"

local artifacts = require "planning.artifacts"
local commit = require "planning.commit"
local older = require "planning.older"
local preflight = require "planning.preflight"
local registry = require "planning.registry"
local settings = require "planning.settings"
local trust = require "project.trust"
local workspace = require "planning.workspace"

---@class mighost.Session
---@field project mighost.Project
---@field reg mighost.Registry
---@field settings mighost.PlanSettings
---@field again string[] options to be given again by whoever goes on
---@field notify fun(event: table)
---@field on_step fun(step: mighost.Step)
---@field repo host.repo.Repo|nil once it is open
---@field site host.publish.Site|nil likewise
---@field place string|nil likewise: the project's folder in the state directory
---@field run mighost.Run|nil once there is evidence to keep
local Session <const> = {}
Session.__index = Session

---Opens the place of publication; whatever may refuse that costs nothing.
---@return true|nil
---@return string? message
---@return string? NAME
---@return string? fix
function Session:open()
  local project = self.project
  local opened, message, name, fix = repo.open(project.worktree)
  if not opened then
    return nil, message, name, fix
  end
  opened:ask_identity() -- where that fails, preflight hears of it
  require "planning.engine" -- what a step needs is loaded while git looks who commits
  local ok, why, code, help = preflight.check_repository(opened)
  if ok then
    ok, why, code, help = preflight.check_live(project)
  end
  if ok then
    ok, why, code, help = older.check(project.live_path)
  end
  if not ok then
    return nil, why, code, help
  end
  self.repo = opened
  self.site, why, code, help = commit.open(project, opened)
  if not self.site then
    return nil, why, code, help
  end
  self.place = workspace.place(project.state_home, self.site:project_id())
  return true
end

---Makes the folder for the evidence of this run.
---@param command string its words, without "mighost" and its options
---@return true|nil
---@return string? message
---@return string? NAME
function Session:start_evidence(command)
  local run, message, name =
    artifacts.start(self.project.state_home, self.project.root, command)
  if not run then
    return nil, message, name
  end
  self.run = run
  self.notify { kind = "run", id = run.id, path = run.path }
  return true
end

---The engine's options for a step.
---@param slug string
---@return mighost.StepOptions
function Session:step_options(slug)
  local chosen = self.settings
  return {
    slug = slug,
    pipeline = chosen.pipeline,
    no_pipeline = chosen.no_pipeline,
    insists = chosen.insists,
    site = self.site,
    run = self.run,
    with = chosen.with,
    model = chosen.model,
    effort = chosen.effort,
    timeout = chosen.timeout,
    silence = chosen.silence,
    timeout_given = chosen.timeout_given,
    silence_given = chosen.silence_given,
    max_wait = chosen.max_wait,
    agent_command = chosen.agent_command,
    recording = chosen.recording,
    record = chosen.record,
    strict = chosen.strict,
    sandbox = chosen.sandbox,
    agent_env = chosen.agent_env,
    pass_env = chosen.pass_env,
    taste = chosen.taste,
    prefix = chosen.prefix,
    again = self.again,
    on_event = function(event)
      if event.kind == "accepted" then
        if self.run then
          self.run.about.commits = (self.run.about.commits or 0) + 1
        end
        return self.on_step(event.step)
      end
      self.notify(event)
    end,
  }
end

---Notes how the run ended, and removes what older ones of this project left beyond the newest few.
---@param failure? string why it failed
function Session:clear_up(failure)
  if self.run then
    self.run:finish(failure and "failed" or "completed", failure)
  end
  self:remove_old()
end

---Opens the session, acts in it with evidence of its own, and clears up whatever became of it.
---@param command string its words, without "mighost" and its options
---@param act fun(): any, string?, string?, string?
---@return any result what `act` gives
---@return string? message
---@return string? NAME
---@return string? fix
function Session:work(command, act)
  local ready, message, name, fix = self:open()
  if ready then
    ready, message, name, fix = self:start_evidence(command)
  end
  if not ready then
    return nil, message, name, fix
  end
  local result, failure, kind, repair = act()
  self:clear_up(failure)
  return result, failure, kind, repair
end

---The second half of `clear_up`, for a run that notes its end itself.
function Session:remove_old()
  local project = self.project
  artifacts.prune(project.state_home, project.root, project.config.keep_runs)
  workspace.prune(self.place, function(slug)
    return (self.site:lease(slug, "clear up"))
  end)
end

local M = {}

---Prepares everything that can be decided without the repository.
---@param project mighost.Project
---@param opts mighost.PlanOptions
---@return mighost.Session|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.prepare(project, opts)
  local ok, message, name, fix = trust.check(project)
  if not ok then
    return nil, message, name, fix
  end
  local reg = registry.new(project)
  local chosen, why, code, help = settings.resolve(project, reg, opts)
  if not chosen then
    return nil, why, code, help
  end
  local rules, trouble, errno, advice = reg:rules() -- every step has to pass them in the end
  if not rules then
    return nil, trouble, errno, advice
  end
  local notify = opts.on_event or function() end
  if chosen.sandbox_note then
    notify { kind = "warning", text = chosen.sandbox_note }
  end
  return setmetatable({
    project = project, reg = reg, settings = chosen,
    again = opts.again or {},
    notify = notify,
    on_step = opts.on_step or function() end,
  }, Session)
end

return M
