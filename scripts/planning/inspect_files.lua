--- Every file of every layer, loaded as far as it can be, with what is wrong with it by itself.

local loader = require "planning.loader"
local outlines = require "lib.outline"
local pipelines = require "planning.pipeline_check"
local search = require "project.search"
local shapes = require "planning.shapes"
local strays = require "project.strays"

local KINDS <const> = { "stages", "rules", "agents", "lib", "scripts" }
local PURE <const> = { stages = true, rules = true, agents = true } -- they return a table
local SHEBANG <const> = "^#[^\n]*"

---@class mighost.InspectedFile
---@field kind mighost.Kind
---@field name string
---@field layer mighost.Layer
---@field path string
---@field text string
---@field serves boolean whether the name means this file and not one of an earlier layer
---@field shape "stage"|"pipeline"|"rule"|"agent"|nil of one that was loaded
---@field value table|nil what it returned, when nothing is wrong with that
---@field outline mighost.Outline

---@alias mighost.ReportProblem fun(file: mighost.InspectedFile, problem: mighost.Problem)

local function fail(file, report, code, message, mend)
  report(file, { severity = "error", code = code, at = {}, message = message, mend = mend })
end

---Whether the text is Lua at all; it is not run.
local function check_text(file, report)
  local refusal = loader.refusal(file)
  if refusal then
    fail(file, report, "no-source", refusal, "save the source as plain UTF-8 text")
    return false
  end
  local chunk, why = load((file.text:gsub(SHEBANG, "", 1)), "@" .. file.path, "t", {})
  if not chunk then
    fail(file, report, "bad-lua", why, "fix the line, or what is missing above it")
    return false
  end
  return true
end

local function check_duplicates(file, report)
  for _, twice in ipairs(file.outline.duplicates) do
    report(file, {
      severity = "error", code = "duplicate-key", at = {}, line = twice.line,
      message = ("the field '%s' stands in line %d already; Lua takes the last one only"):format(
        tostring(twice.key), twice.first), mend = "remove one of them",
    })
  end
end

---What a file in stages/ is: one has edges, the other a prompt.
local function shape_of(file, value)
  if file.kind ~= "stages" then
    return file.kind == "rules" and "rule" or "agent"
  elseif value.edges ~= nil and value.prompt ~= nil then
    return nil, "both-kinds", "has edges and a prompt, so it is neither a pipeline nor a stage",
      "move the stage and the pipeline into files of their own"
  elseif value.edges == nil and value.prompt == nil then
    return nil, "no-kind", "has neither edges nor a prompt: it is neither a pipeline nor a stage",
      "give a pipeline its field 'edges', a stage its field 'prompt'"
  end
  return value.edges ~= nil and "pipeline" or "stage"
end

local function problems_of(file, value)
  if file.shape == "stage" then
    return shapes.stage(value, file.name)
  elseif file.shape == "pipeline" then
    return pipelines.problems(value)
  end
  return shapes[file.shape](value)
end

---Runs the file once and judges the table that it returns.
local function judge(file, reg, report)
  local value, why, name = reg:read(file.kind, file)
  if not value then
    fail(file, report, name == "ECONFIG" and "load-failed" or "not-run", why,
      "fix what it runs while it is loaded; it must return one table")
    return
  end
  local shape, code, message, mend = shape_of(file, value)
  file.shape = shape
  if not shape then
    return fail(file, report, code, message, mend)
  end
  local problems = problems_of(file, value)
  for _, problem in ipairs(problems) do
    report(file, problem)
  end
  if #problems == 0 then
    file.value = shape == "pipeline" and assert(pipelines.check(value, file.path)) or value
  end
end

local function inspect(file, reg, report)
  file.outline = outlines.read(file.text)
  if not check_text(file, report) then
    return
  end
  if PURE[file.kind] then
    check_duplicates(file, report)
    judge(file, reg, report)
  end
end

---What every layer has of a kind, those that serve a name first.
local function files_of(kind, project)
  local files = {}
  for _, entry in ipairs(search.list(kind, project)) do
    for index, hit in ipairs(search.look(kind, entry.name, project)) do
      files[#files + 1] = {
        kind = kind, name = entry.name, layer = hit.layer, path = hit.path, text = hit.text,
        serves = index == 1, trouble = hit.message, fix = hit.fix,
      }
    end
  end
  return files
end

---Warns of files that no name finds.
local function note_strays(project, report)
  for _, stray in ipairs(strays.find(project)) do
    report({ kind = stray.kind, layer = stray.layer, path = stray.path, text = "", serves = false,
      outline = outlines.read("") }, {
      severity = "warning", code = "never-found", at = {}, line = 1,
      message = "this is never used: " .. stray.why, mend = stray.mend,
    })
  end
end

local M = {}

---@param project mighost.Project
---@param reg mighost.Registry
---@param report mighost.ReportProblem
---@return mighost.InspectedFile[]
function M.load_all(project, reg, report)
  local all = {}
  for _, kind in ipairs(KINDS) do
    for _, file in ipairs(files_of(kind, project)) do
      if file.text then
        inspect(file, reg, report)
        all[#all + 1] = file
      else
        file.text, file.outline = "", outlines.read("")
        fail(file, report, "unreadable", file.trouble, file.fix or "let this user read it")
      end
    end
  end
  note_strays(project, report)
  return all
end

return M
