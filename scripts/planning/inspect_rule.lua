--- Tries a rule on sample migrations, in each of its modes.

local consistency = require "planning.consistency"
local samples = require "planning.inspect_sample"
local trial = require "planning.inspect_trial"

local FAILED <const> = "rule-failed"
local MEND <const> = "make it cope with files that are missing or not text, and report only tables "
  .. "with severity, code and message"

---Tries one mode on one migration.
local function try(file, sample, mode, report)
  local dir <close>, message, name = samples.open(sample.path)
  if not dir then
    return nil, message, name
  end
  local only = { rules = function()
    return { { name = file.name, modes = { mode }, check = file.value.check } }
  end }
  local findings, why, code = consistency.check(dir, {
    slug = samples.SLUG, mode = mode, registry = only, published = "migrations/" .. samples.SLUG,
  })
  for _, finding in ipairs(findings or {}) do
    if finding.code == FAILED then
      local line, what = trial.place_in(file, finding.message)
      report(file, { severity = "error", code = FAILED, at = { "check" }, line = line, mend = MEND,
        message = ("the rule fails for %s (%s): %s"):format(sample.about, mode,
          (what:gsub("^the rule [^ ]+ failed: ", ""))) })
      return false
    end
  end
  return findings and true, why, code
end

local M = {}

---@param file mighost.InspectedFile a rule that was loaded
---@param migrations { path: string, about: string }[] what `inspect_sample.migrations` made
---@param report mighost.ReportProblem
---@return true|nil
---@return string? message
---@return string? NAME
function M.try(file, migrations, report)
  for _, sample in ipairs(migrations) do
    for _, mode in ipairs(file.value.modes) do
      local ok, message, name = try(file, sample, mode, report)
      if ok == nil then
        return nil, message, name
      elseif not ok then
        return true -- one failure says enough, and a runaway rule takes its time
      end
    end
  end
  return true
end

return M
