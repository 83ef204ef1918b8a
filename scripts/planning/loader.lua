--- Turns the source text of a stage, pipeline, rule or agent file into the table it returns.
--- Such a file is data and pure functions: it gets the language and mighost's helpers, no system.

local guard = require "planning.guard"

local BOM <const> = "\xEF\xBB\xBF"
local BYTECODE <const> = "\27Lua"

local GLOBALS <const> = {
  "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget",
  "rawlen", "rawset", "select", "setmetatable", "tonumber", "tostring", "type", "xpcall",
  "_VERSION", "string", "table", "math", "utf8", "coroutine",
}

local function require_helper(name)
  if type(name) ~= "string" or not name:find("^lib%.[%w_]+$") then
    error(("require %q: such a file may only require \"lib.<name>\""):format(tostring(name)), 2)
  end
  return require(name)
end

local function environment()
  local env = { require = require_helper }
  for _, name in ipairs(GLOBALS) do
    env[name] = _G[name]
  end
  env._G = env
  return env
end

-- Lua shortens a long path in its messages; people need the whole one.
local function with_path(path, message)
  local line, rest = message:match("^.-:(%d+): (.*)$")
  return line and ("%s:%s: %s"):format(path, line, rest) or ("%s: %s"):format(path, message)
end

local M = {}

---Why a file's text is not run, nil when it may be.
---@param file { path: string, text: string }
---@return string|nil message
function M.refusal(file)
  if file.text:sub(1, #BYTECODE) == BYTECODE then
    return ("%s: compiled Lua is not run; give the source"):format(file.path)
  end
  if file.text:sub(1, #BOM) == BOM then
    return ("%s: starts with a byte order mark; save it as plain UTF-8"):format(file.path)
  end
  return nil
end

---Runs the file's chunk once and returns its table.
---@param file { path: string, text: string }
---@return table|nil
---@return string? message one line, with file:line where Lua knows it
---@return string? NAME
function M.load(file)
  local refusal = M.refusal(file)
  if refusal then
    return nil, refusal, "ECONFIG"
  end
  local chunk, problem = load(file.text, "@" .. file.path, "t", environment())
  if not chunk then
    return nil, with_path(file.path, problem), "ECONFIG"
  end
  local ok, value = guard.call(chunk)
  if not ok then
    return nil, with_path(file.path, value), "ECONFIG"
  end
  if type(value) ~= "table" then
    return nil, ("%s: returns a %s; it must return one table"):format(file.path, type(value)),
      "ECONFIG"
  end
  return value
end

return M
