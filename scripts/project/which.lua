--- Which file serves a name, and which others that hides.

local nearest = require "lib.nearest"
local search = require "project.search"
local trust = require "project.trust"

local FOLDERS <const> = {
  agent = "agents", lib = "lib", pipeline = "stages", rule = "rules", script = "scripts",
  stage = "stages",
}

---@class mighost.WhichLayer
---@field layer mighost.Layer
---@field path string
---@field state "serves"|"hidden"|"refused"  "refused": there, and not used
---@field why? string   for "refused"

---@class mighost.Which
---@field kind string
---@field name string
---@field trusted? boolean   whether the project's own is; nil where it has none of this name
---@field layers mighost.WhichLayer[]   in the order in which they are searched
---@field note? string        why the project's own may be there and not be among these

local function refuse(kind, name, project)
  local names = {}
  for _, entry in ipairs(search.list(FOLDERS[kind], project)) do
    table.insert(names, entry.name)
  end
  local near = nearest.find(name, names)
  return nil, ("there is no %s %s%s"):format(kind, name, near and "; did you mean " .. near .. "?"
    or ""), "EUSAGE", near and ("mighost which %s %s"):format(kind, near) or nil
end

local M = {}

--- The words for what can be looked for, sorted.
---@type string[]
M.kinds = { "agent", "lib", "pipeline", "rule", "script", "stage" }

---@param project? mighost.Project
---@param kind string     one of M.kinds
---@param name string     with or without .lua
---@return mighost.Which? which, string? message, string? name, string? fix
function M.look(project, kind, name)
  name = name:gsub("%.lua$", "")
  local which = { kind = kind, name = name, layers = {} }
  local serves
  if project and project.team and #project.team.problems > 0 then
    which.note = trust.explain(project) -- a file of this name may be among them
  end
  for i, hit in ipairs(search.look(FOLDERS[kind], name, project)) do
    local state = hit.text and (serves and "hidden" or "serves") or "refused"
    serves = serves or hit.text
    which.layers[i] = { layer = hit.layer, path = hit.path, state = state, why = hit.message }
    if hit.layer == "project" then
      which.trusted = trust.is_trusted(project)
    end
  end
  if #which.layers == 0 then
    return refuse(kind, name, project)
  end
  return which
end

return M
