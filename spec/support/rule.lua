--- Runs one consistency rule over a migration of spec.support.migration.

local manifest = require "migration.manifest"
local program = require "spec.support.program"
local states = require "planning.state"
local view = require "migration.view"

local M = {}

---What the rule scripts/rules/<name>.lua reports, as "code path" in its order; nothing in a mode
---that is none of its own.
---@param name string
---@param m spec.Migration
---@param mode string
---@param opts { staged: boolean|nil, slug: string|nil }|nil
---@return string[]
function M.run(name, m, mode, opts)
  local rule = dofile(("%s/scripts/rules/%s.lua"):format(program.root, name))
  local found = {}
  local has_mode = false
  for _, own in ipairs(rule.modes) do
    has_mode = has_mode or own == mode
  end
  if not has_mode then
    return found
  end
  local dir <close> = m:open()
  local state, message, failure = states.load(dir, m.published)
  local seen = view.open(dir, {
    slug = opts and opts.slug or m.slug, mode = mode, staged = opts and opts.staged,
    manifest = assert(manifest.load(dir)), state = state,
    state_problem = not state and { is_missing = failure == "ENOENT", message = message } or nil,
  })
  rule.check(seen, function(finding)
    assert(finding.severity == "error" and type(finding.message) == "string")
    found[#found + 1] = finding.code .. " " .. (finding.path or manifest.FILE)
  end)
  return found
end

return M
