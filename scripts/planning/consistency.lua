--- Runs the consistency rules over one migration: for `doctor`, and before every publication.
---
--- Without a readable manifest there is nothing else to check, so the manifest is checked here;
--- every other check is a file in rules/.

local finding_shape = require "lib.finding"
local guard = require "planning.guard"
local manifest = require "migration.manifest"
local planning_state = require "planning.state"
local tables = require "lib.tables"
local text = require "lib.text"
local view = require "migration.view"

local MODES <const> = {
  ["planning-snapshot"] = true, ["ready-publish"] = true, ["execution-gate"] = true, doctor = true,
}

-- The order in which findings read best; rules that are not named here follow, by name.
local ORDER <const> = {
  ["manifest-name"] = 1, timestamps = 2, ["phase-docs-unique"] = 3, ["plan-present"] = 4,
  ["phase-files"] = 5, ["phases-listed"] = 6, ["phase-headings"] = 7, ["planning-state"] = 8,
}

---@class mighost.ConsistencyOptions
---@field slug string
---@field mode "planning-snapshot"|"ready-publish"|"execution-gate"|"doctor"
---@field registry mighost.Registry where the rules come from
---@field published string the migration's published directory, relative to the repository's root
---@field staged boolean|nil whether this is a copy in a directory of another name
---@field path string|nil what stands before the paths in findings; default: `published`

local function ordered(rules)
  local sorted = table.move(rules, 1, #rules, 1, {})
  table.sort(sorted, function(a, b)
    local left, right = ORDER[a.name] or math.huge, ORDER[b.name] or math.huge
    if left ~= right then
      return left < right
    end
    return a.name < b.name
  end)
  return sorted
end

---A collector of findings: fills in what a rule leaves out, raises over what it got wrong.
local function reporter(findings, opts)
  return function(finding)
    local problem = finding_shape.problem(finding)
    if problem then
      error(problem, 2)
    end
    findings[#findings + 1] = {
      severity = finding.severity,
      mode = opts.mode,
      code = finding.code,
      path = (opts.path or opts.published) .. "/" .. (finding.path or manifest.FILE),
      message = text.printable(finding.message),
      slug = opts.slug,
    }
  end
end

local function open_view(dir, opts, read_manifest)
  local state, message, name = planning_state.load(dir, opts.published)
  return view.open(dir, {
    slug = opts.slug,
    mode = opts.mode,
    staged = opts.staged,
    manifest = read_manifest,
    state = state,
    state_problem = not state and { is_missing = name == "ENOENT", message = message } or nil,
  })
end

local M = {}

---Checks one migration.
---@param dir host.fs.Dir the migration, wherever it is
---@param opts mighost.ConsistencyOptions
---@return mighost.Finding[]|nil findings nil when the rules themselves cannot be had
---@return mighost.Manifest|string|nil manifest or message
---@return mighost.State|string|nil state or NAME
---@return string|nil fix
function M.check(dir, opts)
  assert(MODES[opts.mode], "unknown mode")
  local findings = {}
  local report = reporter(findings, opts)
  local read_manifest, message, name = manifest.load(dir)
  if not read_manifest then
    local code = name == "ENOENT" and "missing-manifest" or "invalid-manifest"
    report { severity = "error", code = code, message = message }
    return findings
  end
  local rules, why, failure, fix = opts.registry:rules()
  if not rules then
    return nil, why, failure, fix
  end
  local m = open_view(dir, opts, read_manifest)
  for _, rule in ipairs(ordered(rules)) do
    if tables.contains(rule.modes, opts.mode) then
      local ok, trouble = guard.call(rule.check, m, report)
      if not ok then
        report { severity = "error", code = "rule-failed",
          message = ("the rule %s failed: %s"):format(rule.name, trouble) }
      end
    end
  end
  return findings, read_manifest, m.state
end

---@param findings mighost.Finding[]
---@return mighost.Finding|nil finding the first that blocks
function M.blocking(findings)
  for _, finding in ipairs(findings) do
    if finding.severity == "error" then
      return finding
    end
  end
end

return M
