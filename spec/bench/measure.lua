--- Times commands against each other in one run, so that what a machine does meanwhile hits all.

local sh = require "spec.support.sh"
local sys = require "host.sys"

local M = {}

local function median(values)
  table.sort(values)
  local middle = #values // 2
  return #values % 2 == 1 and values[middle + 1] or (values[middle] + values[middle + 1]) / 2
end

--- One shell runs the command `count` times; what it prints is dropped.  Seconds a run.
local function time_once(command, count)
  local loop = ("i=0; while [ $i -lt %d ]; do %s || exit; i=$((i+1)); done >/dev/null")
  local line = loop:format(count, command)
  local before = sys.monotonic()
  local ok, _, code = os.execute(line)
  local seconds = (sys.monotonic() - before) / count
  if not ok then
    error(("ended with %d: %s"):format(code, command), 0)
  end
  return seconds
end

---@class bench.Options
---@field rounds integer            each round runs every command once
---@field count? integer            times a command is run in a round; default 1
---@field before? fun(name: string) called before each, not timed

--- The median seconds of each command, by its name.
---@param commands {name: string, line: string}[]
---@param opts bench.Options
---@return table<string, number>
function M.medians(commands, opts)
  local times, result = {}, {}
  for _ = 1, opts.rounds do
    for _, command in ipairs(commands) do
      if opts.before then
        opts.before(command.name)
      end
      times[command.name] = times[command.name] or {}
      table.insert(times[command.name], time_once(command.line, opts.count or 1))
    end
  end
  for name, values in pairs(times) do
    result[name] = median(values)
  end
  return result
end

--- A shell command of these words.
---@param ... string
---@return string
function M.line(...)
  local words = {}
  for _, word in ipairs { ... } do
    table.insert(words, sh.quote(word))
  end
  return table.concat(words, " ")
end

return M
