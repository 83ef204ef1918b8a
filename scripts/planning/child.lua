--- A program that a script runs, under the rules that hold for agents: an environment that is
--- built, logs without secrets, limits, and nothing that survives it.

local proc = require "host.proc"
local sys = require "host.sys"

local artifacts = require "planning.artifacts"
local environment = require "planning.environment"
local secrets = require "planning.secrets"

local COMMAND <const> = "script" -- what people see in the list of runs
local SILENCE <const> = 300
local TIMEOUT <const> = 1800

---@class mighost.RunRequest
---@field project? mighost.Project     default: the one around `repo_root`
---@field repo_root? string            default: the current directory
---@field argv string[]                never a shell
---@field name? string                 of the folder for its logs; "child" by default
---@field stdin? string
---@field env? table<string, string>   besides HOME, PATH and the like
---@field pass_env? string[]           of the caller's variables; `X_*` is all that begin with `X_`
---@field inherits_env? boolean        the caller's whole environment
---@field timeout? number              seconds for the whole call; 1800 by default
---@field silence_timeout? number      seconds without output; 300 by default
---@field sandbox? host.proc.Sandbox   what it may write; by default everything that its user may
---@field on_progress? fun(now: host.proc.Progress)

---@class mighost.RunReport: host.proc.Report
---@field artifacts string   the folder with stdout.log and stderr.log

local M = {}

---Runs a program in the project's root to its end.  An exit code other than 0 is not an error here.
---@param project mighost.Project
---@param request mighost.RunRequest
---@return mighost.RunReport|nil
---@return string? message
---@return string? NAME
function M.run(project, request)
  local run, message, name = artifacts.start(project.state_home, project.root, COMMAND)
  local evidence
  if run then
    evidence, message, name = run:evidence(request.name or "child")
  end
  if not evidence then
    return nil, message, name
  end
  local report, why, code = proc.run {
    argv = request.argv, cwd = project.root, stdin = request.stdin,
    env = environment.build(sys.env(), request.env or {}, request.inherits_env or false,
      request.pass_env),
    stdout = evidence.path .. "/stdout.log", stderr = evidence.path .. "/stderr.log",
    timeout = request.timeout or TIMEOUT, silence = request.silence_timeout or SILENCE,
    secrets = secrets.of(sys.env()), sandbox = request.sandbox, on_progress = request.on_progress,
  }
  run:finish(report and "completed" or "failed", why)
  artifacts.prune(project.state_home, project.root, project.config.keep_runs)
  if report then
    report.artifacts = evidence.path
  end
  return report, why, code
end

return M
