--- The user's own folders for mighost, as the XDG base directory rules name them.

local sys = require "host.sys"

--- A relative value of an XDG variable counts as unset.
local function home_of(variable, default)
  local value = os.getenv(variable)
  if value and value:sub(1, 1) == "/" then
    return value .. "/mighost"
  end
  local home = os.getenv("HOME")
  if not home or home:sub(1, 1) ~= "/" then
    home = sys.user().home
  end
  return home .. default .. "/mighost"
end

local M = {}

--- The user's scripts, stages, rules, agents and taste.
---@return string
function M.config()
  return home_of("XDG_CONFIG_HOME", "/.config")
end

--- Workspaces, evidence of runs, and what was set aside.
---@return string
function M.state()
  return home_of("XDG_STATE_HOME", "/.local/state")
end

return M
