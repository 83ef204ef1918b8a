--- Whether the pipeline that a plan follows is still what its file says now.

local adopt = require "planning.adopt"
local pipelines = require "planning.pipeline"
local quote = require "lib.quote"
local registry = require "planning.registry"
local states = require "planning.state"

local CODE <const> = "pipeline-changed"

---@class mighost.Drift
---@field private reg mighost.Registry
---@field private sames table<string, boolean> whether a file says what mighost's own pipeline says
local Drift <const> = {}
Drift.__index = Drift

---Whether a state follows what its file says now; many follow the same one.
function Drift:follows(state, current)
  if state.pipeline then
    return pipelines.same(state.graph, current)
  elseif self.sames[current.file] == nil then
    self.sames[current.file] = pipelines.same(state.graph, current)
  end
  return self.sames[current.file]
end

---What happened to the file; nil when that is unknown because it may not be read yet.
local function describe_loss(state, message, name)
  if name == "EUNTRUSTED" then
    return nil
  elseif name == "EUSAGE" then
    return ("there is no %s any more"):format(state.graph.file)
  end
  return ("%s cannot be used now: %s"):format(state.graph.file, message)
end

local function describe_change(state, current, slug)
  local adopted, why = states.adopt(state, current)
  if not adopted then
    return ("%s has changed since, and cannot be adopted: %s"):format(state.graph.file, why)
  end
  return ("%s has changed since; it can be adopted"):format(state.graph.file),
    ("mighost migration refine %s --adopt-pipeline"):format(quote.word(slug))
end

---The finding for a plan that follows another graph than its file has now.
---@param slug string
---@param state mighost.State
---@return { severity: "warning", code: string, message: string, fix: string|nil }|nil
function Drift:find(slug, state)
  local current, message, name = self.reg:pipeline(adopt.name_of(state.graph))
  local what, fix
  if not current then
    what = describe_loss(state, message, name)
  elseif not self:follows(state, current) then
    what, fix = describe_change(state, current, slug)
  end
  return what and {
    severity = "warning", code = CODE, fix = fix,
    message = ("it goes on under the pipeline %s as recorded: %s"):format(state.graph.name, what),
  } or nil
end

local M = {}

---@param project mighost.Project
---@return mighost.Drift
function M.new(project)
  return setmetatable({ reg = registry.new(project), sames = {} }, Drift)
end

return M
