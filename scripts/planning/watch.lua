--- Runs an agent's program, and compares what it must not change before and after.

local witnesses = require "planning.witness"

---@class mighost.Watch whose call it is
---@field project mighost.Project
---@field kind "planning"|"work"
---@field notify (fun(text: string))|nil what people should know

---Where the program may write, as far as that is known.
local function allowed(call, spec)
  local paths = { call.work_dir, call.artifacts, call.temp }
  for _, field in ipairs { "writes", "updates" } do
    local named = spec[field] or {}
    table.move(named, 1, #named, #paths + 1, paths)
  end
  return paths
end

local M = {}

---Runs a program.  The report tells in `escaped` what it did beyond its places; hooks,
---configuration and settings are as they were when this returns, also when it raises.
---@param watch mighost.Watch|nil nil: nobody looks
---@param call mighost.Call
---@param spec mighost.AgentCommand
---@param hidden table<string, string> secrets that no message may hold
---@param run fun(): host.proc.Report|nil, string|nil, string|nil
---@return host.proc.Report|nil report
---@return string? message
---@return string? NAME
---@return boolean? is_ours whether the failure is not of starting the program
function M.run(watch, call, spec, hidden, run)
  if not watch then
    return run()
  end
  local witness, why, code = witnesses.take {
    project = watch.project, kind = watch.kind, allow = allowed(call, spec),
    agent_state = spec.settings, hidden = hidden, evidence = call.artifacts,
    on_warning = watch.notify,
    who = ("the agent %s for %s"):format(call.agent, call.stage),
  }
  if not witness then
    return nil, why, code, true
  end
  local is_over = false
  local _ <close> = setmetatable({}, { __close = function()
    if not is_over then
      witness:compare() -- cut off by an error or an interruption: what was changed is put back
    end
  end })
  local report, problem, cause = run()
  if not report then
    is_over = true
    return nil, problem, cause
  end
  local ok, message, name = witness:compare(report.sandbox)
  is_over = true
  if not ok then
    report.escaped = { message = message, name = name }
  end
  return report
end

---The failure of a call that reached beyond its places; nil of any other.
---@param report table
---@return string|nil message
---@return string|nil NAME
function M.verdict(report)
  local escaped = report.escaped
  if escaped and report.ended_by == "interrupt" then
    return escaped.message .. "; it was interrupted", "EINTERRUPTED"
  elseif escaped then
    return escaped.message, escaped.name
  end
  return nil
end

return M
