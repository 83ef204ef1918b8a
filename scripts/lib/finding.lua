--- What a rule reports: whether it is a finding at all.

local SEVERITIES <const> = { info = true, warning = true, error = true }
local CODE <const> = "^%w[%w._-]*$" -- people and programs look for it

local M = {}

---Why this is not a finding, nil when it is one.
---@param finding any
---@return string|nil
function M.problem(finding)
  if type(finding) ~= "table" then
    return "a finding is a table, not a " .. type(finding)
  elseif not SEVERITIES[finding.severity] then
    return ("a finding's severity must be info, warning or error, not %s"):format(
      tostring(finding.severity))
  elseif type(finding.code) ~= "string" or type(finding.message) ~= "string" then
    return "a finding needs a code and a message"
  elseif not finding.code:find(CODE) then
    return ("a finding's code must be a plain word such as missing-rollback, not %q"):format(
      finding.code)
  elseif not finding.message:find("%S") then
    return "a finding's message must say something"
  elseif finding.path ~= nil and type(finding.path) ~= "string" then
    return ("a finding's path must be a string, not a %s"):format(type(finding.path))
  end
  return nil
end

return M
