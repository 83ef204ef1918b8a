--- The taste: what a team or a person wants plans to be like.  Every stage's prompt ends with it.

local fs = require "host.fs"

local homes = require "project.homes"

local NAME <const> = "taste.md"
local READ <const> = { max = 256 * 1024, links = "inside" }
local DEFAULT <const> = [[
# Taste

What a good change looks like here. Every planning prompt ends with this text; make it yours.

- Prefer deleting code to adding it, and plain functions to new layers.
- Keep behaviour unless the plan says which behaviour changes and why.
- Every phase leaves the project building and its tests passing, and can be reverted on its own.
- Tests pin down what users see before anything beneath it moves.
- Names say what a thing is for; comments say why.
]]

local M = {}

M.default_text = DEFAULT

--- Where a project keeps its taste when it is asked to keep one in the repository.
M.default_path = ".mighost/" .. NAME

--- The file that counts: the repository's where the configuration names one, else the user's own.
---@param root string
---@param config {taste?: string}
---@return string folder, string name   the file is `name` beneath `folder`
function M.locate(root, config)
  if config.taste then
    return root, config.taste
  end
  return homes.config(), NAME
end

--- The text that counts; the default where nobody wrote one.
---@param root string
---@param config {taste?: string}
---@return string? text, string? message, string? name
function M.read(root, config)
  local folder, name = M.locate(root, config)
  local dir <close>, message, errno = fs.open_dir(folder)
  local text
  if dir then
    text, message, errno = dir:read(name, READ)
  end
  if text then
    return text
  elseif errno == "ENOENT" and not config.taste then
    return DEFAULT
  end
  return nil, "cannot read the taste: " .. message, "ECONFIG"
end

return M
