--- `run` and `run-once`: what a dead run left, the baseline, then the actions.

local sys = require "host.sys"

local actions = require "loop.action"
local cycles = require "loop.cycle"
local resume = require "loop.resume"
local setup = require "loop.setup"
local validation = require "loop.validation"

---@class mighost.RunResult
---@field id string
---@field status string
---@field name string|nil NAME, where it did not complete
---@field message string|nil
---@field fix string|nil
---@field artifacts string
---@field counts mighost.Counts
---@field spent mighost.Spending
---@field seconds number

---The validation command must be green before anything is changed.
local function check_baseline(ctx, cycle, held)
  local folder, message, name = ctx.run:folder("baseline")
  if not folder then
    return cycle:break_off(message, name)
  end
  local verdict, why, code, kind =
    validation.run(ctx, { role = "baseline", folder = folder, held = held })
  if verdict and verdict.green then
    return true
  elseif not verdict and not kind then
    return cycle:break_off(why, code)
  end
  local summary = verdict and "the baseline is red: " .. verdict.summary or why
  ctx.run:failure {
    attempt = 0, role = "baseline", decision = "abandon", retry = "human-review",
    failure_kind = kind or "validation-failed", summary = summary,
    why = "Nothing was changed: what the validation command says now would be blamed on an agent.",
    next_step = "Make it green, then run mighost again: " .. ctx.settings.validation_text,
    evidence = { folder .. "/stderr.log", folder .. "/stdout.log" },
  }
  return cycle:finish("baseline_failed", summary, verdict and "EVALIDATION" or code)
end

---Nothing of a person's may be lost or swept into a commit.
local function check_clean(ctx, cycle)
  local info, message, name, fix = actions.check(ctx.project)
  return info ~= nil or cycle:break_off(message, name, fix)
end

---A check that litters would have each agent's work refused, once it is paid for.
local function check_left(ctx, cycle)
  local info, message, name, fix = actions.check(ctx.project)
  if info then
    return true
  elseif name == "EDIRTY" then
    message = ("the baseline is green, but since it began %s; have git ignore what the validation "
      .. "command makes"):format(message)
  end
  return cycle:break_off(message, name, fix)
end

local function pick_up(ctx, cycle)
  cycle.begun = sys.monotonic()
  local found, message, name, fix = resume.run(ctx)
  if not found then
    return cycle:break_off(message, name, fix)
  elseif found[1] and found[1].outcome then
    cycle:keep(found[1].outcome)
  end
  return true
end

---Whether the work tree is clean and green, as long as nobody changes it.
local function check_worktree(ctx, cycle)
  local held <close>, message, name = actions.hold(ctx, "baseline")
  if not held then
    return cycle:break_off(message, name)
  end
  return check_clean(ctx, cycle) and check_baseline(ctx, cycle, held) and check_left(ctx, cycle)
end

local function carry_out(ctx, cycle)
  if not pick_up(ctx, cycle) or not check_worktree(ctx, cycle) then
    return
  elseif cycle.is_once then
    return cycle:run_once()
  end
  cycle:run()
end

local M = {}

---Runs the loop, or one action of it.
---@param project mighost.Project
---@param opts mighost.RunOptions
---@return mighost.RunResult|nil result also where it failed once it had begun
---@return string? message
---@return string? NAME
---@return string? fix
function M.run(project, opts)
  local begun = sys.monotonic()
  local prepared, message, name, fix = setup.prepare(project, opts)
  if not prepared then
    return nil, message, name, fix
  end
  local ctx = prepared.ctx
  local run <close> = ctx.run
  ctx.report { kind = "run", id = run.id, path = run.path }
  if ctx.settings.max_attempts == 0 then
    ctx.report { kind = "warning",
      text = "attempts are not limited: what fails is tried again without end" }
  end
  local cycle = cycles.new(ctx, prepared.source, opts.command == "run-once")
  carry_out(ctx, cycle)
  run:close(cycle.status, cycle.message)
  ctx.session:remove_old()
  return {
    id = run.id, status = cycle.status, name = cycle.name, message = cycle.message, fix = cycle.fix,
    artifacts = run.path, counts = run:counts(), spent = run.spent,
    seconds = sys.monotonic() - begun,
  }
end

return M
