--- One call of an agent: from the prompt to an answer that can be judged, or to one clear error.

local proc = require "host.proc"
local sys = require "host.sys"

local agent_files = require "planning.agent_files"
local guard = require "planning.guard"
local output = require "planning.output"
local places = require "planning.places"
local secrets = require "planning.secrets"
local tables = require "lib.tables"
local time = require "lib.time"
local watching = require "planning.watch"

local ANSWER_LIMIT <const> = 8 << 20
local OUTPUT_CAP <const> = 1 << 30
local STDIN <const> = 0
local MOST <const> = 1 << 53         -- of anything that an agent may have used
local LATEST <const> = 253402300799  -- the last second of the year 9999
local NOTHING <const> = { bytes = 0, head = "", tail = "", whole = true }

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
---@field sandbox "auto"|"require"|"off"|nil how it is held to where it may write; default: auto
---@field pass_env string[]|nil names of further variables that it gets
---@field agent_env table<string, string>|nil what the trusted configuration gives agents besides
---@field protect string[]|nil folders in its work dir that are to stay as they are
---@field env table<string, string>|nil filled in: what its adapter passes on
---@field temp string|nil filled in: a temporary folder of its own

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
  local problem = agent_files.problem(call, spec)
  if problem then
    return nil, problem, "ECONFIG"
  end
  return spec
end

local function options_of(call, spec, sandbox, hidden, opts)
  return {
    argv = spec.argv,
    cwd = call.repo_root,
    sandbox = sandbox,
    env = tables.copy(call.env, spec.env),
    stdin = spec.stdin,
    stdout = call.artifacts .. "/stdout.log",
    stderr = call.artifacts .. "/stderr.log",
    keep = ANSWER_LIMIT,
    cap = OUTPUT_CAP,
    timeout = call.timeout,
    silence = call.silence,
    secrets = hidden,
    on_progress = opts.on_progress,
    held = opts.held,
  }
end

---Starts the program and waits for it; if it cannot be started, says whose fault that is.
local function ask(call, spec, place, hidden, opts)
  local sandbox, refusal, refused = place:sandbox(spec)
  if not sandbox then
    return nil, refusal, refused
  end
  local report, problem, cause, is_ours = watching.run(opts.watch, call, spec, hidden, function()
    return proc.run(options_of(call, spec, sandbox, hidden, opts))
  end)
  if is_ours then
    return nil, problem, cause
  elseif not report then
    local is_missing = NO_PROGRAM[cause]
    return nil, ("%s %s: %s"):format(name_agent(call),
      is_missing and "cannot be started" or "cannot be run", problem),
      is_missing and "EAGENT" or cause
  end
  return report
end

---The error of a call that mighost itself ended, else nil.
local function limit_struck(call, report)
  local who = name_agent(call)
  if report.ended_by == "timeout" then
    return ("%s did not finish within %g s and was ended"):format(who, call.timeout), "ETIMEOUT"
  elseif report.ended_by == "silence" then
    return ("%s printed nothing for %g s and was ended"):format(who, call.silence), "ESILENCE"
  elseif report.ended_by == "output" then
    return ("%s printed more than %d MiB and was ended"):format(who, OUTPUT_CAP >> 20), "EOUTPUT"
  elseif report.ended_by then
    return ("%s was ended: %s"):format(who, report.ended_by), "EINTERRUPTED"
  end
  return nil
end

---Why these bytes cannot be an answer, else nil.
local function unfit(answer, printed)
  if #answer >= ANSWER_LIMIT and math.max(printed.bytes, #answer) > ANSWER_LIMIT then
    return ("printed %d bytes; an answer has at most %d MiB"):format(
      math.max(printed.bytes, #answer), ANSWER_LIMIT >> 20), "EOUTPUT"
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

---The report as the adapter sees it.
local function view_of(call, spec, report)
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
  return view
end

---Whether an agent may be believed a number: nor is it what is none, 0/0.
local function is_within(value, most)
  return type(value) == "number" and value >= 0 and value <= most
end

---What an agent says that it used, as far as that can be.
local function sound_usage(usage)
  local kept = {}
  for what, value in pairs(type(usage) == "table" and usage or {}) do
    kept[what] = is_within(value, MOST) and value or nil
  end
  return next(kept) and kept or nil
end

---The error of a call that brought no answer, as its adapter tells it.
local function describe_trouble(call, report, why, kind, more)
  report.trouble = kind
  report.retry_at = more and is_within(more.retry_at, LATEST) and more.retry_at or nil
  local when = ""
  if report.retry_at then
    when = " (until " .. time.format(report.retry_at, sys.utc_offset(report.retry_at)) .. ")"
  end
  return ("%s %s%s"):format(name_agent(call), why, when), KINDS[kind] or "EJUDGE"
end

---The adapter's answer for the captured output.
local function translate(adapter, call, spec, report)
  local view = view_of(call, spec, report)
  local ok, answer, why, kind, more = guard.call(adapter.answer, view)
  if not ok then
    return nil, ("%s: %s"):format(name_agent(call), answer), "ECONFIG"
  end
  report.usage = sound_usage((answer or more or {}).usage)
  if not answer then
    return nil, describe_trouble(call, report, why, kind, more)
  end
  answer.usage = report.usage
  local problem, name = unfit(answer.text, view.stdout)
  if problem then
    local hint = name == "EJUDGE" and view.stderr.last_line()
    return nil, ("%s %s%s"):format(name_agent(call), problem, hint and ": " .. hint or ""), name
  end
  return answer
end

---A person at the terminal: nothing is captured, and there are no time limits.
local function attend(adapter, call)
  if not sys.isatty(STDIN) then
    return nil, ("%s needs a terminal"):format(name_agent(call)), "EUSAGE"
  end
  local ok, message, name, report = require("planning.attach").run(adapter, call)
  if report then
    report.stdout, report.stderr = NOTHING, NOTHING
  end
  return ok and report, message, name, report
end

---@class mighost.CallOptions
---@field on_progress (fun(progress: { elapsed: number, bytes: integer, last_line: string }))|nil
---@field held host.lock.Lock|nil must be held for as long as the agent works
---@field watch mighost.Watch|nil nil: nobody looks at what the agent does outside its work dir

local M = { unfit = unfit }

---Runs the agent.  The report comes back even with an error, as evidence; besides what host.proc
---tells it has `usage`, and of a failure `trouble` (its kind) and `retry_at` (epoch), where known.
---@param adapter mighost.Agent
---@param call mighost.Call
---@param opts? mighost.CallOptions
---@return { text: string, usage: table|nil }|nil
---@return string|nil message
---@return string|nil NAME
---@return table|nil report
function M.run(adapter, call, opts)
  local place <close>, refusal, refused = places.open(call, adapter)
  local spec, cleared
  if place then
    spec, refusal, refused = prepare(adapter, call)
  end
  if spec then
    cleared, refusal, refused = agent_files.clear(spec)
  end
  if not cleared then
    return nil, refusal, refused
  end
  local hidden = secrets.of(tables.copy(sys.env(), call.agent_env), adapter.secrets)
  local _ <close> = setmetatable({}, { __close = function() -- also when it is interrupted
    agent_files.redact(spec, hidden)
  end })
  local report, problem, cause, evidence
  if adapter.attached then
    report, problem, cause, evidence = attend(adapter, call)
  else
    report, problem, cause = ask(call, spec, place, hidden, opts or {})
  end
  if not report then
    return nil, problem, cause, evidence
  end
  local struck, name = watching.verdict(report)
  if not struck then
    struck, name = limit_struck(call, report)
  end
  if struck then
    return nil, struck, name, report
  end
  local answer, why, code = translate(adapter, call, spec, report)
  why = why and why .. place:hint(why)
  if answer then
    -- What was printed has been replaced already, but not what an adapter has decoded.
    answer.text = secrets.redact(answer.text, hidden)
  end
  return answer, why and secrets.redact(why, hidden), code, report
end

return M
