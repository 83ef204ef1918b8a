--- One step about to be made, in this process: a scratch project, its lease, its snapshot, a job.

local commit = require "planning.commit"
local jobs = require "planning.job"
local registry = require "planning.registry"
local repos = require "host.repo"
local workspace = require "planning.workspace"

local M = {}

---@class spec.Job
---@field project mighost.Project
---@field reg mighost.Registry
---@field snapshot host.publish.Snapshot
---@field place string
---@field job mighost.Job|nil
---@field problem any[]  what jobs.open gave instead of a job
local Held = {}
Held.__index = Held

--- Opens the step that is due for `alpha`.
---@param p spec.Project
---@param more? table  further fields of what is wanted: target, pipeline, insists
---@return spec.Job
function M.open(p, more)
  local held = setmetatable({ project = p:open(), reg = registry.new() }, Held)
  held.repo = assert(repos.open(p.path))
  held.site = assert(commit.open(held.project, held.repo))
  held.lease = assert(held.site:lease("alpha", "spec"))
  held.snapshot = assert(held.site:snapshot(held.lease))
  held.place = workspace.place(held.project.state_home, held.site:project_id())
  local wanted = {
    slug = "alpha", target = "T", pipeline = assert(held.reg:pipeline "pipeline"),
    snapshot = held.snapshot, place = held.place,
    live = held.project.live_path .. "/alpha", published = held.project.live .. "/alpha",
  }
  for key, value in pairs(more or {}) do
    wanted[key] = value or nil
  end
  held.problem = table.pack(jobs.open(held.reg, wanted))
  held.job = held.problem[1]
  return held
end

--- Gives everything back; a second call does nothing.
function Held:close()
  if self.job then
    self.job:close()
  end
  self.lease:drop()
  self.site:close()
  self.repo:close()
end

Held.__close = Held.close

return M
