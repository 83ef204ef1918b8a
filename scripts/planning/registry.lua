--- Loads stages, pipelines, rules and agents by name: one file each, read once, checked before
--- use.  A project's own files are only loaded once they are trusted.

local loader = require "planning.loader"
local search = require "project.search"
local shapes = require "planning.shapes"

local CHECK <const> = "mighost check" -- tells all that is wrong with such files, with lines
local ALL_MODES <const> = { "planning-snapshot", "ready-publish", "execution-gate", "doctor" }

---@class mighost.Registry
---@field private project mighost.Project|nil
---@field private opts mighost.SearchOptions
---@field private cache table<string, table>
---@field private told table<string, boolean>
local Registry <const> = {}
Registry.__index = Registry

---The file that serves a name.
function Registry:find(kind, name)
  return search.find(kind, name, self.project, self.opts)
end

---What a file returns: mighost's own files run here, everybody else's in a separate process.
function Registry:read(kind, file)
  if file.layer == "installed" then
    return loader.load(file)
  end
  local jail = require "planning.jail"
  local project = self.project or {}
  return jail.load(kind, file, search.modules(file, self.project),
    { limits = jail.limits(project.config), log = project.on_print })
end

function Registry:load(kind, name, inspect)
  local key = kind .. "/" .. name
  if self.cache[key] then
    return self.cache[key]
  end
  local file, message, code, fix = self:find(kind, name)
  if not file then
    return nil, message, code, fix
  end
  local value, problem, trouble = self:read(kind, file)
  if not value then
    return nil, problem, trouble, trouble == "ECONFIG" and CHECK or nil
  end
  local checked, why = inspect(value, file.path)
  if not checked then
    return nil, why, "ECONFIG", CHECK
  end
  self.cache[key] = checked
  return checked
end

---The value if it is sound; else the first thing that is wrong with it, and the file.
local function judge_shape(value, path, problems)
  if #problems == 0 then
    return value
  end
  return nil, ("%s: %s"):format(path, problems[1].message)
end

local function inspect_stage(name)
  return function(value, path)
    return judge_shape(value, path, shapes.stage(value, name))
  end
end

local function inspect_pipeline(value, path)
  if value.prompt ~= nil then
    return nil, path .. ": has a prompt, so it is a stage, not a pipeline"
  end
  return require("planning.pipeline").check(value, path)
end

local function inspect_rule(value, path)
  return judge_shape(value, path, shapes.rule(value))
end

local function inspect_agent(value, path)
  return judge_shape(value, path, shapes.agent(value))
end

---A name that no file has is the user's mistake: the failure's NAME says so.
local function missing(value, message, code, fix, instead)
  if not value and code == "ENOENT" then
    return nil, instead.message, instead.name, instead.fix
  end
  return value, message, code, fix
end

---@param name string
---@return mighost.Stage|nil
---@return string? message
---@return string? NAME
---@return string? fix
function Registry:stage(name)
  local value, message, code, fix = self:load("stages", name, inspect_stage(name))
  return missing(value, message, code, fix,
    { message = "there is no stage " .. name, name = "ECONFIG" })
end

---@param name string
---@return mighost.Pipeline|nil
---@return string? message
---@return string? NAME
---@return string? fix
function Registry:pipeline(name)
  local value, message, code, fix = self:load("stages", name, inspect_pipeline)
  return missing(value, message, code, fix,
    { message = "there is no pipeline " .. name, name = "EUSAGE" })
end

local function inspect_any(name)
  local as_stage = inspect_stage(name)
  return function(value, path)
    return (value.edges ~= nil and inspect_pipeline or as_stage)(value, path)
  end
end

---The team's files of a kind that cannot be used; each is reported once.
---@param kind "stages"|"agents"
---@return string[] messages
function Registry:broken(kind)
  local messages = {}
  local is_quiet = self.opts.looking or self.told[kind]
  self.told[kind] = true
  for _, entry in ipairs(is_quiet and {} or search.list(kind, self.project, self.opts)) do
    if entry.layer ~= "installed" then
      local inspect = kind == "stages" and inspect_any(entry.name) or inspect_agent
      local value, message = self:load(kind, entry.name, inspect)
      messages[#messages + 1] = not value and message or nil
    end
  end
  return messages
end

---Stands in for a rule that cannot be loaded, for read-only commands: reports why.
local function broken_rule(message)
  return { modes = ALL_MODES, check = function() error(message, 0) end }
end

---Every rule, sorted by name.
---@return { name: string, modes: string[], check: function }[]|nil
---@return string? message
---@return string? NAME
---@return string? fix
function Registry:rules()
  if self.all_rules then
    return self.all_rules
  end
  local found = {}
  for _, entry in ipairs(search.list("rules", self.project, self.opts)) do
    local rule, message, code, fix = self:load("rules", entry.name, inspect_rule)
    if not rule and not self.opts.looking then
      return nil, message, code, fix
    end
    rule = rule or broken_rule(message)
    found[#found + 1] = { name = entry.name, modes = rule.modes, check = rule.check }
  end
  self.all_rules = found
  return found
end

---@param name string
---@return { name: string, modes: string[], check: function }|nil
---@return string? message
---@return string? NAME
---@return string? fix
function Registry:rule(name)
  local rules, message, code, fix = self:rules()
  for _, rule in ipairs(rules or {}) do
    if rule.name == name then
      return rule
    end
  end
  return nil, message or "there is no rule " .. name, code or "EUSAGE", fix
end

---@param name string
---@return mighost.Agent|nil
---@return string? message
---@return string? NAME
---@return string? fix
function Registry:agent(name)
  local value, message, code, fix = self:load("agents", name, inspect_agent)
  if value or code ~= "ENOENT" then
    return value, message, code, fix
  end
  local names = {}
  for _, entry in ipairs(search.list("agents", self.project, self.opts)) do
    names[#names + 1] = entry.name
  end
  return nil, ("there is no agent %s; there are: %s"):format(name, table.concat(names, ", ")),
    "EAGENT",
    "mighost plan --help"
end

local M = {}

---@param project mighost.Project|nil
---@param opts? mighost.SearchOptions `looking` for commands that only look: what is not trusted is
---       passed over; `installed` for mighost's own alone
---@return mighost.Registry
function M.new(project, opts)
  return setmetatable({ project = project, opts = opts or {}, cache = {}, told = {} }, Registry)
end

return M
