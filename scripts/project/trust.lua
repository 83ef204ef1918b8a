--- What a repository brings along and must not run just because someone typed `mighost` in it.
--- This version runs no script and no program that a repository names; it says so where one would.

local fs = require "host.fs"

local FOLDERS <const> = { "agents", "lib", "rules", "scripts", "stages" }
local PROGRAM_KEYS <const> = { "agent_command", "agent_env", "hooks", "validation_command" }
local UNSUPPORTED <const> = "running a team's own scripts is not supported by this version"

--- An empty folder brings nothing; a link, or a folder that cannot be read, may bring anything.
local function is_empty(dir, name)
  local found = dir:stat(name)
  if not found or found.kind ~= "directory" then
    return not found
  end
  local entries = dir:list(name)
  return entries ~= nil and #entries == 0
end

local M = {}

--- Why something of the repository's is not used.
---@param what string   a path, or a key of the configuration
---@return string
function M.explain(what)
  return ("%s is not used: %s"):format(what, UNSUPPORTED)
end

--- The same as the values of a failure.
---@param what string
---@return string message, string name
function M.refusal(what)
  return M.explain(what) .. "; remove it from the project to go on", "EUNTRUSTED"
end

--- Everything in this project that would have to be trusted: folders, then keys of config.json.
---@param project {root: string, config: table}
---@return string[]
function M.list(project)
  local found = {}
  local dir <close> = fs.open_dir(project.root .. "/.mighost")
  for _, name in ipairs(FOLDERS) do
    if dir and not is_empty(dir, name) then
      table.insert(found, project.root .. "/.mighost/" .. name)
    end
  end
  for _, key in ipairs(PROGRAM_KEYS) do
    if project.config[key] ~= nil then
      table.insert(found, ("%s in %s/.mighost/config.json"):format(key, project.root))
    end
  end
  return found
end

--- For commands that would use such things.
---@param project {root: string, config: table}
---@return true? ok, string? message, string? name
function M.check(project)
  local found = M.list(project)
  if #found == 0 then
    return true
  end
  return nil, M.refusal(found[1])
end

return M
