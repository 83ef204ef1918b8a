--- Programs run with host.proc, as its own specs do: nothing may go wrong with starting them.

local proc = require "host.proc"

local M = {}

--- What host.proc reports of a program that it could run.
---@param options host.proc.Options
---@return host.proc.Report
function M.run(options)
  local report, message = proc.run(options)
  if not report then
    error(message, 2)
  end
  return report
end

--- The same of a shell script.
---@param script string
---@param options? table
---@return host.proc.Report
function M.shell(script, options)
  options = options or {}
  options.argv = { "sh", "-c", script }
  return M.run(options)
end

return M
