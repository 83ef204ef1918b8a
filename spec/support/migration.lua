--- A migration in a scratch folder, sound at first, to be damaged by a test:
---   local m <close> = migration.new { status = "ready", phases = { "parse", "print" } }
---   m:write("phase-1-parse.md", "no headings")

local fs = require "host.fs"
local manifest = require "migration.manifest"
local pipelines = require "planning.pipeline"
local states = require "planning.state"
local tmp = require "spec.support.tmp"

local LIVE <const> = "migrations"
local MOMENT <const> = "2026-03-01T00:15:00.000+00:00"
local PHASE <const> =
  "# A phase\n\n## Precondition\nTests are green.\n\n## Definition of Done\nIt is.\n"

---@class spec.Migration
---@field root spec.TmpDir
---@field slug string
---@field published string
---@field manifest mighost.Manifest as it was written at first
---@field state mighost.State as it was written at first
local Migration = {}
Migration.__index = Migration

local function phases_of(names)
  local phases = {}
  for index, name in ipairs(names) do
    phases[index] = {
      name = name, file = ("phase-%d-%s.md"):format(index, name), precondition = "Tests are green.",
      done = false, extra = {},
    }
  end
  return phases
end

local M = { LIVE = LIVE, MOMENT = MOMENT, PHASE = PHASE }

---@class spec.MigrationOptions
---@field slug string|nil
---@field status string|nil default: planning
---@field phases string[]|nil names of phases; each gets its file
---@field steps string[][]|nil accepted steps: name and outcome

---@param opts spec.MigrationOptions|nil
---@return spec.Migration
function M.new(opts)
  opts = opts or {}
  local self = setmetatable({ root = tmp.dir(), slug = opts.slug or "sample" }, Migration)
  self.published = LIVE .. "/" .. self.slug
  self.manifest = manifest.new { slug = self.slug, now = MOMENT }
  self.manifest.status = opts.status or "planning"
  self.manifest.phases = phases_of(opts.phases or {})
  self.manifest.current_phase = (opts.phases or {})[1] or ""
  self.state = assert(states.new { target = "src/sample.c", now = MOMENT,
    pipeline = assert(pipelines.built_in()) })
  for _, step in ipairs(opts.steps or {}) do
    self.state = self:accept(self.state, step[1], step[2])
  end
  for _, phase in ipairs(self.manifest.phases) do
    self:write(phase.file, PHASE)
  end
  if opts.phases then
    self:write("plan.md", "# Plan\n")
  end
  self:write(manifest.FILE, assert(manifest.encode(self.manifest)))
  self:write(states.FILE, assert(states.encode(self.state)))
  return self
end

---The state after one more step, whose output is written.
---@param state mighost.State
---@param name string
---@param outcome string
---@return mighost.State|nil
---@return string|nil message
---@return string|nil NAME
function Migration:accept(state, name, outcome)
  local path = states.output_path(state, name, function(taken)
    return self.root:exists(self.published .. "/" .. taken)
  end)
  self:write(path, name .. "\n")
  return states.accept(state, {
    name = name, outcome = outcome, completed_at = MOMENT, stdout = self.published .. "/" .. path,
    agent = "replay", reason = "it holds together",
  })
end

---Writes a file of the migration.
---@param path string
---@param text string
function Migration:write(path, text)
  self.root:write(self.published .. "/" .. path, text)
end

---Writes the manifest with some fields changed.
---@param changes table
function Migration:change_manifest(changes)
  for key, value in pairs(changes) do
    self.manifest[key] = value
  end
  self:write(manifest.FILE, assert(manifest.encode(self.manifest)))
end

---The absolute path of something in the migration.
---@param path string|nil
---@return string
function Migration:path(path)
  return self.root:join(self.published .. (path and "/" .. path or ""))
end

---The migration's directory, to be closed by the caller.
---@return host.fs.Dir
function Migration:open()
  return assert(fs.open_dir(self:path()))
end

function Migration:__close()
  tmp.remove(self.root.path)
end

return M
