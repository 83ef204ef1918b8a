--- Temporary folders in the state directory: for samples, rehearsals.  One that
--- a killed process left is removed by the next who makes one.
---
---   local place <close>, message, name = scratch.open(state_home, "checks")
---   … place.path, which does not exist yet …
---
--- A folder belongs to whoever holds the lock beside it; the kernel releases the locks of the dead.

local lock = require "host.lock"
local sys = require "host.sys"
local tree = require "host.tree"

local folder = require "project.folder"

local TOKEN_BYTES <const> = 8
local SUFFIX <const> = ".lock"

---@class mighost.Scratch
---@field path string absolute
---@field private home host.fs.Dir
---@field private name string
---@field private held host.lock.Lock|nil nil where the file system has no locks
local Scratch <const> = {}
Scratch.__index = Scratch

Scratch.__close = function(self)
  tree.remove(self.path)
  if self.held then
    self.home:remove(self.name .. SUFFIX)
    self.held:drop()
  end
  self.home:close()
end

---Removes folders without a holder, and those without a lock file, as older versions left them.
local function sweep(home, path)
  for _, entry in ipairs(home:list() or {}) do
    local token = entry.name:match("^(%x+)%" .. SUFFIX .. "$") or entry.name:match("^%x+$")
    if token and lock.holder(home, token .. SUFFIX) == false then
      tree.remove(("%s/%s"):format(path, token))
      home:remove(token .. SUFFIX)
    end
  end
end

local M = {}

---A name for a folder that is removed when it is closed, or after the process was killed.
---@param state_home string
---@param kind string the folder of such folders
---@return mighost.Scratch|nil
---@return string? message
---@return string? NAME
function M.open(state_home, kind)
  local above = ("%s/%s"):format(state_home, kind)
  local home, message, name = folder.open(above)
  if not home then
    return nil, message, name
  end
  local token = sys.random_hex(TOKEN_BYTES)
  local held, why, code = lock.take(home, token .. SUFFIX, ("pid %d\n"):format(sys.pid()))
  if held then
    sweep(home, above)
  elseif code ~= "EUNSUPPORTED" then
    home:close()
    return nil, why, code
  end
  return setmetatable({ path = ("%s/%s"):format(above, token), home = home, name = token,
    held = held }, Scratch)
end

return M
