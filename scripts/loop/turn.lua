--- One action of the loop: a planning step, else a phase, else a source target.

local phases = require "loop.phase"
local preflight = require "loop.preflight"
local route = require "loop.route"
local tick = require "loop.tick"

local NONE <const> = { decision = "none", retry = "none", role = "none" }
local ENDS_ACTION <const> = { commit = true, retry = true, abandon = true, unchanged = true }

---@class mighost.Turn
---@field number integer
---@field is_probe boolean the evidence of ticks stands below migration-probes
---@field memory mighost.TickMemory
---@field handed_over table<string, boolean> phases that wait for a person, by migration and phase
---@field source mighost.TargetSource|nil nil: only migrations
---@field aside fun(outcome: mighost.Outcome) an outcome after which the action goes on

---Reports once that a phase cannot run now; the action goes on.
local function put_aside(action, outcome)
  local key = ("%s/%s"):format(outcome.slug or "", outcome.phase or "")
  if outcome.decision == "blocked" and action.handed_over[key] then
    return false
  end
  action.handed_over[key] = outcome.decision == "blocked" or nil
  action.aside(outcome)
  return true
end

---Planning comes first, then phases. `goes_on` says that something was put aside, so that looking
---again may find more.
local function take_migration(ctx, action)
  local goes_on = false
  local outcome, message, name = tick.take(ctx, action.memory, function(blocked)
    goes_on = true
    action.aside(blocked)
  end)
  if not outcome or outcome.decision ~= "none" then
    return outcome, message, name
  end
  outcome, message, name = phases.tick(ctx, { attempt = action.number })
  if not outcome or ENDS_ACTION[outcome.decision] then
    return outcome, message, name
  elseif outcome.decision ~= "none" then
    goes_on = put_aside(action, outcome) or goes_on
  end
  return NONE, nil, nil, goes_on
end

local M = {}

---@param ctx mighost.LoopContext
---@param action mighost.Turn
---@return mighost.Outcome|nil outcome its decision is none where there was nothing to do
---@return string? message
---@return string? NAME
---@return boolean? goes_on with none: something was put aside
function M.take(ctx, action)
  local sound, message, name = preflight.check(ctx.project)
  if sound ~= true then
    return sound, message, name
  end
  ctx.run:begin_action(action.number, action.is_probe)
  local outcome, why, code, goes_on = take_migration(ctx, action)
  if not outcome or outcome.decision ~= "none" then
    return outcome, why, code
  end
  ctx.run:begin_action(action.number)
  local target = action.source and action.source.take()
  if not target then
    return NONE, nil, nil, goes_on
  end
  ctx.run:tally("targets")
  ctx.report { kind = "target", attempt = action.number, target = target.description,
    files = target.files }
  return route.take(ctx, target, action.number)
end

return M
