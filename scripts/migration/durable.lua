--- Reading manifest.json and state.json: links are followed, absence is one answer.

-- Nothing is there: no entry, a file where a folder is needed, a link that leads in a circle.
local ABSENT <const> = { ENOENT = true, ENOTDIR = true, ELOOP = true }

local M = {}

---@param dir host.fs.Dir the migration
---@param path string
---@return string|nil text
---@return string|nil message
---@return string|nil NAME ENOENT when nothing is there once links are followed, and only then
function M.read(dir, path)
  local text, message, name = dir:read(path, { links = "follow" })
  if text then
    return text
  end
  return nil, message, ABSENT[name] and "ENOENT" or name
end

---A reader's failure when the text is unsound: one line that is safe to print,
---since it may repeat any of the text.
---@param path string
---@param why string
---@return nil
---@return string message
---@return string NAME
function M.refuse(path, why)
  local text = require "lib.text"
  return nil, ("%s: %s"):format(path, text.printable(why)), "EINVAL"
end

return M
