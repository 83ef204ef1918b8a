--- Phases that cannot run now: their migrations sleep for a while, or wait for a person.  What a
--- scan finds out is collected and written once nothing is executed: a change of the work tree
--- would stand in the way of a phase that can run.

local fs = require "host.fs"

local change = require "planning.change"
local manifests = require "migration.manifest"
local schedule = require "migration.schedule"
local sys = require "host.sys"
local tables = require "lib.tables"
local text = require "lib.text"
local time = require "lib.time"

local COOLDOWN <const> = 6 * 3600
local SLEEP <const> = 7 * 24 * 3600
local OVER_BUDGET <const> = "phase-effort-over-budget"

---@class mighost.Deferral
---@field slug string
---@field phase string        name of the phase that it is about
---@field file string         its file
---@field failure_kind "phase-ready-no"|"phase-ready-unverifiable"|"phase-effort-over-budget"
---@field why string          one line

local function iso(epoch)
  return time.format(epoch, sys.utc_offset(epoch) or 0)
end

local M = {}

---The manifest as it is written for a deferral.
---@param manifest mighost.Manifest
---@param deferral mighost.Deferral
---@param now number
---@return mighost.Manifest
function M.apply(manifest, deferral, now)
  local changed = tables.copy(manifest)
  changed.last_touch = iso(now)
  if deferral.failure_kind == "phase-ready-unverifiable" then
    changed.awaiting_human_review, changed.human_review_reason = true, deferral.why
    return changed
  end
  changed.cooldown_until = iso(now + COOLDOWN)
  changed.wake_up_on = manifest.wake_up_on or iso(now + SLEEP)
  return changed
end

---Whether a migration sleeps only because its phase asked for more effort than was allowed then:
---a run that allows it need not wait.
---@param commit host.repo.Commit|nil the last that changed the migration
---@return boolean
function M.was_over_budget(commit)
  return commit ~= nil and commit.subject:find("^[^\n]*: defer/") ~= nil
    and commit.body:find("\n" .. OVER_BUDGET:gsub("%-", "%%-") .. ": ") ~= nil
end

---@param prefix string
---@param deferral mighost.Deferral
---@return string
function M.message(prefix, deferral)
  return ("%s: defer/%s/%s\n\nWhy:\n%s: %s\n"):format(prefix, text.printable(deferral.slug),
    text.printable(deferral.file), deferral.failure_kind, deferral.why)
end

---Whether the migration still stands at that phase, and nobody has deferred it meanwhile.
local function still_holds(manifest, deferral, now)
  return manifest.current_phase == deferral.phase and not manifest.awaiting_human_review
    and (deferral.failure_kind == OVER_BUDGET or schedule.eligible(manifest, now))
end

local function fill(deferral, now)
  return function(path, snapshot)
    local copied, message, name = snapshot:copy(path)
    if not copied then
      return nil, message, name
    end
    local dir <close>, why, code = fs.open_dir(path)
    local manifest
    if dir then
      manifest, why, code = manifests.load(dir)
    end
    if not manifest then
      return nil, why, code
    elseif not still_holds(manifest, deferral, now) then
      return true
    end
    local encoded, problem = manifests.encode(M.apply(manifest, deferral, now))
    if not encoded then
      return nil, problem, "EINVAL"
    end
    return dir:write(manifests.FILE, encoded, { durable = false })
  end
end

---Publishes one deferral.
---@param ctx table of the run
---@param deferral mighost.Deferral
---@return string|false|nil commit false where the migration has moved on
---@return string? message
---@return string? NAME
---@return string? fix
function M.publish(ctx, deferral)
  local repo <close>, message, name, fix = change.repository(ctx.project)
  if not repo then
    return nil, message, name, fix
  end
  return change.publish(ctx.project, repo, {
    slug = deferral.slug, operation = "defer", mode = "planning-snapshot",
    message = M.message(ctx.settings.prefix, deferral),
    on_event = function(event)
      ctx.report(event)
    end,
    fill = fill(deferral, ctx.now()),
  })
end

return M
