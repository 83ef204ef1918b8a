--- A refactoring attempt: an agent works on one target, its change is validated and committed, or
--- everything is put back.

local actions = require "loop.action"
local carry = require "loop.carry"
local efforts = require "loop.effort"
local messages = require "loop.message"
local prompts = require "loop.prompts"
local taste = require "project.taste"
local text = require "lib.text"

local ROLE <const> = "refactor"

---@class mighost.Target
---@field description string
---@field files string[]
---@field scoping string|nil
---@field model string|nil
---@field effort mighost.Effort|nil

---What keeps an attempt from starting.
local function refuse(target, message, name, fix)
  local is_busy = name == "EBUSY"
  return { decision = is_busy and "none" or "blocked", retry = is_busy and "same-target"
    or "human-review", role = ROLE, failure_kind = "none", summary = message,
    next_step = fix, target = target.description, is_busy = is_busy or nil, name = name }
end

---An effort above the run's maximum is asked for in vain: the most that may be spent is.
local function effort_of(settings, target)
  local wanted = efforts.larger(settings.default_effort, target.effort)
  return efforts.exceeds(wanted, settings.max_allowed_effort) and settings.max_allowed_effort
    or wanted
end

local M = {}

---The work of an attempt.
---@param ctx table of the run
---@param target mighost.Target
---@param opts { attempt: integer|nil }
---@return mighost.WorkJob
function M.job(ctx, target, opts)
  local project, settings = ctx.project, ctx.settings
  local about = {
    description = target.description, files = target.files or {}, scoping = target.scoping,
    live_dir = project.live_path, validation = settings.validation_text,
    instructions = settings.refactoring_prompt, fix = settings.fix_prompt,
    taste = taste.read(project.root, project.config) or nil,
  }
  return {
    role = ROLE, validation_role = "validation", effort = effort_of(settings, target),
    model = target.model, target = target.description, attempt = opts.attempt,
    agent_kind = "agent-infra-failure",
    prompt = function(earlier)
      return prompts.refactor(about, earlier)
    end,
  }
end

---What makes the commit of a green try at a target.
---@param ctx table of the run
---@param description string
---@return mighost.Finisher
function M.finisher(ctx, description)
  return function(try)
    return messages.build(ctx.project, ctx.settings, description,
      messages.why(ctx.project, try.status)), {}
  end
end

---@param ctx table of the run
---@param target mighost.Target
---@param opts { attempt: integer|nil }
---@return mighost.Outcome|nil outcome nil where mighost was interrupted or cannot go on
---@return string? message
---@return string? NAME
function M.run(ctx, target, opts)
  local action <close>, message, name, fix = actions.begin(ctx,
    { kind = "refactor", target = text.printable(target.description) })
  if not action then
    if name == "EBUSY" or name == "EDIRTY" or name == "EMERGING" then
      return refuse(target, message, name, fix)
    end
    return nil, message, name, fix
  end
  return carry.run(ctx, action, M.job(ctx, target, opts),
    M.finisher(ctx, target.description))
end

return M
