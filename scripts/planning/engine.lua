--- One planning step: lease, recovery, the paid part or an answer that was kept, publication.

local fs = require "host.fs"
local sys = require "host.sys"

local accept = require "planning.accept"
local attempt = require "planning.attempt"
local commit = require "planning.commit"
local jobs = require "planning.job"
local older = require "planning.older"
local quote = require "lib.quote"
local recover = require "planning.recover"
local workflow = require "planning.workflow"
local workspace = require "planning.workspace"

---@class mighost.StepOptions
---@field slug string
---@field target string|nil needed to start a migration
---@field pipeline mighost.Pipeline|nil what a new migration is planned with
---@field no_pipeline mighost.Missing|nil why there is none
---@field insists boolean|nil whether an existing one must follow it too
---@field site host.publish.Site
---@field run mighost.Run where the evidence goes
---@field with string name of the agent
---@field model string|nil
---@field effort string
---@field timeout number|nil
---@field silence number|nil
---@field timeout_given number|nil asked for, so that it counts more than the stage's own
---@field silence_given number|nil likewise
---@field sandbox "auto"|"require"|"off"|nil how the agent is held to where it may write
---@field pass_env string[]|nil names of further variables that agents get
---@field agent_env table<string, string>|nil what agents get besides
---@field max_wait integer|nil seconds to spend on waiting where the agent is rate-limited
---@field agent_command string|nil
---@field recording string|nil folder to answer from
---@field record string|nil folder to record to
---@field strict boolean|nil a prompt that differs from the recorded one is an error
---@field taste string|nil
---@field prefix string of commit subjects
---@field again string[] options to be given again by whoever goes on
---@field on_event fun(event: table)
---@field operation string|nil what others read in the lease; "plan" by default
---@field request string|nil what was asked for, kept with the answer, so that asking again is known
---@field command string[]|nil the command that asks again; by default that of `plan`
---@field prepare mighost.Prepare|nil what the step starts from, instead of what is published
---@field subject string|nil of the commit, behind the prefix; default: planning/<slug>/<step>
---@field feedback string|nil a person's words that this step answers, for the commit
---@field make mighost.Maker|nil makes the answer, instead of the stage that is due
---@field mode string|nil of the rules that must hold before and after the exchange

---@alias mighost.Prepare fun(manifest: mighost.Manifest, state: mighost.State):
---  mighost.Manifest|nil, mighost.State|string, string|nil, string|nil

---@alias mighost.Maker fun(project: mighost.Project, reg: mighost.Registry,
---  where: mighost.StepPlace, snapshot: host.publish.Snapshot, opts: mighost.StepOptions):
---  { workspace: mighost.Workspace, record: mighost.Accepted }|nil, string|nil, string|nil,
---  string|nil

---@class mighost.Step
---@field slug string
---@field step string
---@field outcome string
---@field cursor string where planning stands now
---@field stands "planning"|"ready"|"awaiting-human"|"skipped"
---@field commit string|nil nil where an earlier process published the answer
---@field summary string
---@field resumed boolean the answer was an earlier process's
---@field request string|nil what the answer was asked for with
---@field seconds number

---@class mighost.StepPlace where one migration is, in the repository and outside
---@field live string absolute
---@field published string relative to the repository's root
---@field place string the project's folder in the state directory

local function place_of(project, opts)
  return {
    live = ("%s/%s"):format(project.live_path, opts.slug),
    published = ("%s/%s"):format(project.live, opts.slug),
    place = workspace.place(project.state_home, opts.site:project_id()),
  }
end

---Checks that a kept answer is for the target that was asked for.
local function check_target(where, opts, kept)
  if not opts.target then
    return true
  end
  local dir <close>, message, name = fs.open_dir(kept.workspace.path)
  if not dir then
    return nil, message, name
  end
  local read, state, code, fix = jobs.read(dir,
    { slug = opts.slug, published = where.published })
  if not read then
    return nil, state, code, fix
  end
  if opts.target ~= state.target then
    return nil, ("%s was started for another target: %s"):format(opts.slug, state.target), "EUSAGE",
      "mighost plan " .. quote.word(opts.slug)
  end
  return true
end

---Warns once of broken scripts that this plan does not need; they never stop it.
local function warn_of_scripts(reg, opts)
  local missing = opts.no_pipeline
  for _, text in ipairs(workflow.broken(reg)) do
    opts.on_event { kind = "warning", text = text }
  end
  if missing and missing.name == "EUSAGE" and not missing.told then
    missing.told = true
    opts.on_event { kind = "warning", text = missing.message .. ", so no plan can begin" }
  end
end

---Gets an answer from the stage that is due.
local function make_answer(project, reg, where, snapshot, opts)
  local job <close>, problem, errno, advice = jobs.open(reg, {
    slug = opts.slug, target = opts.target, pipeline = opts.pipeline, insists = opts.insists,
    no_pipeline = opts.no_pipeline,
    snapshot = snapshot, place = where.place, live = where.live, published = where.published,
    prepare = opts.prepare,
  })
  if not job then
    return nil, problem, errno, advice
  end
  warn_of_scripts(reg, opts)
  local record, refusal, kind, help =
    attempt.run(project, reg, job, snapshot, opts)
  if not record then
    return nil, refusal, kind, help
  end
  return { workspace = job.workspace, record = record, is_plain = job.is_plain }
end

---An answer that an earlier process paid for, or a new one.
local function find_answer(project, reg, where, snapshot, opts)
  local kept, message, name =
    recover.find_accepted(where.place, opts.slug, snapshot, opts.on_event, opts.request)
  if kept == nil then
    return nil, message, name
  elseif not kept then
    return (opts.make or make_answer)(project, reg, where, snapshot, opts)
  elseif not kept.is_published then
    local fits, why, code, fix = check_target(where, opts, kept)
    if not fits then
      return nil, why, code, fix
    end
  end
  opts.on_event { kind = "resumed", slug = opts.slug, step = kept.record.step }
  return { workspace = kept.workspace, record = kept.record, resumed = true,
    is_published = kept.is_published }
end

local function checker(reg, where, opts)
  return function(path, staged)
    local dir <close>, message, name = fs.open_dir(path)
    if not dir then
      return nil, message, name
    end
    return accept.check_rules(reg, dir,
      { slug = opts.slug, mode = opts.mode or "planning-snapshot", staged = staged,
        published = where.published })
  end
end

local function describe(opts, answer, oid, begun)
  return {
    slug = opts.slug,
    step = answer.record.step,
    outcome = answer.record.outcome,
    cursor = answer.record.cursor,
    stands = answer.record.stands,
    summary = answer.record.summary,
    commit = oid,
    resumed = answer.resumed or false,
    request = answer.record.request,
    seconds = sys.monotonic() - begun,
  }
end

---Publishes an answer.  If that fails the answer stays, and the message says that trying again
---costs nothing.
local function publish(project, reg, where, lease, snapshot, answer, opts, begun)
  local done
  local oid, message, name, fix = commit.publish(opts.site, lease, snapshot,
    { workspace = answer.workspace, record = answer.record, live = where.live,
      worktree = project },
    {
      check = checker(reg, where, opts),
      notify = opts.on_event,
      on_commit = function(id)
        done = describe(opts, answer, id, begun)
        opts.on_event { kind = "accepted", step = done }
      end,
    })
  if not oid then
    return nil, ("%s; the accepted answer of %s is kept"):format(message, answer.record.step), name,
      fix or quote.words(opts.command or { "mighost", "plan", opts.slug, table.unpack(opts.again) })
  end
  if done.stands == "planning" and answer.is_plain then
    workspace.rest(answer.workspace)
  else
    workspace.remove(answer.workspace)
  end
  return done
end

local M = {}

---Takes one step.  The lease is held from before the agent starts to the end of the commit.
---@param project mighost.Project
---@param reg mighost.Registry
---@param opts mighost.StepOptions
---@return mighost.Step|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.step(project, reg, opts)
  local begun = sys.monotonic()
  local where = place_of(project, opts)
  local lease <close>, held, busy, wait = opts.site:lease(opts.slug, opts.operation or "plan")
  if not lease then
    return nil, held, busy, wait
  end
  local alone, other, why, repair = older.check(project.live_path, opts.slug)
  if not alone then
    return nil, other, why, repair
  end
  local settled, left, code, fix =
    recover.settle(opts.site, lease, opts.slug, opts.on_event, project)
  if not settled then
    return nil, left, code, fix
  end
  local snapshot, dirty, name, advice = opts.site:snapshot(lease)
  if not snapshot then
    return nil, dirty, name,
      advice or name == "EDIRTY" and "git status " .. quote.word(where.published) or nil
  end
  local answer, message, kind, help =
    find_answer(project, reg, where, snapshot, opts)
  if not answer then
    return nil, message, kind, help
  elseif answer.is_published then
    return describe(opts, answer, nil, begun)
  end
  return publish(project, reg, where, lease, snapshot, answer, opts, begun)
end

return M
