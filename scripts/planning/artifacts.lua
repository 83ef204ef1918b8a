--- The evidence of one run: a folder in the state directory, below it one a call of an agent.

local fs = require "host.fs"
local sys = require "host.sys"
local tree = require "host.tree"

local folder = require "project.folder"
local json = require "lib.json"
local time = require "lib.time"

local KEPT <const> = 20
local PRIVATE <const> = { durable = false, mode = 384 } -- 0600, for prompts and answers

---@class mighost.Evidence a folder of one call
---@field path string
local Evidence <const> = {}
Evidence.__index = Evidence

---Writes one file; it need not survive a power cut.
---@param name string
---@param text string
---@return true|nil
---@return string? message
---@return string? NAME
function Evidence:write(name, text)
  local dir <close>, message, code = fs.open_dir(self.path)
  if not dir then
    return nil, message, code
  end
  return dir:write(name, text, PRIVATE)
end

---@class mighost.Run
---@field id string
---@field path string
local Run <const> = {}
Run.__index = Run

---Makes the folder of the next call of `step`: `planning/<step>`, `planning/<step>-2`, …
---@param step string
---@return mighost.Evidence|nil
---@return string? message
---@return string? NAME
function Run:evidence(step)
  local count = (self.calls[step] or 0) + 1
  self.calls[step] = count
  local name = count == 1 and step or ("%s-%d"):format(step, count)
  local path = ("%s/planning/%s"):format(self.path, name)
  local dir <close>, message, code = folder.open(path)
  if not dir then
    return nil, ("cannot keep the evidence of %s: %s"):format(step, message), code
  end
  return setmetatable({ path = path }, Evidence)
end

local function runs_of(dir, root)
  local found = {}
  for _, entry in ipairs(dir:list() or {}) do
    local text = entry.kind == "directory" and dir:read(entry.name .. "/run.json")
    local about = text and json.decode(text)
    if type(about) == "table" and about.root == root then
      found[#found + 1] = entry.name
    end
  end
  return found
end

local M = {}

---Starts the evidence of a run and removes the oldest runs of the same project.
---@param state_home string
---@param root string the repository's root
---@return mighost.Run|nil
---@return string? message
---@return string? NAME
function M.start(state_home, root)
  local now = sys.now()
  local id = ("%s-%s"):format(time.stamp(now, sys.utc_offset(now)), sys.random_hex(3))
  local path = ("%s/runs/%s"):format(state_home, id)
  local dir <close>, message, name = folder.open(path)
  if not dir then
    return nil, ("cannot keep evidence in %s: %s"):format(state_home, message), name
  end
  local about = { root = root, pid = sys.pid(), started = time.format(now, sys.utc_offset(now)) }
  local written, why, code =
    dir:write("run.json", json.encode(about) .. "\n", { durable = false })
  if not written then
    return nil, why, code
  end
  return setmetatable({ id = id, path = path, calls = {} }, Run)
end

---Removes all but the newest runs of a project.
---@param state_home string
---@param root string
function M.prune(state_home, root)
  local path = state_home .. "/runs"
  local dir <close> = folder.open_if_there(path)
  local names = dir and runs_of(dir, root) or {}
  for index = 1, #names - KEPT do -- names begin with the time, so the oldest come first
    tree.remove(path .. "/" .. names[index])
  end
end

return M
