--- Sample migrations and work dirs, on which scripts are tried without an agent.

local fs = require "host.fs"

local context = require "planning.context"
local folder = require "project.folder"
local jobs = require "planning.job"
local manifests = require "migration.manifest"
local phases = require "migration.phases"
local states = require "planning.state"
local survey = require "planning.survey"
local text = require "lib.text"

local NOW <const> = "2026-01-01T12:00:00.000+00:00"
local SLUG <const> = "sample"
local TARGET <const> = "Split the parser from the printer"
local PHASE <const> = "# Phase %d\n\n## Precondition\n\nTests are green.\n\n"
  .. "## Definition of Done\n\nTests are green again.\n"
local PLAN <const> = "# Plan\n\nGoal: the parser stands alone – „allein“.\n"
local OTHER <const> = "# Sample\n\nWhat somebody wrote.\n"
local BLANK <const> = "\n"
local VOLATILE <const> = { durable = false }
local PHASE_FILES <const> = { "phase-1-parser.md", "phase-2-printer.md", "phase-10-callers.md" }
local APPROACHES <const> = { "approaches/small.md", "approaches/thorough.md" }

local function text_for(path)
  local index = path:match("^phase%-(%d+)%-")
  return index and PHASE:format(index) or path == "plan.md" and PLAN or OTHER
end

---Paths that match a glob.
local function paths_for(glob)
  local matches = text.glob(glob)
  local found = {}
  for _, list in ipairs { PHASE_FILES, APPROACHES } do
    for _, path in ipairs(list) do
      found[#found + 1] = matches(path) and path or nil
    end
  end
  local plain = glob:gsub("%*%*/", ""):gsub("%*+", "sample"):gsub("%?", "x")
  if #found == 0 and matches(plain) then
    found[1] = plain
  end
  return found
end

local function write(dir, path, content)
  local above = path:match("^(.*)/[^/]*$")
  local made, message, name = true, nil, nil
  if above then
    made, message, name = dir:mkdir(above)
  end
  if not made then
    return nil, message, name
  end
  return dir:write(path, content, VOLATILE)
end

---Writes all files, by path.
local function write_all(dir, files)
  for path, content in pairs(files) do
    local written, message, name = write(dir, path, content)
    if not written then
      return nil, message, name
    end
  end
  return true
end

local function output_of(step)
  return (".planning/stages/%s.stdout.md"):format(step)
end

---A history in which these stages were accepted, with findings of the last of them.
local function state_with(steps, is_rich)
  local completed = {}
  for index, name in ipairs(steps) do
    completed[index] = { name = name, outcome = "completed", completed_at = NOW,
      stdout = ("migrations/%s/%s"):format(SLUG, output_of(name)) }
  end
  local last = completed[#completed]
  return {
    target = TARGET, completed_steps = completed,
    review_findings = is_rich and last and last.stdout or nil,
    feedback = is_rich and {
      { received_at = NOW, source = "message", text = "Keep the old entry points." },
      { received_at = "", source = "file", text = "## Remarks\n\n1. Phase 2 is too large.\n" },
    } or {},
  }
end

local M = { SLUG = SLUG, NOW = NOW }

---@class mighost.SampleWish
---@field place string folder in which the sample is made; it must not be there yet
---@field root string the project's
---@field step string
---@field globs string[] of files that are there
---@field steps string[] that were accepted before
---@field is_blank boolean|nil whether the files have nothing in them but a line's end
---@field is_rich boolean|nil a later visit, with feedback, findings, taste

---@class mighost.SampleContext
---@field ctx mighost.Context
---@field dir host.fs.Dir

local function files_for(wish)
  local files = {}
  for _, glob in ipairs(wish.globs) do
    for _, path in ipairs(paths_for(glob)) do
      files[path] = wish.is_blank and BLANK or text_for(path)
    end
  end
  for _, step in ipairs(wish.steps) do
    files[output_of(step)] = ("What %s was answered with.\n"):format(step)
  end
  return files
end

---A work dir with the files of a wish, and the context of a call in it.
---@param wish mighost.SampleWish
---@return mighost.SampleContext|nil sample its `dir` is to be closed by the caller
---@return string? message
---@return string? NAME
function M.context(wish)
  local dir, message, name = folder.open(wish.place)
  if not dir then
    return nil, message, name
  end
  local written, why, code = write_all(dir, files_for(wish))
  local snapshot
  if written then
    snapshot, why, code = survey.take(wish.place)
  end
  if not snapshot then
    dir:close()
    return nil, why, code
  end
  local ctx = context.build {
    slug = SLUG, step = wish.step, visit = wish.is_rich and 3 or 1, work_dir = wish.place,
    live_dir = ("%s/migrations/%s"):format(wish.root, SLUG), repo_root = wish.root,
    published = "migrations/" .. SLUG, taste = wish.is_rich and "Prefer small steps.\n" or nil,
    effort = { label = wish.is_rich and "xhigh" or "medium" },
    state = state_with(wish.steps, wish.is_rich),
    manifest = { phases = phases.discover(dir) or {} }, dir = dir,
    files = survey.files_of(snapshot),
  }
  return { ctx = ctx, dir = dir }
end

---Manifest and files of a plan with phases.
local function planned(status, change)
  return function(dir, manifest)
    local files = { ["plan.md"] = PLAN }
    for _, path in ipairs(PHASE_FILES) do
      files[path] = PHASE:format(path:match("%d+"))
    end
    local written, message, name = write_all(dir, files)
    if not written then
      return nil, message, name
    end
    local list = assert(phases.discover(dir))
    local applied = phases.apply(manifest, list)
    applied.status = status
    return change and change(dir, applied) or applied
  end
end

-- Migrations of every kind that a rule meets, by what messages call them.
local MIGRATIONS <const> = {
  { "a plan that has just begun", function(_, manifest)
    return manifest
  end },
  { "a plan that is ready", planned("ready", function(_, manifest)
    manifest.phases[1].required_effort = "xhigh"
    manifest.phases[2].required_effort, manifest.phases[2].effort_reason = "high", "It is large."
    return manifest
  end) },
  { "a plan that is carried out", planned("in-progress", function(_, manifest)
    manifest.phases[1].done = true
    manifest.current_phase = manifest.phases[2].name
    return manifest
  end) },
  { "a migration whose files are gone, empty or no text", planned("ready", function(dir, manifest)
    dir:remove(PHASE_FILES[1])
    dir:write(PHASE_FILES[2], "", VOLATILE)
    dir:write(PHASE_FILES[3], "\xff\0\27[2J", VOLATILE)
    dir:remove("plan.md")
    return manifest
  end) },
}

---Makes the sample migrations.
---@param place string folder in which they are made
---@return { path: string, about: string }[]|nil
---@return string? message
---@return string? NAME
function M.migrations(place)
  local made = {}
  for index, entry in ipairs(MIGRATIONS) do
    local path = ("%s/%d/%s"):format(place, index, SLUG)
    local dir <close>, message, name = folder.open(path)
    if not dir then
      return nil, message, name
    end
    local manifest, why, code = entry[2](dir, manifests.new { slug = SLUG, now = NOW })
    local state
    if manifest then
      state, why, code = states.new { target = TARGET, now = NOW }
    end
    local written
    if state then
      written, why, code = jobs.write(dir, manifest, state)
    end
    if not written then
      return nil, why, code
    end
    made[index] = { path = path, about = entry[1] }
  end
  return made
end

---What an agent is called with.
---@param place string
---@return mighost.AgentCall
function M.call(place)
  return {
    role = "planning.sample", stage = "sample", visit = 1, slug = SLUG, agent = "sample",
    prompt = "Stage: sample\nTarget: " .. TARGET .. "\n\nDo it – „so“.\n",
    prompt_file = place .. "/artifacts/prompt.md", model = "sample-model", effort = "medium",
    work_dir = place .. "/work", live_dir = place .. "/live", repo_root = place,
    artifacts = place .. "/artifacts", timeout = 1800, silence = 300,
    agent_command = "sample-agent --quick", recorded = { answer = "An answer.\n", removed = {} },
    temp = place .. "/temp",
    env = { HOME = place, PATH = "/usr/bin:/bin", TMPDIR = place .. "/temp" },
  }
end

---Opens a sample migration.
---@param path string
---@return host.fs.Dir|nil
---@return string? message
---@return string? NAME
function M.open(path)
  return fs.open_dir(path)
end

return M
