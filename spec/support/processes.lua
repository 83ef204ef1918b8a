--- Processes that a test starts and must not leave behind, found by a mark in their environment.

local lfs = require "lfs"
local sh = require "spec.support.sh"
local sys = require "host.sys"

local NAME <const> = "MIGHOST_SPEC_MARK"

local M = {}

--- The name of the variable that carries a mark.
M.NAME = NAME

--- A mark that no other test run uses.
---@return string
function M.mark()
  return sys.random_hex(8)
end

local function has_mark(id, line)
  local file <close> = io.open("/proc/" .. id .. "/environ", "rb")
  local text = file and file:read("a")
  return text ~= nil and ("\0" .. text):find("\0" .. line .. "\0", 1, true) ~= nil
end

--- The ids of the living processes that carry the mark.  Dead ones have no environment any more.
---@param mark string
---@return string[]
function M.marked(mark)
  local found = {}
  for id in lfs.dir("/proc") do
    if id:find("^%d+$") and has_mark(id, NAME .. "=" .. mark) then
      table.insert(found, id)
    end
  end
  table.sort(found)
  return found
end

--- Asks again and again until the answer is true; whether it was within so many seconds.
---@param seconds number
---@param ask fun(): boolean
---@return boolean
function M.wait_until(seconds, ask)
  local deadline = sys.monotonic() + seconds
  repeat
    if ask() then
      return true
    end
  until sys.monotonic() > deadline
  return false
end

--- Makes a FIFO; returns its absolute path.  Opening it waits for the other side: no need to sleep.
---@param dir spec.TmpDir
---@param rel string
---@return string
function M.fifo(dir, rel)
  sh.check { argv = { "mkfifo", dir:join(rel) } }
  return dir:join(rel)
end

--- One line out of a FIFO, waiting for a writer.
---@param path string
---@return string
function M.read_line(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("l")
end

--- Sends a signal, by its name.
---@param signal string
---@param id string|integer
function M.kill(signal, id)
  sh.check { argv = { "kill", "-" .. signal, tostring(id) } }
end

return M
