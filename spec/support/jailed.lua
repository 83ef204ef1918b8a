--- Files of a team's, as planning.jail gets them, without a folder.

local jail = require "planning.jail"

local M = {}

---Limits that a script which runs into one reaches soon.
M.SOON = { memory = 32, seconds = 1, instructions = 5 * 1000 * 1000 }

---@param kind string
---@param text string
---@param opts? { path?: string, modules?: table<string, string>, limits?: table, log?: function }
---@return table|nil, string|nil, string|nil
function M.load(kind, text, opts)
  opts = opts or {}
  local function find_module(name)
    local source = opts.modules and opts.modules[name]
    return source, source and "/team/" .. name:gsub("%.", "/") .. ".lua"
  end
  return jail.load(kind, { path = opts.path or "/team/x.lua", layer = "project", text = text },
    find_module, { limits = opts.limits, log = opts.log })
end

---A stage whose prompt is this body.
---@param body string
---@param opts? table
---@return table
function M.stage(body, opts)
  return assert(M.load("stages", "return { prompt = function(ctx)\n" .. body .. "\nend }", opts))
end

return M
