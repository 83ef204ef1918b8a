--- Runs the project's validation command: without a shell, in the project's root, with the caller's
--- whole environment.  Red is an answer; not being able to say is a failure.

local proc = require "host.proc"
local sys = require "host.sys"

local quote = require "lib.quote"
local secrets = require "planning.secrets"
local text = require "lib.text"
local words = require "loop.words"

local SILENCE <const> = 300 -- seconds
local CAP <const> = 1 << 30
local KEEP <const> = 1 << 20
local EXCERPT <const> = 4000 -- bytes of the end of each stream for whoever has to mend it
local INFRA <const> = "validation-infra-failure"

-- What a shell, env or timeout ends with when the command itself did not run.
local NOT_RUN <const> = { [126] = true, [127] = true }

---@class mighost.Verdict
---@field green boolean
---@field summary string one line
---@field excerpt string the last lines that it printed
---@field exit integer|nil
---@field signal integer|nil
---@field wall number seconds
---@field folder string where its output is

---The end of a stream, from the beginning of a line.
local function end_of(stream)
  local all = stream.whole and stream.head or stream.tail
  if #all <= EXCERPT then
    return all
  end
  return (all:sub(-EXCERPT):gsub("^[^\n]*\n", "", 1))
end

local function last_line(stream)
  local lines = text.lines(end_of(stream))
  for index = #lines, 1, -1 do
    if lines[index]:find("%S") then
      return lines[index]
    end
  end
  return nil
end

local function excerpt_of(report)
  local parts = {}
  for _, name in ipairs { "stdout", "stderr" } do
    local part = words.clean(end_of(report[name]))
    if part:find("%S") then
      parts[#parts + 1] = part
    end
  end
  return table.concat(parts, "\n")
end

---Why nobody can say whether it is green; nil where it said so itself.
local function describe_trouble(ctx, report)
  local limits = {
    timeout = { ("did not finish within %g s and was ended"):format(
      ctx.settings.validation_timeout or 0), "ETIMEOUT" },
    silence = { ("printed nothing for %d s and was ended"):format(SILENCE), "ESILENCE" },
    output = { ("printed more than %d MiB and was ended"):format(CAP >> 20), "EOUTPUT" },
    interrupt = { "was interrupted", "EINTERRUPTED" },
  }
  local struck = limits[report.ended_by]
  if struck then
    return struck[1], struck[2]
  elseif NOT_RUN[report.exit] then
    return ("could not be run: %s"):format(last_line(report.stderr)
      or ("it ended with %d"):format(report.exit)), "EVALIDATION"
  end
  return nil
end

local function describe_red(report)
  local how = report.signal and ("was ended by signal %d"):format(report.signal)
    or ("ended with %d"):format(report.exit)
  local last = last_line(report.stderr) or last_line(report.stdout)
  return last and ("%s: %s"):format(how, last) or how
end

local function start(ctx, run)
  local settings = ctx.settings
  return proc.run {
    argv = settings.validation,
    cwd = ctx.project.root,
    stdout = run.folder .. "/stdout.log",
    stderr = run.folder .. "/stderr.log",
    keep = KEEP,
    cap = CAP,
    timeout = settings.validation_timeout,
    silence = SILENCE,
    secrets = secrets.of(sys.env()),
    held = run.held,
    sandbox = { mode = "off" }, -- free, but in a control group: its end is one call
    on_progress = function(now)
      if run.on_tick then
        run.on_tick()
      end
      ctx.report { kind = "progress", role = run.role, elapsed = now.elapsed, bytes = now.bytes,
        last_line = now.last_line }
    end,
  }
end

local M = {}

---@param ctx table of the run
---@param run { role: string, folder: string, held: host.lock.Lock|nil, attempt: integer|nil,
---  retry: integer|nil, on_tick: fun()|nil } held: must be held for as long as the command runs
---@return mighost.Verdict|nil
---@return string? message
---@return string? NAME
---@return string? failure_kind nil where mighost was interrupted
function M.run(ctx, run)
  ctx.report { kind = "validating", role = run.role, attempt = run.attempt, retry = run.retry,
    evidence = run.folder }
  local report, message, name = start(ctx, run)
  ctx.report { kind = "answered", role = run.role }
  local about = "the validation command " .. quote.words(ctx.settings.validation)
  if not report then
    local is_over = name == "EINTERRUPTED"
    return nil, ("%s cannot be run: %s"):format(about, message),
      is_over and name or "EVALIDATION", not is_over and INFRA or nil
  end
  local trouble, code = describe_trouble(ctx, report)
  if trouble then
    return nil, ("%s %s"):format(about, words.flatten(ctx.project, trouble)), code,
      code ~= "EINTERRUPTED" and INFRA or nil
  end
  local green = report.exit == 0
  return {
    green = green, exit = report.exit, signal = report.signal, wall = report.wall,
    summary = words.flatten(ctx.project, green and "green" or describe_red(report)),
    excerpt = excerpt_of(report), folder = run.folder,
  }
end

return M
