--- The program under test, run as a user runs it, away from the user's own settings.

local sh = require "spec.support.sh"
local sys = require "host.sys"
local tables = require "lib.tables"

local M = {}

--- The executable that runs these specs.
M.exe = sys.exe()

--- The project's root.
M.root = debug.getinfo(1, "S").source:match("^@(.*)/spec/support/program%.lua$")

---@class spec.ProgramRun
---@field args string[]
---@field cwd? string
---@field env? table<string, string|false>
---@field stdin? string

--- Runs mighost to its end.  git reads no configuration but the repository's; HOME and the XDG
--- folders are the caller's where env does not say otherwise.
---@param run spec.ProgramRun
---@return spec.Result
function M.run(run)
  local env = tables.copy({ GIT_CONFIG_GLOBAL = "/dev/null", GIT_CONFIG_NOSYSTEM = "1",
    MIGHOST_WITH = false, MIGHOST_SANDBOX = false }, run.env)
  return sh.run { argv = { M.exe, table.unpack(run.args) }, cwd = run.cwd, env = env,
    stdin = run.stdin }
end

return M
