--- Replays a recording's stages offline, without agent, process or publication: how each stage
--- judges the recorded answer, and damaged ones.

local fs = require "host.fs"
local tree = require "host.tree"

local accept = require "planning.accept"
local call = require "planning.call"
local consistency = require "planning.consistency"
local context = require "planning.context"
local enactment = require "planning.enactment"
local folder = require "project.folder"
local guard = require "planning.guard"
local jobs = require "planning.job"
local judge = require "planning.judge"
local manifests = require "migration.manifest"
local mutation = require "planning.mutation"
local pipelines = require "planning.pipeline"
local prompts = require "planning.prompt"
local recording = require "planning.recording"
local registry = require "planning.registry"
local scratch = require "planning.scratch"
local states = require "planning.state"
local survey = require "planning.survey"
local trust = require "project.trust"
local workflow = require "planning.workflow"

local SLUG <const> = enactment.SLUG
local EFFORT <const> = "medium"

---@class mighost.Rehearsed
---@field stage string
---@field visit integer
---@field outcome string|nil
---@field message string the reason, or why the answer was refused
---@field prompt_differs boolean
---@field refused integer|nil of the damaged answers
---@field accepted integer|nil
---@field problems string[]  damaged answers that were neither refused cleanly nor sound

---@class mighost.Rehearsal
---@field project mighost.Project
---@field reg mighost.Registry
---@field stages table<string, mighost.Stage>
---@field place string a folder for work dirs
---@field count integer
---@field path string the recording

local function source_of(rehearsal, job)
  return {
    slug = SLUG, step = job.step, visit = job.visit, work_dir = job.workspace.path,
    live_dir = job.live, repo_root = rehearsal.project.root, published = job.published,
    taste = rehearsal.taste, effort = { label = EFFORT }, state = job.state,
    manifest = job.manifest, dir = job.dir, files = survey.files_of(job.before),
  }
end

---One step on an answer: from the text to a work dir that could be published.
local function take(rehearsal, job, said)
  local problem, code = call.unfit(said.answer, { bytes = #said.answer })
  if problem then
    return nil, "the agent " .. problem, code
  end
  local found, after, touched = judge.inspect(job)
  if not found then
    return nil, after, touched
  end
  local source = source_of(rehearsal, job)
  source.files = found.files
  local judged, why, name = judge.decide(job, { text = said.answer, files = found.changed },
    context.build(source), after)
  if not judged then
    return nil, why, name
  end
  local reason = judged.reason
  judged.reason = reason or judged.outcome
  local accepted, message, failure = accept.apply(job, rehearsal.reg, judged,
    { now = jobs.now(), agent = "replay", effort = EFFORT })
  if not accepted then
    return nil, message, failure
  end
  return judged.outcome, reason or ""
end

---Checks an accepted work dir as doctor would check it once published.
local function find_unsound(rehearsal, job)
  local after, why = survey.take(job.workspace.path)
  if not after then
    return why
  end
  for _, mode in ipairs { "planning-snapshot", "doctor" } do
    local findings, message = consistency.check(job.dir, { slug = SLUG, mode = mode,
      staged = false, registry = rehearsal.reg, published = job.published })
    local blocking = findings and consistency.blocking(findings)
    if not findings or blocking then
      return message or ("%s: %s"):format(blocking.path, blocking.message)
    end
  end
  local manifest, state = jobs.read(job.dir, { slug = SLUG, published = job.published })
  return not manifest and state or nil
end

---How the step judges one damaged answer; a problem if it is neither refused nor sound.
local function judge_damaged(rehearsal, job, said, rehearsed)
  local outcome, message, name = take(rehearsal, job, said)
  if outcome then
    rehearsed.accepted = rehearsed.accepted + 1
    return find_unsound(rehearsal, job)
  end
  rehearsed.refused = rehearsed.refused + 1
  if name == "ESCRIPT" or type(message) ~= "string" or message == "" then
    return message or "it was refused without a reason"
  end
end

local function try_damaged(rehearsal, live, said, rehearsed)
  local job, message, name = enactment.open(rehearsal, live)
  if not job then
    return nil, message, name
  end
  local done, why, code = enactment.act(job.dir, said)
  local problem = done and judge_damaged(rehearsal, job, said, rehearsed)
  job.dir:close()
  if problem then
    table.insert(rehearsed.problems,
      ("%s-%d, %s: %s"):format(job.step, job.visit, said.name, problem))
  end
  if not done then
    return nil, why, code
  end
  return tree.remove(job.workspace.folder)
end

---The stage's prompt, as an agent would get it.
local function make_prompt(rehearsal, job)
  local ctx = context.build(source_of(rehearsal, job))
  local ok, work = guard.call(job.stage.prompt, ctx)
  if not ok or type(work) ~= "string" then
    return nil, ("the prompt of %s failed: %s"):format(job.step, tostring(work))
  end
  return prompts.assemble(ctx, work)
end

---Whether the prompt differs from the recorded one; nil when there is none.
local function compare_prompt(rehearsal, job, recorded)
  local prompt, failure = make_prompt(rehearsal, job)
  if not prompt then
    return nil, failure
  end
  return recording.compare(recorded, recording.normalise(prompt, {
    work_dir = job.workspace.path, live_dir = job.live, repo_root = rehearsal.project.root,
    slug = SLUG,
  })) ~= nil
end

---How the stage judges the recorded answer.
local function try_recorded(rehearsal, job, recorded, said)
  local rehearsed = { stage = job.step, visit = job.visit, problems = {} }
  local differs, failure = compare_prompt(rehearsal, job, recorded)
  rehearsed.prompt_differs = differs or false
  if differs == nil then
    rehearsed.message = failure
    return rehearsed
  end
  local done, message, name = enactment.act(job.dir, said)
  if not done then
    return nil, message, name
  end
  rehearsed.outcome, rehearsed.message = take(rehearsal, job, said)
  return rehearsed
end

---One stage; returns how it judged the answers, and the work dir that the recorded one left.
local function rehearse(rehearsal, live, recorded, variants)
  local job, message, name = enactment.open(rehearsal, live)
  if not job then
    return nil, message, name
  end
  local said = enactment.read(recorded)
  local rehearsed, why, code = try_recorded(rehearsal, job, recorded, said)
  job.dir:close()
  if rehearsed and variants > 0 then
    rehearsed.accepted, rehearsed.refused = 0, 0
    for damaged in mutation.variants(said, recorded.prompt, variants) do
      local tried, trouble, errno = try_damaged(rehearsal, live, damaged, rehearsed)
      if not tried then
        return nil, trouble, errno
      end
    end
  end
  return rehearsed, rehearsed and job.workspace.path or why, code
end

---The migration before its first step, for the target that was recorded.
local function found(rehearsal, target, pipeline)
  local state, message, name =
    states.new { target = target, now = jobs.now(), pipeline = pipeline }
  if not state then
    return nil, message, name
  end
  local path = ("%s/0/%s"):format(rehearsal.place, SLUG)
  local dir <close>, problem, errno = folder.open(path)
  if not dir then
    return nil, problem, errno
  end
  local manifest = manifests.new { slug = SLUG, now = jobs.now() }
  local written, why, code = jobs.write(dir, manifest, state)
  return written and path, why, code
end

local function target_of(path, pipeline)
  local first, message, name = recording.find(path, { stage = pipeline.start, visit = 1 })
  if not first then
    return nil, message, name
  end
  return first.prompt:match("%f[^\n\0]Target: ([^\n]*)") or "rehearsal"
end

---Where planning stands in a work dir.
local function read_state(rehearsal, live)
  local dir <close>, message, name = fs.open_dir(live)
  if not dir then
    return nil, message, name
  end
  local manifest, state, code =
    jobs.read(dir, { slug = SLUG, published = rehearsal.project.live .. "/" .. SLUG })
  if not manifest then
    return nil, state, code
  end
  return state
end

local function run(rehearsal, opts, live)
  local results = {}
  while live do
    local state, message, name = read_state(rehearsal, live)
    if not state then
      return nil, message, name
    elseif pipelines.is_terminal(state.graph, state.next_step) then
      return results
    end
    local recorded, missing = recording.find(rehearsal.path,
      { stage = state.next_step, visit = states.visits(state, state.next_step) + 1 })
    if not recorded then
      return results, missing
    end
    local rehearsed, left, code = rehearse(rehearsal, live, recorded, opts.variants or 0)
    if not rehearsed then
      return nil, left, code
    end
    results[#results + 1] = rehearsed
    opts.on_stage(rehearsed)
    live = rehearsed.outcome and left
  end
  return results
end

---The pipeline with its stages, and the target that was recorded.
local function load(reg, opts)
  local pipeline, message, name, fix = reg:pipeline(opts.pipeline or "pipeline")
  if not pipeline then
    return nil, message, name, fix
  end
  local stages, why, code, help = workflow.load(reg, pipeline)
  if not stages then
    return nil, why, code, help
  end
  local target, problem, errno = target_of(opts.recording, pipeline)
  return target and { pipeline = pipeline, stages = stages, target = target }, problem, errno
end

local M = {}

---Replays a recording.
---@param project mighost.Project
---@param opts { recording: string, pipeline?: string, taste?: string, variants?: integer,
---        on_stage: fun(rehearsed: mighost.Rehearsed) }
---@return mighost.Rehearsed[]|nil
---@return string? message or where the recording ends before the pipeline does
---@return string? NAME
---@return string? fix
function M.run(project, opts)
  local ok, message, name, fix = trust.check(project)
  if not ok then
    return nil, message, name, fix
  end
  local reg = registry.new(project)
  local loaded, why, code, help = load(reg, opts)
  if not loaded then
    return nil, why, code, help
  end
  local place <close>, unmade, errno = scratch.open(project.state_home, "rehearsals")
  if not place then
    return nil, unmade, errno
  end
  local rehearsal = {
    project = project, reg = reg, stages = loaded.stages, path = opts.recording,
    taste = opts.taste, count = 0, place = place.path,
  }
  local live, trouble, number = found(rehearsal, loaded.target, loaded.pipeline)
  if not live then
    return nil, trouble, number
  end
  return run(rehearsal, opts, live)
end

return M
