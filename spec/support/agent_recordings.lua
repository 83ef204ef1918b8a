--- What the real programs printed, recorded beside the project; absent in most checkouts.

local lfs = require "lfs"
local output = require "planning.output"
local program = require "spec.support.program"

local M = {}

M.path = program.root .. "/../shared/agent-recordings"

---Whether the recordings are there.
---@return boolean
function M.are_there()
  return lfs.attributes(M.path, "mode") == "directory"
end

---The names of a program's recordings, sorted.
---@param agent string
---@return string[]
function M.names(agent)
  local seen, names = {}, {}
  for file in lfs.dir(M.path .. "/" .. agent) do
    local name = file:match("^(.+)%.[%a-]+$")
    if name and not seen[name] then
      seen[name] = true
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

---A recorded run as an adapter sees it, read from the files as from logs.
---@param agent string
---@param name string
---@param exit integer
---@return mighost.AgentReport
function M.report(agent, name, exit)
  local base = ("%s/%s/%s"):format(M.path, agent, name)
  return {
    exit = exit,
    stdout = output.of_file(base .. ".stdout"),
    stderr = output.of_file(base .. ".stderr"),
    files = { last_message = output.of_file(base .. ".last-message") },
  }
end

return M
