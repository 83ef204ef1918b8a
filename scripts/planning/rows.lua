--- What `migration list` says about each migration, from its manifest and state; no rule is run.

local fs = require "host.fs"

local paths = require "lib.paths"
local resolve = require "migration.resolve"

local BLOCKED <const> = "blocked"
local MISSING <const> = { ENOENT = true, ENOTDIR = true }

---@class mighost.Row
---@field slug string
---@field status string              of the manifest, or "invalid-manifest"
---@field cursor? string             "planning:<step>", a phase's file, "blocked"; absent: none
---@field awaiting_review boolean
---@field last_touch? string
---@field cooldown? string
---@field reason? string             why it is blocked or waits

local function planning_cursor(project, slug, dir)
  local state, _, name = require("planning.state").load(dir, project.live .. "/" .. slug)
  if state then
    return "planning:" .. state.next_step
  end
  return "planning:" .. BLOCKED,
    name == "ENOENT" and "planning-state-missing" or "planning-state-invalid"
end

--- The manifest's codec ensures that the current phase is one of the phases, or empty.
local function phase_cursor(manifest)
  for _, phase in ipairs(manifest.phases) do
    if phase.name == manifest.current_phase then
      return paths.tidy(phase.file)
    end
  end
end

local function find_cursor(project, slug, dir, manifest)
  if manifest.status == "planning" then
    return planning_cursor(project, slug, dir)
  elseif manifest.status == "ready" or manifest.status == "in-progress" then
    return phase_cursor(manifest)
  end
end

local function unreadable(slug, message, name)
  return {
    slug = slug,
    status = "invalid-manifest",
    cursor = BLOCKED,
    awaiting_review = false,
    reason = name == "ENOENT" and "missing-manifest" or "invalid-manifest: " .. message,
  }
end

local M = {}

--- Opens the live directory of a project.
---@param project mighost.Project
---@return host.fs.Dir? live, string? message, string? name, string? fix
function M.open_live(project)
  local live, message, name = fs.open_dir(project.live_path)
  if live then
    return live
  elseif MISSING[name] then
    return nil, "there is no live migrations directory: " .. project.live_path, "ECONFIG",
      "mighost init"
  end
  return nil, "cannot open the live migrations directory: " .. message, name
end

--- The row of one migration; one that cannot be read is a row too.
---@param project mighost.Project
---@param live host.fs.Dir
---@param slug string
---@return mighost.Row
function M.read(project, live, slug)
  local dir <close>, message, name = live:open_dir(slug)
  if not dir then
    return unreadable(slug, message, name)
  end
  local manifest, why, errno = require("migration.manifest").load(dir)
  if not manifest then
    return unreadable(slug, why, errno)
  end
  local cursor, reason = find_cursor(project, slug, dir, manifest)
  return {
    slug = slug,
    status = manifest.status,
    cursor = cursor,
    awaiting_review = manifest.awaiting_human_review,
    last_touch = manifest.last_touch,
    cooldown = manifest.cooldown_until,
    reason = reason or manifest.human_review_reason ~= "" and manifest.human_review_reason or nil,
  }
end

--- The rows of all visible migrations, in byte order of their names.
---@param project mighost.Project
---@param wanted fun(row: mighost.Row): boolean
---@return mighost.Row[]? rows, string? message, string? name, string? fix
function M.list(project, wanted)
  local live <close>, message, name, fix = M.open_live(project)
  if not live then
    return nil, message, name, fix
  end
  local slugs, why, errno = resolve.visible(live)
  local rows = {}
  for _, slug in ipairs(slugs or {}) do
    local row = M.read(project, live, slug)
    if wanted(row) then
      table.insert(rows, row)
    end
  end
  return slugs and rows, why, errno
end

return M
