--- A phase about to be carried out: what its agent is told, and the commit that records it as done.

local fs = require "host.fs"

local efforts = require "loop.effort"
local jobs = require "planning.job"
local manifests = require "migration.manifest"
local messages = require "loop.message"
local prompts = require "loop.prompts"
local states = require "planning.state"
local tables = require "lib.tables"
local taste = require "project.taste"

local READ <const> = { max = 1 << 20, links = "inside" }

---@class mighost.PhaseAbout
---@field slug string
---@field file string
---@field text string         of the phase file
---@field live_dir string     the migration; absolute
---@field target string       of its planning
---@field effort mighost.Effort
---@field validation string   the literal command
---@field taste string|nil
---@field attempt integer|nil

local M = {}

---The effort that a phase is carried out with.
---@param ctx table of the run
---@param phase mighost.Phase
---@return mighost.Effort
function M.effort(ctx, phase)
  return efforts.larger(ctx.settings.default_effort, phase.required_effort)
end

---What its agents are told of a phase.
---@param ctx table of the run
---@param candidate mighost.PhaseCandidate
---@param attempt integer|nil
---@return mighost.PhaseAbout|nil
---@return string? message
---@return string? NAME
function M.describe(ctx, candidate, attempt)
  local project, slug = ctx.project, candidate.slug
  local live_dir = ("%s/%s"):format(project.live_path, slug)
  local dir <close>, message, name = fs.open_dir(live_dir)
  local text
  if dir then
    text, message, name = dir:read(candidate.phase.file, READ)
  end
  if not text then
    return nil, message, name
  end
  local state = states.load(dir, ("%s/%s"):format(project.live, slug))
  return {
    slug = slug, file = candidate.phase.file, text = text, live_dir = live_dir, attempt = attempt,
    target = state and state.target or slug, effort = M.effort(ctx, candidate.phase),
    validation = ctx.settings.validation_text,
    taste = taste.read(project.root, project.config) or nil,
  }
end

---The manifest once a phase is done: the next one may run at once.
---@param manifest mighost.Manifest
---@param done integer which phase
---@return mighost.Manifest
function M.complete(manifest, done)
  local changed = tables.copy(manifest)
  changed.phases, changed.current_phase = {}, ""
  for index, phase in ipairs(manifest.phases) do
    local now = tables.copy(phase, { done = phase.done or index == done })
    changed.phases[index] = now
    if changed.current_phase == "" and not now.done then
      changed.current_phase = now.name
    end
  end
  changed.status = changed.current_phase == "" and "done" or "in-progress"
  changed.last_touch = jobs.now()
  changed.cooldown_until, changed.wake_up_on = nil, nil
  changed.awaiting_human_review, changed.human_review_reason = false, nil
  return changed
end

---What makes the commit of a phase that is done.
---@param ctx table of the run
---@param candidate mighost.PhaseCandidate
---@return mighost.Finisher
function M.finisher(ctx, candidate)
  local project = ctx.project
  local about = ("%s/%s"):format(candidate.slug, candidate.phase.file)
  local path = ("%s/%s/%s"):format(project.git_live, candidate.slug, manifests.FILE)
  return function(try)
    local text, message = manifests.encode(M.complete(candidate.manifest, candidate.index))
    if not text then
      return nil, message
    end
    return messages.build(project, ctx.settings, "migration/" .. about,
      messages.why(project, try.status)), { [path] = text }
  end
end

---The work of carrying a phase out.
---@param ctx table of the run
---@param candidate mighost.PhaseCandidate
---@param about mighost.PhaseAbout
---@return mighost.WorkJob
function M.job(ctx, candidate, about)
  return {
    role = "phase.execute", validation_role = "phase.validation", agent_kind = "phase-failed",
    effort = M.effort(ctx, candidate.phase), slug = candidate.slug, attempt = about.attempt,
    target = ("%s/%s"):format(candidate.slug, candidate.phase.file), may_be_empty = true,
    prompt = function(earlier)
      return prompts.execute(about, earlier)
    end,
  }
end

return M
