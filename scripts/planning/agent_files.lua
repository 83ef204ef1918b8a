--- The files that an adapter has its program write for it.  They are mighost's to remove before the
--- start, and to clean of secrets afterwards; so they lie in folders of the call alone.

local fs = require "host.fs"

local secrets = require "planning.secrets"

local PRIVATE <const> = { durable = false, mode = 384 } -- 0600

---Whether a path names something directly in a folder.
local function is_in(folder, path)
  local name = folder and path:sub(1, #folder + 1) == folder .. "/" and path:sub(#folder + 2)
  return name and name:find("^[^/%z]+$") ~= nil and name ~= "." and name ~= ".."
end

local function split(path)
  return path:match("^(.*)/([^/]+)$")
end

local M = {}

---Why a program may not be told to write these files; nil when it may.
---@param call mighost.Call
---@param spec mighost.AgentCommand
---@return string|nil
function M.problem(call, spec)
  local names = {}
  for name in pairs(spec.files or {}) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local path = spec.files[name]
    if not is_in(call.artifacts, path) and not is_in(call.temp, path) then
      return ("the file %s of the agent %s is not in the folder for its evidence: %s"):format(name,
        call.agent, path)
    end
  end
end

---Removes what an earlier call left.
---@param spec mighost.AgentCommand
---@return true|nil
---@return string? message
---@return string? NAME
function M.clear(spec)
  for _, path in pairs(spec.files or {}) do
    local folder, file = split(path)
    local dir <close>, message, name = fs.open_dir(folder)
    if not dir then
      return nil, message, name
    end
    local removed, why, code = dir:remove(file)
    if not removed then
      return nil, why, code
    end
  end
  return true
end

---Replaces secrets: such files do not pass through mighost.
---@param spec mighost.AgentCommand
---@param hidden table<string, string>
function M.redact(spec, hidden)
  for _, path in pairs(spec.files or {}) do
    local folder, file = split(path)
    local dir <close> = fs.open_dir(folder)
    local written = dir and dir:read(file)
    local clean = written and secrets.redact(written, hidden)
    if clean ~= written then
      dir:write(file, clean, PRIVATE)
    end
  end
end

return M
