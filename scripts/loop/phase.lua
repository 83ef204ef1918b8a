--- The phase tick: finds a phase that may run now, has it carried out, and records it as done in
--- the same commit.  What cannot run now is deferred, what only a person can tell is handed over.

local fs = require "host.fs"
local repos = require "host.repo"

local accept = require "planning.accept"
local actions = require "loop.action"
local candidates = require "loop.candidates"
local carry = require "loop.carry"
local commit = require "planning.commit"
local deferrals = require "loop.deferral"
local efforts = require "loop.effort"
local execution = require "loop.execution"
local quote = require "lib.quote"
local readiness = require "loop.readiness"
local recover = require "planning.recover"
local tables = require "lib.tables"
local words = require "loop.words"

local GATE <const> = "phase.execution-gate"
local BUDGET <const> = "phase.effort-budget"
local OVER_BUDGET <const> = "phase-effort-over-budget"
local NONE <const> = { decision = "none", retry = "none", role = GATE }
local EXECUTED <const> = { ["phase.execute"] = true, ["phase.validation"] = true }
local IN_THE_WAY <const> = { EDIRTY = true, EMERGING = true, EBUSY = true }

---@class mighost.PhaseScan
---@field ctx table
---@field attempt integer|nil
---@field repo host.repo.Repo
---@field site host.publish.Site
---@field memory { deferred: table<string, mighost.Deferral>, blocked: table<string, boolean> }
---@field collected mighost.Deferral[] what cannot run now
---@field action mighost.Action|nil once the work tree is taken
local Scan <const> = {}
Scan.__index = Scan

---Gives the work tree back as it was, whatever happened.
Scan.__close = function(scan)
  local _ <close> = scan.action
  scan.site:close()
  scan.repo:close()
end

local function about_of(candidate)
  return ("%s/%s"):format(candidate.slug, candidate.phase.file)
end

local function is_affordable(ctx)
  return function(phase)
    return not efforts.exceeds(execution.effort(ctx, phase), ctx.settings.max_allowed_effort)
  end
end

---An outcome about a phase that was not carried out.
local function outcome_of(scan, candidate, fields)
  return tables.copy({
    retry = "none", failure_kind = "none", slug = candidate.slug, phase = candidate.phase.file,
    target = about_of(candidate), effort = execution.effort(scan.ctx, candidate.phase),
  }, fields)
end

---Remembers for the rest of the run what cannot run now; it is written once nothing is executed.
local function defer(scan, candidate, kind, why)
  local deferral = { slug = candidate.slug, phase = candidate.phase.name,
    file = candidate.phase.file, failure_kind = kind, why = why }
  scan.memory.deferred[candidate.slug] = deferral
  scan.collected[#scan.collected + 1] = deferral
  scan.ctx.run:event { event = "deferred", role = kind == OVER_BUDGET and BUDGET or readiness.ROLE,
    target = about_of(candidate), message = why }
end

---What has to hold before a phase runs; an outcome where it does not.
local function check_gate(scan, candidate)
  local project = scan.ctx.project
  local dir <close>, message, name =
    fs.open_dir(("%s/%s"):format(project.live_path, candidate.slug))
  local fit = nil
  if dir then
    fit, message, name = accept.check_rules(scan.ctx.reg, dir, { slug = candidate.slug,
      mode = "execution-gate", staged = false,
      published = ("%s/%s"):format(project.live, candidate.slug) })
  end
  if fit then
    return nil
  end
  scan.memory.blocked[about_of(candidate)] = true
  return outcome_of(scan, candidate, { decision = "blocked", retry = "human-review", role = GATE,
    failure_kind = "migration-consistency-error", summary = message, name = name,
    next_step = "Run: mighost migration doctor " .. quote.word(candidate.slug) })
end

---Takes the work tree for this tick, if that was not done yet; nil and an outcome where it cannot
---be had, or nil, nil and a failure.
local function take_worktree(scan, candidate)
  local about = { kind = "phase", slug = candidate.slug, phase = candidate.phase.file,
    target = about_of(candidate) }
  if scan.action then
    local noted, message, name = scan.action:note("executing", about)
    return noted, nil, message, name
  end
  local action, message, name, fix = actions.begin(scan.ctx, about)
  if action then
    scan.action = action
    return true
  elseif IN_THE_WAY[name] then
    return nil, outcome_of(scan, candidate, { decision = "blocked", retry = "human-review",
      role = GATE, summary = message, name = name, next_step = fix })
  end
  return nil, nil, message, name
end

---Asks an agent whether the phase may start: true; else nil and perhaps an outcome.
local function check_ready(scan, candidate, about)
  local said, message, name = readiness.ask(scan.ctx, scan.action, about)
  if not said then
    return nil, nil, message, name
  elseif said.ready == "yes" then
    return true
  elseif said.ready == "no" then
    defer(scan, candidate, "phase-ready-no", said.reason)
    return nil
  end
  local fields = { role = readiness.ROLE, summary = said.reason, evidence = said.evidence,
    usage = said.usage }
  if said.ready == "unverifiable" then
    defer(scan, candidate, "phase-ready-unverifiable", said.reason)
    fields.decision, fields.retry = "blocked", "human-review"
    fields.failure_kind = "phase-ready-unverifiable"
    fields.next_step = "Run: mighost migration review " .. quote.word(candidate.slug)
  else
    fields.decision, fields.retry = "abandon", "new-target"
    fields.failure_kind, fields.name = said.failure_kind, said.name
  end
  return nil, outcome_of(scan, candidate, fields)
end

---The candidate as it is now; nil where it no longer is one.
local function read_again(scan, candidate)
  local now = candidates.read(scan.ctx, candidate.slug, is_affordable(scan.ctx))
  return now and now.phase.name == candidate.phase.name and now or nil
end

---From the lease to an outcome; nothing at all to look further.
local function carry_out(scan, candidate)
  local taken, refused, message, name = take_worktree(scan, candidate)
  if not taken then
    return refused, message, name
  end
  candidate = read_again(scan, candidate) -- it may have taken a while
  if not candidate then
    return nil
  end
  local about, why, code = execution.describe(scan.ctx, candidate, scan.attempt)
  if not about then
    return nil, why, code
  end
  local is_ready, outcome, trouble, errno = check_ready(scan, candidate, about)
  if not is_ready then
    return outcome, trouble, errno
  end
  local done, problem, number = carry.run(scan.ctx, scan.action,
    execution.job(scan.ctx, candidate, about), execution.finisher(scan.ctx, candidate))
  if done then
    done.phase, scan.memory.deferred[candidate.slug] = candidate.phase.file, nil
    -- What an agent left to a person it is not asked again in this run.
    scan.memory.blocked[about_of(candidate)] = done.decision == "blocked" or nil
  end
  return done, problem, number
end

---A candidate whose lease is held: an outcome, a failure, or nothing to look further.
local function examine(scan, candidate, lease)
  local settled, left, code =
    recover.settle(scan.site, lease, candidate.slug, scan.ctx.report,
      not scan.action and scan.ctx.project or nil)
  if not settled then
    return nil, left, code
  end
  local now = read_again(scan, candidate)
  local blocked = now and check_gate(scan, now)
  if not now or blocked then
    return blocked or nil
  elseif not is_affordable(scan.ctx)(now.phase) then
    defer(scan, now, OVER_BUDGET, ("effort %s is above the maximum %s"):format(
      execution.effort(scan.ctx, now.phase), scan.ctx.settings.max_allowed_effort))
    return nil
  end
  return carry_out(scan, now)
end

---One candidate, unless another process works on it or this run knows already that it cannot run.
local function try(scan, candidate)
  local known = scan.memory.deferred[candidate.slug]
  if scan.memory.blocked[about_of(candidate)] then
    return nil
  elseif known and known.phase == candidate.phase.name then
    scan.collected[#scan.collected + 1] = known
    return nil
  end
  local lease <close>, message, name = scan.site:lease(candidate.slug, "phase")
  if not lease and name == "EBUSY" then
    return nil
  elseif not lease then
    return nil, message, name
  end
  return examine(scan, candidate, lease)
end

---Writes what was collected, now that nothing was executed.
local function publish_deferrals(scan)
  for _, deferral in ipairs(scan.collected) do
    local oid, message, name = deferrals.publish(scan.ctx, deferral)
    if name == "EINTERRUPTED" then
      return nil, message, name
    elseif oid == nil then
      scan.ctx.report { kind = "warning", text = ("%s could not be deferred: %s"):format(
        deferral.slug, words.flatten(scan.ctx.project, message)) }
    else
      scan.memory.deferred[deferral.slug] = nil
    end
  end
  return true
end

---The outcome of a scan that executed nothing: what it deferred last, or nothing at all.
local function conclude(scan)
  local last = scan.collected[#scan.collected]
  if not last then
    return NONE
  end
  return { decision = "deferred", retry = "none", failure_kind = last.failure_kind,
    role = last.failure_kind == OVER_BUDGET and BUDGET or readiness.ROLE,
    slug = last.slug, phase = last.file, target = ("%s/%s"):format(last.slug, last.file),
    summary = last.why, deferrals = scan.collected }
end

local function look(scan)
  local list, message, name = candidates.list(scan.ctx, is_affordable(scan.ctx))
  if not list then
    return nil, message, name
  end
  for _, candidate in ipairs(list) do
    local outcome, why, code = try(scan, candidate)
    if outcome or code then
      return outcome, why, code
    end
  end
  return conclude(scan)
end

local function open_scan(ctx, opts)
  local repo, message, name, fix = repos.open(ctx.project.worktree)
  if not repo then
    return nil, message, name, fix
  end
  local site, why, code, help = commit.open(ctx.project, repo)
  if not site then
    repo:close()
    return nil, why, code, help
  end
  ctx.phase_memory = ctx.phase_memory or { deferred = {}, blocked = {} }
  return setmetatable({ ctx = ctx, attempt = opts.attempt, site = site, repo = repo,
    collected = {}, memory = ctx.phase_memory }, Scan)
end

local M = {}

---Carries out one phase, or finds that none can be carried out now.
---@param ctx table of the run
---@param opts { attempt: integer|nil }
---@return mighost.Outcome|nil outcome nil where mighost was interrupted or cannot go on
---@return string? message
---@return string? NAME
---@return string? fix
function M.tick(ctx, opts)
  local scan <close>, message, name, fix = open_scan(ctx, opts)
  if not scan then
    return nil, message, name, fix
  end
  local outcome, why, code = look(scan)
  if not outcome or EXECUTED[outcome.role] then
    return outcome, why, code
  end
  if scan.action and scan.action.lock then -- the checks left everything as it was
    local finished, trouble, errno = scan.action:finish()
    if not finished then
      return nil, trouble, errno
    end
  end
  local published, problem, number = publish_deferrals(scan)
  return published and outcome, problem, number
end

return M
