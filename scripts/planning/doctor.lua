--- All that `migration doctor` finds: what the rules report, and what publications left behind.

local consistency = require "planning.consistency"
local drifts = require "planning.drift"
local registry = require "planning.registry"
local resolve = require "migration.resolve"
local rows = require "planning.rows"
local states = require "planning.state"

local MODE <const> = "doctor"

---A plan continues under the graph that it began with, whatever happened to the file.
local function add_drift(drift, published, slug, findings, manifest, state)
  local found = manifest and manifest.status == "planning" and state and drift:find(slug, state)
  if found then
    found.slug, found.mode, found.path = slug, MODE, ("%s/%s"):format(published, states.FILE)
    findings[#findings + 1] = found
  end
end

local function check_one(project, tools, live, slug)
  local published = project.live .. "/" .. slug
  local dir <close>, message, name = live:open_dir(slug)
  if not dir then
    local code = name == "ENOENT" and "missing-manifest" or "invalid-manifest"
    return { {
      severity = "error", mode = MODE, code = code, path = published, slug = slug,
        message = message,
    } }
  end
  local findings, manifest, state, fix = consistency.check(dir, {
    slug = slug, mode = MODE, staged = false, registry = tools.rules,
    published = published,
  })
  if not findings then
    return nil, manifest, state, fix
  end
  add_drift(tools.drift, published, slug, findings, manifest, state)
  return findings
end

local function tools_for(project)
  return { rules = registry.new(project, { looking = true }), drift = drifts.new(project) }
end

local M = {}

--- The findings of one migration.
---@param project mighost.Project
---@param slug string
---@return mighost.Finding[]? findings, string? message, string? name, string? fix
function M.check(project, slug)
  local live <close>, message, name, fix = rows.open_live(project)
  if not live then
    return nil, message, name, fix
  end
  return check_one(project, tools_for(project), live, slug)
end

--- The findings of all migrations, then those of transactions.
---@param project mighost.Project
---@return mighost.Finding[]? findings, string? message, string? name, string? fix
function M.check_all(project)
  local live <close>, message, name, fix = rows.open_live(project)
  if not live then
    return nil, message, name, fix
  end
  local slugs, why, errno = resolve.visible(live)
  if not slugs then
    return nil, why, errno
  end
  local tools = tools_for(project)
  local findings = {}
  for _, slug in ipairs(slugs) do
    local found, problem, code, help = check_one(project, tools, live, slug)
    if not found then
      return nil, problem, code, help
    end
    table.move(found, 1, #found, #findings + 1, findings)
  end
  local left = require("planning.transactions").findings(project.live_path, project.common)
  return table.move(left, 1, #left, #findings + 1, findings)
end

return M
