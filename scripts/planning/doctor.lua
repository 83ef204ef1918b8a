--- All that `migration doctor` finds: by the rules on each migration, and what publications left.

local consistency = require "planning.consistency"
local registry = require "planning.registry"
local resolve = require "migration.resolve"
local rows = require "planning.rows"

local MODE <const> = "doctor"

local function check_one(project, rules, live, slug)
  local published = project.live .. "/" .. slug
  local dir <close>, message, name = live:open_dir(slug)
  if not dir then
    local code = name == "ENOENT" and "missing-manifest" or "invalid-manifest"
    return { {
      severity = "error", mode = MODE, code = code, path = published, slug = slug,
        message = message,
    } }
  end
  return consistency.check(dir, {
    slug = slug, mode = MODE, staged = false, registry = rules,
    published = published,
  })
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
  return check_one(project, registry.new(project, { looking = true }), live, slug)
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
  local rules = registry.new(project, { looking = true })
  local findings = {}
  for _, slug in ipairs(slugs) do
    local found, problem, code, help = check_one(project, rules, live, slug)
    if not found then
      return nil, problem, code, help
    end
    table.move(found, 1, #found, #findings + 1, findings)
  end
  local left = require("planning.transactions").findings(project.live_path, project.common)
  return table.move(left, 1, #left, #findings + 1, findings)
end

return M
