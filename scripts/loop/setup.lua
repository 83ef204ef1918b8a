--- What a run of the loop starts from: all that can be refused for nothing is refused here.

local repo = require "host.repo"
local sys = require "host.sys"

local evidence = require "loop.evidence"
local repository = require "loop.repository"
local sessions = require "planning.session"
local settings_of = require "loop.settings"
local tables = require "lib.tables"
local targets = require "loop.targets"

local LIST_LIMIT <const> = 64 << 20 -- bytes
local QUIET <const> = { progress = true, run = true, answered = true }

-- What is told of a run's settings in its summary.
local SHOWN <const> = {
  "with", "model", "default_effort", "max_allowed_effort", "validation_text", "max_attempts",
  "max_refactors", "max_failures", "timeout", "silence",
}

---@class mighost.LoopContext
---@field project mighost.Project
---@field reg mighost.Registry
---@field settings mighost.LoopSettings
---@field session mighost.Session
---@field run mighost.LoopRun
---@field repo host.repo.Repo
---@field tracked string[] files that may be worked on
---@field report fun(event: table) tells people, and keeps what is worth it
---@field now fun(): number

---@class mighost.LoopSetup
---@field ctx mighost.LoopContext
---@field source mighost.TargetSource|nil nil: only migrations

local function read_file(path)
  local file <close>, why = io.open(path, "rb")
  if not file then
    return nil, why
  end
  local words, problem = file:read(LIST_LIMIT)
  if problem then
    return nil, ("%s: %s"):format(path, problem)
  end
  return words or "" -- nothing is read of an empty one
end

---What is kept of an event of which people are told.
local function keep_event(run, event)
  local words = event.text or event.why
  run:event {
    event = event.kind, level = event.kind == "warning" and "warning" or nil,
    role = event.role or event.step and "planning." .. event.step, attempt = event.attempt,
    retry = event.retry, target = event.target or event.slug, decision = event.decision,
    failure_kind = event.failure_kind, commit = event.commit, evidence = event.evidence,
    snapshot = event.snapshot,
    message = event.decision and words and event.decision .. ": " .. words or words,
  }
end

---The request as planning knows it; its events are kept in the evidence, too.
local function request_of(opts, ctx)
  local request = tables.copy(opts)
  request.effort, request.command = nil, "mighost " .. opts.command
  function request.on_event(event)
    if ctx.run and not QUIET[event.kind] then
      keep_event(ctx.run, event)
    end
    if opts.on_event then
      opts.on_event(event)
    end
  end
  request.on_step = function() end -- an outcome tells of it
  return request
end

local function open_targets(opts, ctx)
  if opts.focus then
    return true, nil
  end
  local source, why = targets.open(opts, {
    tracked = ctx.tracked, random = math.random, read = read_file,
    warn = function(message)
      ctx.report { kind = "warning", text = message }
    end,
  })
  if source and source.left == 0 then
    ctx.report { kind = "warning", text = "nothing matches: there is no source target" }
  end
  return source ~= nil, source or why
end

local function open_repository(ctx)
  local message, name, fix
  ctx.repo, message, name, fix = repo.open(ctx.project.worktree)
  if ctx.repo then
    ctx.tracked, message, name, fix = repository.tracked(ctx.repo, ctx.project)
  end
  return ctx.tracked and true, message, name, fix
end

local function open_evidence(opts, ctx)
  local shown = {}
  for _, name in ipairs(SHOWN) do
    shown[name] = ctx.settings[name]
  end
  local run, message, name = evidence.open(ctx.project,
    { command = opts.command, place = ctx.session.place, settings = shown })
  ctx.run = run
  return run and true, message, name
end

local M = {}

---@param project mighost.Project
---@param opts mighost.RunOptions
---@return mighost.LoopSetup|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.prepare(project, opts)
  local ctx = { project = project, now = sys.now }
  local session, message, name, fix = sessions.prepare(project, request_of(opts, ctx))
  if not session then
    return nil, message, name, fix
  end
  ctx.session, ctx.reg, ctx.report = session, session.reg, session.notify
  ctx.settings, message, name, fix = settings_of.resolve(opts, project.config, session.settings)
  if not ctx.settings then
    return nil, message, name, fix
  end
  session.settings = ctx.settings
  for _, open in ipairs { function() return session:open() end, open_repository } do
    local ok, why, code, help = open(ctx)
    if not ok then
      return nil, why, code, help
    end
  end
  local has_targets, source = open_targets(opts, ctx)
  if not has_targets then
    return nil, source, "EUSAGE"
  end
  local kept, problem, errno = open_evidence(opts, ctx)
  return kept and { ctx = ctx, source = source }, problem, errno
end

return M
