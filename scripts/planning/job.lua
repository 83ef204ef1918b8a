--- One step about to be made: the workspace with its manifest and state, and the stage that is due.

local fs = require "host.fs"
local sys = require "host.sys"

local manifest = require "migration.manifest"
local pipelines = require "planning.pipeline"
local planning_state = require "planning.state"
local quote = require "lib.quote"
local folder = require "project.folder"
local survey = require "planning.survey"
local time = require "lib.time"
local workflow = require "planning.workflow"
local workspace = require "planning.workspace"

local OUTPUTS <const> = ".planning/stages"
local UNREADABLE <const> = { ENOENT = true, EINVAL = true, EFBIG = true }

---@class mighost.Job
---@field slug string
---@field step string the stage that is due
---@field visit integer
---@field stage mighost.Stage
---@field manifest mighost.Manifest
---@field state mighost.State
---@field workspace mighost.Workspace
---@field dir host.fs.Dir the workspace, opened
---@field live string absolute path of the published migration
---@field published string the same relative to the repository's root
---@field is_plain boolean whether no file of the workspace has a second name somewhere
---@field before table snapshot of the workspace before the agent runs
local Job <const> = {}
Job.__index = Job

function Job:close()
  if self.dir then
    self.dir:close()
  end
end
Job.__close = Job.close

---@class mighost.Wanted
---@field slug string
---@field target string|nil needed where nothing is published yet
---@field pipeline mighost.Pipeline|nil what a new migration is planned with
---@field no_pipeline mighost.Missing|nil why there is none
---@field insists boolean|nil whether an existing one must follow it too
---@field snapshot host.publish.Snapshot
---@field place string the project's folder in the state directory
---@field live string absolute path of the published migration
---@field published string the same relative to the repository's root
---@field prepare mighost.Prepare|nil decides whether the step may be taken, and from what

local M = {}

---The present time as it is written in manifests and states.
---@return string
function M.now()
  local now = sys.now()
  return time.format(now, sys.utc_offset(now))
end

---Reads manifest and state of a migration's directory.
---@param dir host.fs.Dir
---@param wanted { slug: string, published: string }
---@return mighost.Manifest|nil
---@return mighost.State|string state or message
---@return string? NAME
---@return string? fix
function M.read(dir, wanted)
  local doctor = "mighost migration doctor " .. quote.word(wanted.slug)
  local read, message, name = manifest.load(dir)
  local state
  if read then
    state, message, name = planning_state.load(dir, wanted.published)
  end
  if not state then
    return nil, ("%s cannot be planned: %s"):format(wanted.published, message),
      UNREADABLE[name] and "ECORRUPT" or name, doctor
  end
  return read, state
end

---Writes manifest and state; the workspace as a whole is made durable later.
---@param dir host.fs.Dir
---@param new_manifest mighost.Manifest
---@param new_state mighost.State
---@return true|nil
---@return string? message
---@return string? NAME
function M.write(dir, new_manifest, new_state)
  local made, message, name = dir:mkdir(OUTPUTS)
  if not made then
    return nil, message, name
  end
  local texts = {
    { manifest.FILE, manifest.encode(new_manifest) },
    { planning_state.FILE, planning_state.encode(new_state) },
  }
  for _, entry in ipairs(texts) do
    if not entry[2] then
      return nil, ("%s cannot be written: %s"):format(entry[1], entry[3]), "EINVAL"
    end
    local written, why, code = dir:write(entry[1], entry[2], { durable = false })
    if not written then
      return nil, why, code
    end
  end
  return true
end

---Manifest and state of a migration that does not exist yet.
local function start(wanted)
  if not wanted.target then
    return nil, "there is no migration " .. wanted.slug, "EUSAGE",
      ("mighost plan %s --target TEXT"):format(quote.word(wanted.slug))
  end
  local missing = wanted.no_pipeline
  if not wanted.pipeline and missing then
    return nil, missing.message, missing.name, missing.fix
  end
  local now = M.now()
  local state, message, name =
    planning_state.new { target = wanted.target, now = now, pipeline = wanted.pipeline }
  if not state then
    return nil, message, name
  end
  return manifest.new { slug = wanted.slug, now = now }, state
end

---A migration continues with the graph that it began with.
local function refuse_pipeline(wanted, graph)
  local word, chosen = quote.word(wanted.slug), wanted.pipeline
  if graph.file == chosen.file and graph.name == chosen.name then
    return nil, ("%s is planned with the pipeline %s as it was when it began; %s has changed since")
      :format(wanted.slug, graph.name, graph.file), "EUSAGE",
      ("mighost migration refine %s --adopt-pipeline"):format(word)
  end
  return nil, ("%s is planned with the pipeline %s, not with %s"):format(wanted.slug, graph.name,
    chosen.name), "EUSAGE", "mighost plan " .. word
end

---Whether this migration may take a planning step for this target.
local function check_wanted(wanted, read, state)
  if wanted.target and wanted.target ~= state.target then
    return nil, ("%s was started for another target: %s"):format(wanted.slug, state.target),
      "EUSAGE", "mighost plan " .. quote.word(wanted.slug)
  elseif read.awaiting_human_review then
    return nil, ("%s waits for a human: %s"):format(wanted.slug,
      read.human_review_reason or "no reason is given"),
      "EHUMAN", "mighost migration show " .. quote.word(wanted.slug)
  elseif read.status ~= "planning" then
    return nil, ("%s is %s: nothing to plan"):format(wanted.slug, read.status), "EDONE"
  elseif wanted.insists and not pipelines.same(state.graph, wanted.pipeline) then
    return refuse_pipeline(wanted, state.graph)
  end
  return true
end

---What the step starts from: the published manifest and state, or new ones where nothing is
---published.
---@param live host.fs.Dir|nil the published migration
---@param wanted mighost.Wanted
---@return mighost.Manifest|nil
---@return mighost.State|string state or message
---@return string? NAME `EDONE` when its planning is over
---@return string? fix
function M.load(live, wanted)
  if not live then
    return start(wanted)
  end
  local read, state, name, fix = M.read(live, wanted)
  if not read then
    return nil, state, name, fix
  elseif wanted.prepare then
    return wanted.prepare(read, state)
  end
  local fits, message, code, advice = check_wanted(wanted, read, state)
  if not fits then
    return nil, message, code, advice
  end
  return read, state
end

---Feedback restarts the count of visits where planning can be reopened; a pipeline that allows
---more visits elsewhere restarts it there.
local function refuse_spent(job, spent, code)
  local graph, cursor = job.state.graph, job.state.next_step
  local option = pipelines.can_reopen(graph, cursor) and "--message TEXT" or "--adopt-pipeline"
  return nil, ("%s: %s, and %s leads nowhere else"):format(job.slug, spent, cursor), code,
    ("mighost migration refine %s %s"):format(quote.word(job.slug), option)
end

---Loads the stages that the plan can still reach and finds the one that is due.
---@param live host.fs.Dir|nil the published migration
local function find_stage(reg, job, live)
  local stages, message, name, fix = workflow.load_for(reg, live, job.state)
  if not stages then
    return nil, message, name, fix
  end
  local leads, spent, code = planning_state.check_due(job.state)
  if not leads then
    return refuse_spent(job, spent, code)
  end
  job.step = job.state.next_step
  job.stage = stages[job.step]
  job.visit = planning_state.visits(job.state, job.step) + 1
  return job
end

---Starts from the workspace of the last step, brought up to what is live: one that cannot be is
---removed.
local function reuse(job, wanted)
  local space, message, name = false, nil, nil
  if wanted.snapshot:exists() then
    space, message, name = workspace.wake(wanted.place, wanted.slug)
  end
  if not space then
    return space, message, name
  end
  local old = survey.take(space.path)
  if old and wanted.snapshot:refresh(space.path, old) then
    local before, digest = survey.take(space.path, old)
    if digest == wanted.snapshot:digest() then
      job.workspace, job.before = space, before
      return true
    end
  end
  local removed, why, code = workspace.remove(space)
  if not removed then
    return nil, why, code
  end
  return false
end

local function found_new(job)
  local dir <close>, message, name = fs.open_dir(job.workspace.path)
  if not dir then
    return nil, message, name
  end
  return M.write(dir, job.manifest, job.state)
end

---Copies the migration into a fresh workspace; a new migration begins with its manifest and state.
local function fill(job, wanted)
  local space, message, name = workspace.create(wanted.place, wanted.slug)
  if not space then
    return nil, message, name
  end
  job.workspace = space
  local copied, why, code = wanted.snapshot:copy(space.path)
  if not copied then
    return nil, why, code
  end
  if not wanted.snapshot:exists() then
    local written, trouble, errno = found_new(job)
    if not written then
      return nil, trouble, errno
    end
  end
  job.before, why, code = survey.take(space.path)
  return job.before and true, why, code
end

---Makes the workspace and opens it.
local function settle_in(job, wanted)
  local done, message, name = reuse(job, wanted)
  if done == false then
    done, message, name = fill(job, wanted)
  end
  if not done then
    return nil, message, name
  end
  job.dir, message, name = fs.open_dir(job.workspace.path)
  return job.dir and job, message, name
end

---Finds out which stage is due and makes its workspace; checks first, so that a refusal costs
---nothing.
---@param reg mighost.Registry
---@param wanted mighost.Wanted
---@return mighost.Job|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.open(reg, wanted)
  local live <close>, message, name = folder.open_if_there(wanted.live)
  if live == nil then
    return nil, message, name
  end
  local read, state, code, fix = M.load(live or nil, wanted)
  if not read then
    return nil, state, code, fix
  end
  local job = setmetatable({
    slug = wanted.slug, live = wanted.live, published = wanted.published,
    manifest = read, state = state,
  }, Job)
  local due, why, errno, advice = find_stage(reg, job, live or nil)
  if not due then
    return nil, why, errno, advice
  end
  local settled, trouble, number = settle_in(job, wanted)
  if not settled then
    if job.workspace then
      workspace.remove(job.workspace) -- no agent has worked in it
    end
    return nil, trouble, number
  end
  return job
end

return M
