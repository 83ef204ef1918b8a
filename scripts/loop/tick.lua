--- The planning tick: one step of the migration that has been waiting longest, of those that may go
--- on and that nobody else works on.

local fs = require "host.fs"

local candidates = require "planning.candidates"
local consistency = require "planning.consistency"
local leases = require "planning.leases"
local planning_state = require "planning.state"
local quote = require "lib.quote"
local steps = require "loop.step"

local NONE <const> = { decision = "none", retry = "none", role = "planning" }

---@class mighost.TickMemory what a run remembers of migrations under planning, by slug
---@field blocked table<string, boolean> not tried again in this run
---@field abandoned table<string, boolean> tried again when there is no other

local function block(slug, kind, finding_path, why)
  return {
    decision = "blocked", retry = "human-review", role = "planning.state", failure_kind = kind,
    slug = slug, target = slug, summary = ("%s cannot be planned: %s"):format(slug, why), why = why,
    next_step = "Run: mighost migration doctor " .. quote.word(slug),
    evidence = { finding_path },
  }
end

---The rules and the state must hold before anybody is paid.
local function check(ctx, slug)
  local path = ("%s/%s"):format(ctx.project.live_path, slug)
  local published = ("%s/%s"):format(ctx.project.live, slug)
  local dir <close>, message, name = fs.open_dir(path)
  if not dir then
    return name ~= "ENOENT" and block(slug, "planning-blocked", path, message) or nil
  end
  local findings, why = consistency.check(dir,
    { slug = slug, mode = "planning-snapshot", registry = ctx.reg, published = published })
  if not findings then
    return block(slug, "planning-blocked", path, why)
  end
  local finding = consistency.blocking(findings)
  if finding then
    return block(slug, "planning-consistency-error",
      ("%s/%s"):format(ctx.project.root, finding.path),
      ("%s: %s: %s"):format(finding.path, finding.code, finding.message))
  end
  local state, problem, code = planning_state.load(dir, published)
  if not state then
    return block(slug, code == "ENOENT" and "planning-state-missing" or "planning-state-invalid",
      ("%s/%s"):format(path, planning_state.FILE), problem)
  end
  return nil
end

---Those that were given up on in this run come last; blocked ones not at all.
local function order(slugs, memory)
  local first, last = {}, {}
  for _, slug in ipairs(slugs) do
    local list = memory.abandoned[slug] and last or first
    list[#list + 1] = not memory.blocked[slug] and slug or nil
  end
  return table.move(last, 1, #last, #first + 1, first)
end

---One migration: what is wrong with it, else what became of its step; nil where another process
---has it.
local function try(ctx, slug)
  if leases.holder(ctx.project, slug) then
    return nil
  end
  local problem = check(ctx, slug)
  if problem then
    -- Somebody who works on it may have made it so in this moment.
    return not leases.holder(ctx.project, slug) and problem or nil
  end
  local outcome, message, name = steps.take(ctx, slug)
  if outcome == "busy" then
    return nil
  end
  return outcome or false, message, name
end

local M = {}

---@return mighost.TickMemory
function M.remember()
  return { blocked = {}, abandoned = {} }
end

---Takes one step, or finds that none can be taken.
---@param ctx mighost.LoopContext
---@param memory mighost.TickMemory
---@param on_blocked fun(outcome: mighost.Outcome) called for each migration that needs a person
---@return mighost.Outcome|nil outcome its decision is commit, abandon or none
---@return string? message
---@return string? NAME
function M.take(ctx, memory, on_blocked)
  local choice, message, name =
    candidates.choose(ctx.project, ctx.session.place, {}, ctx.session.notify)
  if not choice then
    return nil, message, name
  end
  for _, slug in ipairs(order(choice.slugs, memory)) do
    local outcome, why, code = try(ctx, slug)
    if outcome == false then
      return nil, why, code
    elseif outcome and outcome.decision == "blocked" then
      memory.blocked[slug] = true
      on_blocked(outcome)
    elseif outcome then
      memory.abandoned[slug] = outcome.decision == "abandon" or nil
      return outcome
    end
  end
  return NONE
end

return M
