--- After each spec file nothing may be left behind: no open descriptor, no child process.

local assert = require "luassert"
local lfs = require "lfs"

local SETTLE <const> = 2 -- full collections: one runs finalizers, the next frees what they held

local M = {}

--- What each open descriptor of this process refers to.
---@return table<string, string>
function M.descriptors()
  local open = {}
  for name in lfs.dir("/proc/self/fd") do
    local target = lfs.symlinkattributes("/proc/self/fd/" .. name, "target")
    if target then
      open[name] = target
    end
  end
  -- The listing's own handle is in it too; by now that number is free again.
  for name in pairs(open) do
    if not lfs.symlinkattributes("/proc/self/fd/" .. name, "mode") then
      open[name] = nil
    end
  end
  return open
end

--- The ids of this process's children, dead ones that nobody waited for included.
---@return string[]
function M.children()
  local ids = {}
  local file <close> = assert(io.open("/proc/thread-self/children"))
  for id in file:read("a"):gmatch("%d+") do
    table.insert(ids, id)
  end
  return ids
end

--- What is open or running now and was not in `before`: one line a thing.
---@param before {descriptors: table<string, string>}
---@return string[]
function M.since(before)
  local left = {}
  for _ = 1, SETTLE do
    collectgarbage()
  end
  for name, target in pairs(M.descriptors()) do
    if before.descriptors[name] ~= target then
      table.insert(left, ("descriptor %s is still open: %s"):format(name, target))
    end
  end
  for _, id in ipairs(M.children()) do
    table.insert(left, ("child process %s is still there"):format(id))
  end
  table.sort(left)
  return left
end

--- Checks each test of a block by itself, where a leftover of one would harm the next.
---@param before_each fun(act: fun())  busted's, which only spec files see
---@param after_each fun(act: fun())   likewise
function M.check_each(before_each, after_each)
  local before
  before_each(function()
    collectgarbage()
    before = { descriptors = M.descriptors() }
  end)
  after_each(function()
    assert.same({}, M.since(before))
  end)
end

--- Makes busted report an error for every spec file that leaves something behind.
---@param busted table
function M.watch(busted)
  local before
  busted.subscribe({ "file", "start" }, function()
    before = { descriptors = M.descriptors() }
    return nil, true
  end)
  busted.subscribe({ "file", "end" }, function(file)
    local left = M.since(before)
    if #left > 0 then
      error(file.name .. " left behind:\n  " .. table.concat(left, "\n  "), 0)
    end
    return nil, true
  end)
end

return M
