--- Verifies everything that can be customised, without an agent: each file by itself, each pipeline
--- with its stages, and each function on samples.

local agents = require "planning.inspect_agent"
local inventory = require "planning.inspect_files"
local graphs = require "planning.inspect_graph"
local registry = require "planning.registry"
local rules = require "planning.inspect_rule"
local samples = require "planning.inspect_sample"
local scratch = require "planning.scratch"
local stages = require "planning.inspect_stage"
local text = require "lib.text"
local trial = require "planning.inspect_trial"
local trust = require "project.trust"
local tables = require "lib.tables"

local BUILT_IN <const> = "pipeline"
local CONFIG <const> = ".mighost/config.json"
local ORDER <const> = { error = 1, warning = 2 }

---@class mighost.Diagnostic
---@field severity "error"|"warning"
---@field code string
---@field path string relative to the project's root where it is inside
---@field line integer
---@field message string
---@field mend string what to do about it

---@class mighost.InspectedPipeline
---@field name string under which it is chosen
---@field label string the name that it gives itself
---@field path string
---@field stages integer
---@field calls integer of agents, at worst

---@class mighost.Inspection
---@field diagnostics mighost.Diagnostic[]
---@field pipelines mighost.InspectedPipeline[]
---@field files integer that were looked at

---@class mighost.Inspector
---@field project mighost.Project
---@field files mighost.InspectedFile[]
---@field diagnostics mighost.Diagnostic[]
---@field pipelines mighost.InspectedPipeline[]
---@field served table<string, mighost.InspectedFile> by the name in stages/
---@field uses table<string, { certain: table, possible: table }> of each stage in a pipeline
---@field place string folder for samples
local Inspector <const> = {}
Inspector.__index = Inspector

---A path as people write it.
local function shorten(project, path)
  local prefix = project.root .. "/"
  return path:sub(1, #prefix) == prefix and path:sub(#prefix + 1) or path
end

function Inspector:add(file, problem)
  local line, message = problem.line, problem.message
  if not line then
    line, message = trial.place_in(file, message)
  end
  table.insert(self.diagnostics, {
    severity = problem.severity, code = problem.code, path = shorten(self.project, file.path),
    line = line or file.outline:line(problem.at), message = text.printable(message),
    mend = trial.mend(message) or problem.mend,
  })
end

function Inspector:reporter()
  return function(file, problem)
    self:add(file, problem)
  end
end

---Whether the team must fix a pipeline: it is theirs, or plans begin with it.
function Inspector:is_theirs(file)
  return file.layer ~= "installed" or file.name == (self.project.config.pipeline or BUILT_IN)
end

local function note_uses(uses, pipeline)
  for name in pairs(pipeline.edges) do
    local certain, possible = graphs.before(pipeline, name)
    local known = uses[name]
    uses[name] = known or { certain = certain, possible = possible }
    for step in pairs(known and known.certain or {}) do
      known.certain[step] = certain[step]
    end
    for step in pairs(known and possible or {}) do
      known.possible[step] = true
    end
  end
end

local function count(map)
  local number = 0
  for _ in pairs(map) do
    number = number + 1
  end
  return number
end

function Inspector:check_pipeline(file)
  local is_theirs = self:is_theirs(file)
  graphs.check(file.value, self.served, function(problem)
    if not is_theirs then -- mighost's own, with stages of the team's: only plans under way mind
      problem.severity = "warning"
    end
    self:add(file, problem)
  end)
  note_uses(self.uses, file.value)
  table.insert(self.pipelines, {
    name = file.name, label = file.value.name, path = shorten(self.project, file.path),
    stages = count(file.value.edges), calls = graphs.calls(file.value),
  })
end

---Checks that new plans have a pipeline: the one that the configuration names, or the default.
function Inspector:check_choice()
  local wanted = self.project.config.pipeline
  local found = self.served[wanted or BUILT_IN]
  if found and found.shape ~= "stage" then
    return
  elseif not wanted then
    return self:add(found, {
      severity = "error", code = "not-a-pipeline", at = { "name" },
      message = ("new plans follow stages/%s.lua, and this is a stage"):format(BUILT_IN),
      mend = "give it another name, or let the configuration choose a pipeline",
    })
  end
  table.insert(self.diagnostics, {
    severity = "error", code = "missing-pipeline", path = CONFIG,
    line = self.config_line("pipeline"),
    message = ("the configuration chooses the pipeline %s, which is %s"):format(wanted,
      found and "a stage" or "not there"),
    mend = ("write stages/%s.lua, or choose another pipeline"):format(wanted),
  })
end

function Inspector:try_stage(file, index)
  local use = self.uses[file.name]
  if not use and file.layer ~= "installed" then
    self:add(file, {
      severity = "warning", code = "unused-stage", at = { "name" },
      message = ("no pipeline uses the stage %s"):format(file.name),
      mend = "name it in the edges of a pipeline, or remove the file",
    })
  end
  return stages.try(file, {
    place = ("%s/stage-%d"):format(self.place, index), root = self.project.root,
    certain = tables.sorted_keys(use and use.certain or {}),
    possible = tables.sorted_keys(use and use.possible or {}),
  }, self:reporter())
end

---Tries the files that are in use and sound by themselves.
function Inspector:try_all()
  local migrations, message, name = samples.migrations(self.place .. "/migrations")
  if not migrations then
    return nil, message, name
  end
  for index, file in ipairs(self.files) do
    local ok, why, code = true, nil, nil
    if not file.serves or not file.value then
      ok = true
    elseif file.shape == "stage" then
      ok, why, code = self:try_stage(file, index)
    elseif file.shape == "rule" then
      ok, why, code = rules.try(file, migrations, self:reporter())
    elseif file.shape == "agent" then
      agents.try(file, samples.call(self.place), self:reporter())
    end
    if not ok then
      return nil, why, code
    end
  end
  return true
end

---One line of each kind once, in the order in which people read them.
local function tidy(diagnostics)
  local seen, kept = {}, {}
  for _, found in ipairs(diagnostics) do
    local key = table.concat({ found.path, found.line, found.code, found.message }, "\0")
    kept[#kept + 1] = not seen[key] and found or nil
    seen[key] = true
  end
  table.sort(kept, function(a, b)
    if a.path ~= b.path then
      return a.path < b.path
    elseif a.line ~= b.line then
      return a.line < b.line
    elseif a.severity ~= b.severity then
      return ORDER[a.severity] < ORDER[b.severity]
    end
    return a.code .. a.message < b.code .. b.message
  end)
  return kept
end

---The line of config.json in which a key stands.
local function config_lines(project)
  return function(key)
    local file <close> = io.open(project.root .. "/" .. CONFIG, "rb")
    local number = 0
    for line in file and file:lines() or function() end do
      number = number + 1
      if line:find(('"%s"'):format(key), 1, true) then
        return number
      end
    end
    return 1
  end
end

local M = {}

---Inspects everything that a project and its user have, and what mighost was installed with.
---@param project mighost.Project
---@return mighost.Inspection|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.run(project)
  local ok, message, name, fix = trust.check(project)
  if not ok then
    return nil, message, name, fix
  end
  local place <close>, unmade, errno = scratch.open(project.state_home, "checks")
  if not place then
    return nil, unmade, errno
  end
  local self = setmetatable({
    project = project, diagnostics = {}, pipelines = {}, served = {}, uses = {},
    config_line = config_lines(project),
    place = place.path,
  }, Inspector)
  self.files = inventory.load_all(project, registry.new(project), self:reporter())
  for _, file in ipairs(self.files) do
    if file.kind == "stages" and file.serves then
      self.served[file.name] = file
    end
  end
  for _, file in ipairs(self.files) do
    if file.serves and file.shape == "pipeline" and file.value then
      self:check_pipeline(file)
    end
  end
  self:check_choice()
  local tried, why, code = self:try_all()
  if not tried then
    return nil, why, code
  end
  return { diagnostics = tidy(self.diagnostics), pipelines = self.pipelines, files = #self.files }
end

return M
