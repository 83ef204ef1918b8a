--- One call of an agent: from the prompt to an answer that can be judged, or to one clear error.

local proc = require "host.proc"
local sys = require "host.sys"

local environment = require "planning.environment"
local guard = require "planning.guard"
local output = require "planning.output"
local secrets = require "planning.secrets"
local text = require "lib.text"

local ANSWER_LIMIT <const> = 8 << 20
local OUTPUT_CAP <const> = 1 << 30

-- What an adapter says went wrong, and the name of such a failure.
local KINDS <const> = {
  ["rate-limited"] = "EAGENT",
  auth = "EAGENT",
  refused = "EAGENT",
  empty = "EJUDGE",
  broken = "EEXITED",
}

-- Why a program does not start; any other failure is not the agent's.
local NO_PROGRAM <const> = {
  ENOENT = true, EACCES = true, EPERM = true, ENOEXEC = true, ENOTDIR = true, EISDIR = true,
  ELOOP = true, ELIBBAD = true, EINVAL = true, ETXTBSY = true, ENAMETOOLONG = true, E2BIG = true,
}

---@class mighost.Call
---@field role string
---@field stage string
---@field visit integer
---@field slug string
---@field prompt string
---@field agent string name of the adapter
---@field model string|nil
---@field effort string
---@field work_dir string
---@field live_dir string
---@field repo_root string
---@field artifacts string absolute path of the folder for logs
---@field timeout number|nil
---@field silence number|nil
---@field agent_command string|nil
---@field recorded mighost.Recorded|nil

local function name_agent(call)
  return ("the agent %s for %s"):format(call.agent, call.stage)
end

---Asks the adapter for the command; checks what the process module would raise over.
local function prepare(adapter, call)
  local ok, spec, why = guard.call(adapter.command, call)
  if not ok then
    return nil, ("%s: %s"):format(name_agent(call), spec), "ECONFIG"
  end
  if not spec then
    return nil, why, "EUSAGE"
  end
  if type(spec.argv) ~= "table" or type(spec.argv[1]) ~= "string" or spec.argv[1] == "" then
    return nil, ("%s: there is no program to start"):format(name_agent(call)), "EUSAGE"
  end
  return spec
end

local function start(adapter, call, spec, hidden, on_progress)
  return proc.run {
    argv = spec.argv,
    cwd = call.repo_root,
    env = environment.build(sys.env(), spec.env or {}, adapter.inherits_env),
    stdin = spec.stdin,
    stdout = call.artifacts .. "/stdout.log",
    stderr = call.artifacts .. "/stderr.log",
    keep = ANSWER_LIMIT,
    cap = OUTPUT_CAP,
    timeout = call.timeout,
    silence = call.silence,
    secrets = hidden,
    on_progress = on_progress,
  }
end

local function last_words(report)
  for _, stream in ipairs { report.stderr, report.stdout } do
    local tail = stream.whole and stream.head or stream.tail
    local last = tail:match("([^\r\n]*%S[^\r\n]*)%s*$")
    if last then
      return ": " .. text.printable(last):sub(1, 200)
    end
  end
  return ""
end

---The error of a call that mighost itself ended, else nil.
local function limit_struck(call, report)
  local who = name_agent(call)
  if report.ended_by == "timeout" then
    return ("%s was not done within %g s and was ended"):format(who, call.timeout), "ETIMEOUT"
  elseif report.ended_by == "silence" then
    return ("%s gave no sign of life for %g s and was ended"):format(who, call.silence), "ESILENCE"
  elseif report.ended_by == "output" then
    return ("%s printed more than %d MiB and was ended"):format(who, OUTPUT_CAP >> 20), "EOUTPUT"
  elseif report.ended_by then
    return ("%s was ended: %s"):format(who, report.ended_by), "EINTERRUPTED"
  end
  return nil
end

---Why these bytes cannot be an answer, else nil.
local function unfit(answer, printed)
  if printed.bytes > ANSWER_LIMIT and #answer >= ANSWER_LIMIT then
    return ("printed %d bytes; an answer has at most %d MiB"):format(
      printed.bytes, ANSWER_LIMIT >> 20), "EOUTPUT"
  end
  if not answer:find("%S") then
    return "printed nothing", "EJUDGE"
  end
  if answer:find("\0", 1, true) then
    return "printed NUL bytes, which no answer has", "EOUTPUT"
  end
  local valid, position = utf8.len(answer)
  if not valid then
    return ("printed invalid UTF-8 at byte %d"):format(position), "EOUTPUT"
  end
  return nil
end

---What the adapter makes of the captured output.
local function translate(adapter, call, spec, report)
  local view = {
    exit = report.exit,
    signal = report.signal,
    ended_by = report.ended_by,
    stdout = output.open(report.stdout, call.artifacts .. "/stdout.log"),
    stderr = output.open(report.stderr, call.artifacts .. "/stderr.log"),
    files = {},
  }
  for name, path in pairs(spec.files or {}) do
    view.files[name] = output.of_file(path)
  end
  local ok, answer, why, kind = guard.call(adapter.answer, view)
  if not ok then
    return nil, ("%s: %s"):format(name_agent(call), answer), "ECONFIG"
  end
  if not answer then
    return nil, ("%s %s%s"):format(name_agent(call), why, last_words(report)),
      KINDS[kind] or "EJUDGE"
  end
  local problem, name = unfit(answer.text, view.stdout)
  if problem then
    local hint = name == "EJUDGE" and last_words(report) or ""
    return nil, ("%s %s%s"):format(name_agent(call), problem, hint), name
  end
  return answer
end

local M = {}

---Runs the agent.  The report comes back even with an error, as evidence.
---@param adapter mighost.Agent
---@param call mighost.Call
---@param on_progress? fun(progress: { elapsed: number, bytes: integer, last_line: string })
---@return { text: string, usage: table|nil }|nil
---@return string|nil message
---@return string|nil NAME
---@return table|nil report
function M.run(adapter, call, on_progress)
  local spec, refusal, refused = prepare(adapter, call)
  if not spec then
    return nil, refusal, refused
  end
  local hidden = secrets.of(sys.env(), adapter.secrets)
  local report, problem, cause = start(adapter, call, spec, hidden, on_progress)
  if not report then
    local is_missing = NO_PROGRAM[cause]
    return nil, ("%s %s: %s"):format(name_agent(call),
      is_missing and "cannot be started" or "cannot be run", problem),
      is_missing and "EAGENT" or cause
  end
  local struck, name = limit_struck(call, report)
  if struck then
    return nil, struck, name, report
  end
  local answer, why, code = translate(adapter, call, spec, report)
  return answer, why, code, report
end

return M
