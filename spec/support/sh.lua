--- Runs a program as a user would and waits for it: no dependency on what the specs test.

local tmp = require "spec.support.tmp"

local M = {}

--- A word as the shell reads it back unchanged.
---@param word string
---@return string
function M.quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- The words of `env` that change the environment: removals first, as env wants it.
local function environment(changes)
  local removed, set = {}, {}
  for name, value in pairs(changes or {}) do
    if value then
      table.insert(set, M.quote(name .. "=" .. value))
    else
      table.insert(removed, "-u " .. M.quote(name))
    end
  end
  table.sort(set)
  return table.concat(table.move(set, 1, #set, #removed + 1, removed), " ")
end

local function command_line(spec, dir)
  local words = { "exec env", environment(spec.env) }
  for _, word in ipairs(spec.argv) do
    table.insert(words, M.quote(word))
  end
  local stdin = spec.stdin and M.quote(dir:write("stdin", spec.stdin)) or "/dev/null"
  return ("cd %s && %s <%s >%s 2>%s"):format(M.quote(spec.cwd or "."), table.concat(words, " "),
    stdin, M.quote(dir:join("stdout")), M.quote(dir:join("stderr")))
end

---@class spec.Run
---@field argv string[]
---@field cwd? string
---@field env? table<string, string|false>  added to the environment; false removes
---@field stdin? string                      default: /dev/null

---@class spec.Result
---@field exit? integer    exit code, absent when a signal ended it
---@field signal? integer
---@field stdout string
---@field stderr string

--- Runs argv to its end.
---@param spec spec.Run
---@return spec.Result
function M.run(spec)
  local dir <close> = tmp.dir()
  local _, kind, code = os.execute(command_line(spec, dir))
  return {
    exit = kind == "exit" and code or nil,
    signal = kind == "signal" and code or nil,
    stdout = dir:read("stdout") or "",
    stderr = dir:read("stderr") or "",
  }
end

--- Runs argv, raises unless it ends with 0, and returns what it printed.
---@param spec spec.Run
---@return string stdout
function M.check(spec)
  local result = M.run(spec)
  if result.exit ~= 0 then
    error(("%s ended with %s %d:\n%s%s"):format(table.concat(spec.argv, " "),
      result.exit and "exit code" or "signal", result.exit or result.signal,
      result.stdout, result.stderr), 2)
  end
  return result.stdout
end

return M
