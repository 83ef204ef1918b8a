--- One call of an agent that a person talks to: attached to the terminal, with nothing captured.

local proc = require "host.proc"
local sys = require "host.sys"

local guard = require "planning.guard"
local places = require "planning.places"
local secrets = require "planning.secrets"
local tables = require "lib.tables"
local watching = require "planning.watch"

local STDOUT <const> = 1
-- stdout may be a file or a pipe that somebody reads data from: the agent's words go to stderr.
local BESIDE <const> = { "sh", "-c", 'exec "$@" >&2', "sh" }
local NOT_STARTED <const> = { [126] = true, [127] = true } -- what a shell ends with then

local function name_agent(call)
  return ("the agent %s for %s"):format(call.agent, call.stage)
end

---Asks the adapter for the command; checks what the process module would raise over.
local function prepare(adapter, call)
  local ok, spec, why = guard.call(adapter.interactive, call)
  if not ok then
    return nil, ("%s: %s"):format(name_agent(call), spec), "ECONFIG"
  elseif not spec then
    return nil, why, "EUSAGE"
  elseif type(spec.argv) ~= "table" or type(spec.argv[1]) ~= "string" or spec.argv[1] == "" then
    return nil, ("%s: there is no program to start"):format(name_agent(call)), "EUSAGE"
  end
  return spec
end

local function words_of(spec, keeps_stdout)
  if not keeps_stdout then
    return spec.argv
  end
  local argv = table.move(BESIDE, 1, #BESIDE, 1, {})
  return table.move(spec.argv, 1, #spec.argv, #argv + 1, argv)
end

---Whether the program succeeded; else why not.
local function judge(call, report)
  if report.ended_by then
    return nil, ("%s was ended: %s"):format(name_agent(call), report.ended_by), "EINTERRUPTED"
  elseif report.signal then
    return nil, ("%s was ended by signal %d"):format(name_agent(call), report.signal), "EEXITED"
  elseif NOT_STARTED[report.exit] then
    return nil, ("%s cannot be started: %s"):format(name_agent(call), call.agent_command
      or call.agent), "EAGENT"
  elseif report.exit ~= 0 then
    return nil, ("%s exited with status %d"):format(name_agent(call), report.exit), "EEXITED"
  end
  return true
end

local M = {}

---Runs the agent in the work dir until it ends.  The report comes back even with an error.
---@param adapter mighost.Agent one with an interactive form
---@param call mighost.Call with prompt_file
---@param keeps_stdout boolean|nil mighost's stdout is for data, wherever it leads
---@param watch mighost.Watch|nil
---@return true|nil
---@return string? message
---@return string? NAME
---@return table|nil report
function M.run(adapter, call, keeps_stdout, watch)
  local place <close>, refusal, refused = places.open(call, adapter)
  local spec, sandbox
  if place then
    spec, refusal, refused = prepare(adapter, call)
  end
  if spec then
    sandbox, refusal, refused = place:sandbox(spec)
  end
  if not sandbox then
    return nil, refusal, refused
  end
  local hidden = secrets.of(tables.copy(sys.env(), call.agent_env), adapter.secrets)
  local report, problem, cause, is_ours = watching.run(watch, call, spec, hidden, function()
    return proc.run {
      argv = words_of(spec, keeps_stdout or not sys.isatty(STDOUT)),
      cwd = call.work_dir,
      env = tables.copy(call.env, spec.env),
      sandbox = sandbox,
      tty = true,
    }
  end)
  if is_ours then
    return nil, problem, cause
  elseif not report then
    return nil, ("%s cannot be started: %s"):format(name_agent(call), problem),
      cause == "EINTERRUPTED" and cause or "EAGENT"
  end
  local escaped, code = watching.verdict(report)
  if escaped then
    return nil, escaped, code, report
  end
  local ok, why, name = judge(call, report)
  return ok, why, name, report
end

return M
