--- Which phases may run now: migrations that are carried out, wait for nobody and are due, the
--- oldest first.

local fs = require "host.fs"

local change = require "planning.change"
local deferral = require "loop.deferral"
local manifests = require "migration.manifest"
local resolve = require "migration.resolve"
local schedule = require "migration.schedule"

local CARRIED_OUT <const> = { ready = true, ["in-progress"] = true }

---@class mighost.PhaseCandidate
---@field slug string
---@field manifest mighost.Manifest
---@field phase mighost.Phase
---@field index integer

---Whether it sleeps only because its phase asked for more effort than another run allowed.
local function is_woken(ctx, slug, is_affordable, phase)
  if not is_affordable(phase) then
    return false
  end
  local repo <close> = change.repository(ctx.project)
  local history = repo and repo:history(("%s/%s"):format(ctx.project.git_live, slug), 1)
  return history ~= nil and deferral.was_over_budget(history[1])
end

local M = {}

---The phase that a migration stands at; nil where it stands at none that is left to do.
---@param manifest mighost.Manifest
---@return mighost.Phase|nil
---@return integer|nil index
function M.current(manifest)
  for index, phase in ipairs(manifest.phases) do
    if phase.name == manifest.current_phase and not phase.done then
      return phase, index
    end
  end
  return nil
end

---Where a migration stands that is carried out and waits for nobody, due or not.
---@param ctx table of the run
---@param slug string
---@return mighost.PhaseCandidate|nil
function M.find(ctx, slug)
  local dir <close> = fs.open_dir(("%s/%s"):format(ctx.project.live_path, slug))
  local manifest = dir and manifests.load(dir)
  if not manifest or not CARRIED_OUT[manifest.status] or manifest.awaiting_human_review then
    return nil
  end
  local phase, index = M.current(manifest)
  return phase and { slug = slug, manifest = manifest, phase = phase, index = index }
end

---The same, where its phase may run now.
---@param ctx table of the run
---@param slug string
---@param is_affordable fun(phase: mighost.Phase): boolean whether the run may spend what it asks
---@return mighost.PhaseCandidate|nil
function M.read(ctx, slug, is_affordable)
  local found = M.find(ctx, slug)
  if not found then
    return nil
  end
  local is_due = schedule.eligible(found.manifest, ctx.now())
  return (is_due or is_woken(ctx, slug, is_affordable, found.phase)) and found or nil
end

---@param ctx table of the run
---@param is_affordable fun(phase: mighost.Phase): boolean
---@return mighost.PhaseCandidate[]|nil
---@return string? message
---@return string? NAME
function M.list(ctx, is_affordable)
  local live <close>, message, name = fs.open_dir(ctx.project.live_path)
  if not live then
    return nil, message, name
  end
  local slugs, why, code = resolve.visible(live)
  if not slugs then
    return nil, why, code
  end
  local found = {}
  for _, slug in ipairs(slugs) do
    found[#found + 1] = M.read(ctx, slug, is_affordable)
  end
  return schedule.order(found)
end

return M
