--- git's own program in the work tree of an action, and what it prints.

local git = require "planning.git"

local LARGEST <const> = 1 << 30

local M = {}

---Runs git there; the right to the work tree is held until it has ended.
---@param action mighost.Action
---@param words string[]
---@param opts? mighost.GitOptions
---@return string|nil stdout
---@return string? message
---@return string? NAME
---@return host.proc.Report? report
function M.run(action, words, opts)
  opts = opts or {}
  opts.keep, opts.held = LARGEST, action.lock
  return git.call(action.before.root, words, opts)
end

---The parts of an output that end with a NUL.
---@param out string
---@return string[]
function M.split(out)
  local list = {}
  for part in out:gmatch("[^%z]+") do
    list[#list + 1] = part
  end
  return list
end

return M
