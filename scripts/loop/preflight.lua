--- What must hold before an action: every visible migration has a readable manifest.

local fs = require "host.fs"

local manifest = require "migration.manifest"
local quote = require "lib.quote"
local resolve = require "migration.resolve"
local words = require "loop.words"

local M = {}

---@param project mighost.Project
---@return true|mighost.Outcome|nil outcome true where all is well
---@return string? message
---@return string? NAME
function M.check(project)
  local live <close>, message, name = fs.open_dir(project.live_path)
  if not live then
    return nil, message, name
  end
  local slugs, why, code = resolve.visible(live)
  if not slugs then
    return nil, why, code
  end
  for _, slug in ipairs(slugs) do
    local source, problem = live:read(slug .. "/" .. manifest.FILE, { links = "follow" })
    local read
    if source then
      read, problem = manifest.decode(source)
    end
    if not read then
      local doctor = "mighost migration doctor " .. quote.word(slug)
      return {
        decision = "abandon", retry = "human-review", role = "phase.execution-gate",
        failure_kind = "migration-consistency-error", slug = slug, target = slug,
        summary = ("the manifest of %s cannot be read: %s"):format(slug,
          words.flatten(project, problem)), why = problem, fix = doctor,
        next_step = "Run: " .. doctor,
        evidence = { ("%s/%s/%s"):format(project.live_path, slug, manifest.FILE) },
      }
    end
  end
  return true
end

return M
