--- Waits where an agent is rate-limited, and asks again; never after any other failure.

local proc = require "host.proc"
local sys = require "host.sys"

local FIRST_PAUSE <const> = 30 -- seconds, where it is not told when the limit ends
local LONGEST_PAUSE <const> = 600
local SHORTEST_PAUSE <const> = 1

---How long to wait now; nil when the budget is too small.
local function choose_pause(report, usual, left)
  if report.retry_at then
    local needed = math.max(SHORTEST_PAUSE, math.ceil(report.retry_at - sys.now()))
    return needed <= left and needed or nil
  end
  return left >= SHORTEST_PAUSE and math.min(usual, left) or nil
end

local M = {}

---Waits, by a program that does nothing: it can be interrupted, and shows that time passes.
---@param seconds number
---@param on_progress fun(now: host.proc.Progress)
---@return true|nil
---@return string? message
---@return string? NAME
function M.sleep(seconds, on_progress)
  local report, message, name = proc.run {
    argv = { "sleep", ("%.3f"):format(seconds) }, on_progress = on_progress,
  }
  if not report then
    return nil, "cannot wait: " .. message, name
  elseif report.exit ~= 0 then
    return nil, "cannot wait: the program sleep was ended", "EINTERRUPTED"
  end
  return true
end

---Asks, and asks again as long as the budget lasts.
---@param budget integer seconds to spend on waiting altogether
---@param ask fun(): table|nil, string|nil, string|nil, table|nil  as planning.call's run
---@param prepare fun(): true|nil, string|nil, string|nil  before the agent is asked again
---@param notify fun(event: table)
---@return table|nil answer
---@return string? message
---@return string? NAME
---@return table|nil report
function M.ask(budget, ask, prepare, notify)
  local left, usual = budget, FIRST_PAUSE
  while true do
    local answer, message, name, report = ask()
    local is_limited = not answer and report and report.trouble == "rate-limited"
    local pause = is_limited and choose_pause(report, usual, left)
    if not pause then
      return answer, message, name, report
    end
    notify { kind = "pausing", seconds = pause, text = message }
    local waited, why, code = M.sleep(pause, function(now)
      notify { kind = "progress", elapsed = now.elapsed, bytes = 0,
        last_line = ("rate-limited, asking again after %d s"):format(pause) }
    end)
    if waited then
      waited, why, code = prepare()
    end
    if not waited then
      return nil, why, code, report
    end
    left, usual = left - pause, math.min(2 * usual, LONGEST_PAUSE)
  end
end

return M
