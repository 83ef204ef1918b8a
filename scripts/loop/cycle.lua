--- Action after action, until nothing is left to do or too much has failed; records and reports
--- the outcome of each.

local sys = require "host.sys"

local turns = require "loop.turn"
local ending = require "loop.ending"
local patience = require "planning.patience"
local prose = require "lib.prose"
local tick = require "loop.tick"

local COUNTS_AS_FAILURE <const> = { abandon = true, retry = true, blocked = true }
-- A commit is reported by the call that made it, not by the check that let it pass.
local MADE_BY <const> = { validation = "refactor", ["phase.validation"] = "phase.execute" }
local FAILED <const> = { abandon = true, retry = true, blocked = true, deferred = true }

---@class mighost.Cycle
---@field ctx mighost.LoopContext
---@field is_once boolean
---@field source mighost.TargetSource|nil
---@field number integer of the action under way
---@field done integer actions that something was done in
---@field failures integer in a row
---@field begun number when the action began
---@field memory mighost.TickMemory
---@field handed_over table<string, boolean>
---@field last_aside mighost.Outcome|nil
---@field last_failure mighost.Outcome|nil
---@field status string|nil once it is over; so are the next three
---@field message string|nil
---@field name string|nil NAME
---@field fix string|nil
local Cycle <const> = {}
Cycle.__index = Cycle

---Ends the run.
function Cycle:finish(status, message, name, fix)
  self.status, self.message, self.name, self.fix = status, message, name, fix
  return false
end

---Ends it by a failure that is not an outcome of an action.
function Cycle:break_off(message, name, fix)
  return self:finish(name == "EINTERRUPTED" and "interrupted" or "failed", message, name, fix)
end

---Records an outcome and reports it.
function Cycle:keep(outcome)
  local ctx = self.ctx
  local snapshot = outcome.snapshot
  local role = outcome.commit and MADE_BY[outcome.role] or outcome.role
  if FAILED[outcome.decision] and not snapshot then
    outcome.attempt = self.number
    snapshot = ctx.run:failure(outcome)
  end
  local seconds = sys.monotonic() - self.begun
  ctx.run:attempt {
    attempt = self.number, retry = outcome.retry_number, role = role,
    target = outcome.target or outcome.slug, decision = outcome.decision,
    recommendation = outcome.retry, failure_kind = outcome.failure_kind,
    summary = outcome.summary, commit = outcome.commit, seconds = seconds,
    effort_asked = outcome.effort_asked, effort = outcome.effort, snapshot = snapshot,
  }
  ctx.report { kind = "outcome", attempt = self.number, role = role,
    decision = outcome.decision, failure_kind = outcome.failure_kind, commit = outcome.commit,
    target = outcome.target or outcome.slug, text = outcome.summary, seconds = seconds,
    phase = outcome.phase, snapshot = snapshot }
  self.begun = sys.monotonic()
end

---An outcome after which the action goes on: only planning that is blocked counts as a failure.
function Cycle:put_aside(outcome)
  self:keep(outcome)
  self.last_aside = outcome
  if outcome.decision == "blocked" and outcome.role:find("^planning") then
    self.failures = self.failures + 1
  end
end

---An outcome that ends the action; false where it ends the run.
function Cycle:conclude(outcome)
  self:keep(outcome)
  if outcome.failure_kind == "migration-consistency-error" then
    return self:finish("migration_failed", outcome.summary, "ECONSISTENCY", outcome.fix)
  elseif COUNTS_AS_FAILURE[outcome.decision] then
    self.failures, self.last_failure = self.failures + 1, outcome
  else
    self.failures = 0
  end
  return true
end

---Whether the next action may fail; else the run is over.
function Cycle:may_fail()
  return self.failures < self.ctx.settings.max_failures or self:finish("max_consecutive_failures",
    ("%s in a row"):format(prose.count(self.failures, "failure")), "EFAILED")
end

---Whether there is anything left to do, now that an action found nothing.
function Cycle:is_over(goes_on)
  return not goes_on and (not self.source or self.source.left == 0)
end

function Cycle:act()
  self.number, self.begun = self.number + 1, sys.monotonic()
  local outcome, message, name, goes_on = turns.take(self.ctx, {
    number = self.number, is_probe = not self.is_once, memory = self.memory,
    handed_over = self.handed_over, source = self.source,
    aside = function(aside)
      self:put_aside(aside)
    end,
  })
  if not outcome then
    return self:break_off(message, name)
  elseif outcome.decision ~= "none" then
    self.done = self.done + 1
    return self:conclude(outcome)
  end
  return self.is_once or not self:is_over(goes_on) or self:finish("completed")
end

---Waits between two actions.
function Cycle:pause()
  local seconds = self.ctx.settings.sleep
  if seconds == 0 then
    return true
  end
  local waited, message, name = patience.sleep(seconds, function(now)
    self.ctx.report { kind = "progress", role = "sleep", elapsed = now.elapsed, bytes = 0,
      last_line = ("the next action begins after %d s"):format(seconds) }
  end)
  return waited or self:break_off(message, name)
end

---Action after action; the status says how it ended.
function Cycle:run()
  local most = self.ctx.settings.max_refactors
  while self:act() and self:may_fail() do
    if most > 0 and self.done >= most then
      return self:finish("completed")
    elseif not self:pause() then
      return
    end
  end
end

---One action, whose outcome decides.
function Cycle:run_once()
  self:act()
  if self.status then
    return
  end
  local last = self.last_failure or self.done == 0 and self.last_aside
  if last then
    return self:finish(ending.status(last), last.summary, ending.name(last), last.fix)
  end
  self:finish("completed")
end

local M = {}

---@param ctx mighost.LoopContext
---@param source mighost.TargetSource|nil
---@param is_once boolean
---@return mighost.Cycle
function M.new(ctx, source, is_once)
  return setmetatable({
    ctx = ctx, source = source, is_once = is_once, number = 0, done = 0, failures = 0, begun = 0,
    memory = tick.remember(), handed_over = {},
  }, Cycle)
end

return M
