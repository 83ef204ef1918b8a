--- One migration as `migration show` shows it: where it stands, how it got there, what comes next.

local sys = require "host.sys"

local doctor = require "planning.doctor"
local manifests = require "migration.manifest"
local pipelines = require "planning.pipeline"
local quote = require "lib.quote"
local rows = require "planning.rows"
local schedule = require "migration.schedule"
local spending = require "planning.spending"
local states = require "planning.state"

---@class mighost.OverviewStep
---@field step string
---@field outcome string
---@field completed_at string
---@field output string      path of what was accepted, relative to the project's root
---@field agent? string
---@field model? string
---@field effort? string

---@class mighost.OverviewPhase
---@field name string
---@field file string
---@field done boolean
---@field current boolean
---@field precondition string
---@field required_effort? string
---@field effort_reason? string

---@class mighost.Overview: mighost.Row
---@field target? string
---@field pipeline? string   name of the one it follows, when that is not mighost's own
---@field created_at? string
---@field wake_up_on? string
---@field history mighost.OverviewStep[]
---@field phases mighost.OverviewPhase[]
---@field findings mighost.Finding[]
---@field feedback mighost.Feedback[]  what people said of the plan
---@field review_findings? string  path of the review that found something
---@field final_decision? string
---@field final_reason? string
---@field spent? mighost.Spending   what its agents used up, as far as they told
---@field waits? string             why nothing happens by itself
---@field next? string              the command to run next

local function list_history(state)
  local history = {}
  for i, step in ipairs(state and state.completed_steps or {}) do
    history[i] = {
      step = step.name,
      outcome = step.outcome,
      completed_at = step.completed_at,
      agent = step.agent,
      model = step.model,
      effort = step.effort,
      output = step.stdout,
    }
  end
  return history
end

local function list_phases(manifest)
  local phases = {}
  for i, phase in ipairs(manifest and manifest.phases or {}) do
    phases[i] = {
      name = phase.name,
      file = phase.file,
      done = phase.done,
      current = phase.name == manifest.current_phase,
      precondition = phase.precondition,
      required_effort = phase.required_effort,
      effort_reason = phase.effort_reason,
    }
  end
  return phases
end

local function has_error(findings)
  for _, finding in ipairs(findings) do
    if finding.severity == "error" then
      return true
    end
  end
  return false
end

--- A team's pipeline may end a plan without a decision that mighost knows.
local function why_skipped(state)
  local last = state and state.completed_steps[#state.completed_steps]
  if state and state.final_reason or not last then
    return state and state.final_reason or "the plan was rejected"
  end
  return ("%s ended with %s; intentional-skip.md says why"):format(last.name, last.outcome)
end

--- Why a migration waits, nil when something can be done about it now.
local function find_wait(manifest, state, now)
  if manifest.awaiting_human_review then
    return "a person has to decide: " .. (manifest.human_review_reason or "no reason was given")
  elseif manifest.status == "skipped" then
    return "skipped: " .. why_skipped(state)
  elseif manifest.status == "done" then
    return "nothing is left to do"
  end
  local is_eligible, _, message = schedule.eligible(manifest, now)
  return not is_eligible and message or nil
end

--- The command that continues this migration; nil when there is none.
local function find_next(overview, manifest, state)
  local slug = quote.word(overview.slug)
  if overview.slug:sub(1, 1) == "-" then
    slug = "-- " .. slug
  end
  if has_error(overview.findings) then
    return "mighost migration doctor " .. slug
  elseif not manifest or not state then
    return nil
  elseif manifest.status == "planning" and not pipelines.is_terminal(state.graph, state.next_step)
  then
    return manifest.awaiting_human_review and "mighost migration refine --message TEXT " .. slug
      or "mighost plan " .. slug
  elseif manifest.awaiting_human_review then
    return "mighost migration review " .. slug
  end
end

--- What cannot be read is left out: the findings say why.
local function read_files(project, slug, live)
  local dir <close> = live:open_dir(slug)
  if not dir then
    return nil, nil
  end
  local manifest = manifests.load(dir)
  return manifest or nil, states.load(dir, project.live .. "/" .. slug) or nil
end

local M = {}

--- Reads one migration.
---@param project mighost.Project
---@param slug string
---@return mighost.Overview? overview, string? message, string? name, string? fix
function M.read(project, slug)
  local live <close>, message, name, fix = rows.open_live(project)
  if not live then
    return nil, message, name, fix
  end
  local overview = rows.read(project, live, slug)
  local manifest, state = read_files(project, slug, live)
  local findings, why, errno, help = doctor.check(project, slug)
  if not findings then
    return nil, why, errno, help
  end
  overview.history = list_history(state)
  overview.phases = list_phases(manifest)
  overview.findings = findings
  overview.feedback = state and state.feedback or {}
  overview.target = state and state.target
  overview.pipeline = state and state.pipeline and state.pipeline.name
  overview.review_findings = state and state.review_findings
  overview.final_decision = state and state.final_decision
  overview.final_reason = state and state.final_reason
  overview.created_at = manifest and manifest.created_at
  overview.wake_up_on = manifest and manifest.wake_up_on
  overview.spent = spending.read(project.state_home, project.root, slug)
  overview.waits = manifest and find_wait(manifest, state, sys.now())
  overview.next = find_next(overview, manifest, state)
  return overview
end

return M
