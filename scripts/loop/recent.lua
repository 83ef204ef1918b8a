--- The runs of a project whose evidence is kept: what each did, as a list and one by one.

local fs = require "host.fs"
local sys = require "host.sys"

local artifacts = require "planning.artifacts"
local aside = require "planning.aside"
local failures = require "loop.failures"
local folder = require "project.folder"
local json = require "lib.json"
local spending = require "planning.spending"
local text = require "lib.text"
local time = require "lib.time"

local LIMIT <const> = { max = 64 << 20 } -- bytes of a summary or a report
local DEEPEST <const> = 6 -- folders of a run below one another

---@class mighost.RecentRun
---@field id string
---@field command string
---@field outcome string "running", "interrupted", or the final status
---@field message string|nil why it failed
---@field started string
---@field finished string|nil
---@field seconds number|nil nil where its end is not known
---@field commits integer
---@field spent mighost.Spending
---@field path string absolute

---@class mighost.RecentCall
---@field path string relative to the run's folder
---@field agent string
---@field what string a role, or a stage
---@field slug string|nil
---@field seconds number|nil
---@field trouble string|nil
---@field cost_usd number|nil

---@class mighost.RunStory: mighost.RecentRun
---@field summary table|nil what the loop wrote, as decoded
---@field calls mighost.RecentCall[]
---@field snapshots string[] paths of the failure snapshots

local function text_or_nil(value)
  return type(value) == "string" and value or nil
end

local function seconds_of(about, is_alive)
  local started = text_or_nil(about.started) and time.parse(about.started)
  local finished = text_or_nil(about.finished) and time.parse(about.finished)
  finished = finished or is_alive and sys.now() or nil
  return started and finished and math.max(0, finished - started) or nil
end

---How many commits a run made, and what the loop wrote of it.
local function read_summary(run)
  local dir <close> = fs.open_dir(run.path)
  local summary = dir and json.read_table(dir, "summary.json", LIMIT)
  if summary and type(summary.attempts) == "table" then
    json.array(summary.attempts) -- an empty one is still a list
  end
  local counts = summary and type(summary.counts) == "table" and summary.counts or run.about
  return math.tointeger(counts.commits) or 0, summary
end

local function describe(project, run)
  local about, is_alive = run.about, artifacts.is_alive(run.about)
  local commits, summary = read_summary(run)
  return {
    id = run.id, path = run.path, commits = commits,
    command = text_or_nil(about.command) or "plan",
    outcome = text_or_nil(about.status) or is_alive and "running" or "interrupted",
    message = text_or_nil(about.message),
    started = text_or_nil(about.started) or "", finished = text_or_nil(about.finished),
    seconds = seconds_of(about, is_alive),
    spent = spending.of_run(project.state_home, run.id),
  }, summary
end

local function describe_call(path, report)
  local usage = type(report.usage) == "table" and report.usage or {}
  return {
    path = path, agent = report.agent, slug = text_or_nil(report.slug),
    what = text_or_nil(report.role) or text_or_nil(report.stage) or "",
    seconds = tonumber(report.wall), trouble = text_or_nil(report.trouble),
    cost_usd = type(usage.cost_usd) == "number" and usage.cost_usd or nil,
  }
end

---The calls of agents below a folder, in byte order of their folders.
local function add_calls(dir, place, calls, depth)
  for _, entry in ipairs(dir:list(place ~= "" and place or nil) or {}) do
    local path = place == "" and entry.name or place .. "/" .. entry.name
    if entry.kind == "directory" and depth < DEEPEST then
      add_calls(dir, path, calls, depth + 1)
    elseif entry.name == "report.json" then
      local report = json.read_table(dir, path, LIMIT)
      if report and type(report.agent) == "string" then
        calls[#calls + 1] = describe_call(place, report)
      end
    end
  end
end

local function snapshots_of(project, id)
  local place = aside.place(project)
  local dir <close> = place and folder.open_if_there(place .. "/failures")
  local found = {}
  for _, entry in ipairs(dir and dir:list() or {}) do
    if entry.name:sub(1, #id + 1) == id .. "-" then
      found[#found + 1] = ("%s/failures/%s"):format(place, entry.name)
    end
  end
  return found
end

local function find(project, word)
  local runs, message, name = artifacts.list(project.state_home, project.root)
  if not runs then
    return nil, message, name
  end
  local found = {}
  for _, run in ipairs(runs) do
    if run.id == word then
      return run
    end
    found[#found + 1] = word ~= "" and run.id:sub(1, #word) == word and run or nil
  end
  if #found == 1 then
    return found[1]
  end
  return nil, (#found == 0 and "no run of this project begins with '%s'"
    or "more than one run of this project begins with '%s'"):format(text.printable(word)), "EUSAGE",
    "mighost runs"
end

---@class mighost.Recent
local M = {}

---@param project mighost.Project
---@return mighost.RecentRun[]|nil runs the newest first
---@return string? message
---@return string? NAME
function M.list(project)
  local runs, message, name = artifacts.list(project.state_home, project.root)
  if not runs then
    return nil, message, name
  end
  local rows = {}
  for index, run in ipairs(runs) do
    rows[index] = (describe(project, run))
  end
  return rows
end

---@param project mighost.Project
---@param word string a run's name, or how it begins
---@return mighost.RunStory|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.show(project, word)
  local run, message, name, fix = find(project, word)
  if not run then
    return nil, message, name, fix
  end
  local story, summary = describe(project, run)
  story.summary, story.calls, story.snapshots = summary, {}, snapshots_of(project, run.id)
  local dir <close> = fs.open_dir(run.path)
  if dir then
    add_calls(dir, "", story.calls, 1)
  end
  return story
end

---Removes all runs but the newest, and the failure snapshots of runs older than as many.
---@param project mighost.Project
---@param kept? integer default: that of the configuration, else 20
---@return string[] removed their names
function M.prune(project, kept)
  local number = kept or project.config.keep_runs or artifacts.KEPT
  local place = aside.place(project)
  if place then
    failures.prune(place, number)
  end
  return artifacts.prune(project.state_home, project.root, number)
end

return M
