--- From a judged answer to a workspace that may be published: outputs, phases, manifest, state,
--- rules, record.

local survey = require "planning.survey"

local consistency = require "planning.consistency"
local job_files = require "planning.job"
local phases = require "migration.phases"
local planning_state = require "planning.state"
local tables = require "lib.tables"
local text = require "lib.text"
local workspace = require "planning.workspace"

local SKIP_NOTE <const> = "intentional-skip.md"
local PHASE_SAMPLE <const> = "phase-1-sample.md"

local M = {}

---Refuses a step whose stage did not leave what it must: present and not empty.
---@param stage mighost.Stage
---@param after table snapshot of the workspace
---@return true|nil
---@return string? message
---@return string? NAME
function M.check_produced(stage, after)
  for _, pattern in ipairs(stage.produces or {}) do
    local matches = text.glob(pattern)
    local found = false
    for _, path in ipairs(survey.files_of(after)) do
      if matches(path) then
        found = true
        if after[path].size == 0 then
          return nil, ("%s must write %s, but %s is empty"):format(stage.name, pattern, path),
            "EJUDGE"
        end
      end
    end
    if not found then
      return nil, ("%s must write %s, but the workspace holds none"):format(stage.name, pattern),
        "EJUDGE"
    end
  end
  return true
end

---Runs the consistency rules of one mode over a migration's directory.
---@param reg mighost.Registry
---@param dir host.fs.Dir
---@param about { slug: string, mode: string, staged: boolean, published: string }
---@return true|nil
---@return string? message
---@return string? NAME
function M.check_rules(reg, dir, about)
  local findings, message, name = consistency.check(dir, {
    slug = about.slug, mode = about.mode, staged = about.staged, registry = reg,
    published = about.published,
  })
  if not findings then
    return nil, message, name
  end
  local blocking = consistency.blocking(findings)
  if blocking then
    return nil, ("%s: %s (%s)"):format(blocking.path, blocking.message, blocking.code), "ERULES"
  end
  return true
end

local function produces_phases(stage)
  for _, pattern in ipairs(stage.produces or {}) do
    if text.glob(pattern)(PHASE_SAMPLE) then
      return true
    end
  end
  return false
end

---The manifest after the step: fresh phases, activity, and what reaching a terminal means.
local function next_manifest(job, new_state, reason, now)
  local changed = tables.copy(job.manifest)
  if produces_phases(job.stage) then
    local list, message = phases.discover(job.dir)
    if not list then
      return nil, message, "EJUDGE"
    end
    changed = phases.apply(changed, list)
  end
  changed.last_touch = now
  local terminal = job.state.graph.terminals[new_state.next_step]
  if terminal then
    changed.status = terminal.status
    changed.awaiting_human_review = terminal.awaiting_human_review or false
    changed.human_review_reason = terminal.awaiting_human_review and reason or nil
  end
  return changed
end

local function next_state(job, judged, meta)
  local function taken(path)
    return job.dir:stat(path) ~= nil
  end
  local path = planning_state.output_path(job.state, job.step, taken)
  local made, message, name = job.dir:mkdir(".planning/stages")
  if not made then
    return nil, message, name
  end
  local written, why, code = job.dir:write(path, judged.text, { durable = false })
  if not written then
    return nil, why, code
  end
  return planning_state.accept(job.state, {
    name = job.step,
    outcome = judged.outcome,
    completed_at = meta.now,
    stdout = job.published .. "/" .. path,
    agent = meta.agent,
    model = meta.model,
    effort = meta.effort,
    reason = judged.reason,
  })
end

local function check_whole(job, reg, status)
  local modes = { "planning-snapshot" }
  if status == "ready" then
    modes[2] = "ready-publish"
  end
  for _, mode in ipairs(modes) do
    local fit, message, name = M.check_rules(reg, job.dir,
      { slug = job.slug, mode = mode, staged = false, published = job.published })
    if not fit then
      return nil, message, name
    end
  end
  return true
end

local function note_skip(job, status, reason)
  if status ~= "skipped" then
    return true
  end
  local text_of_note = ("# Intentionally skipped\n\n%s\n"):format(reason)
  return job.dir:write(SKIP_NOTE, text_of_note, { durable = false })
end

---Applies a judged answer to the workspace.
---@param job mighost.Job
---@param reg mighost.Registry
---@param judged { text: string, outcome: string, reason: string }
---@param meta { now: string, agent: string, model: string|nil, effort: string|nil }
---@return { cursor: string, stands: string }|nil
---@return string? message
---@return string? NAME
function M.apply(job, reg, judged, meta)
  local new_state, message, name = next_state(job, judged, meta)
  if not new_state then
    return nil, message, name
  end
  local changed, why, code = next_manifest(job, new_state, judged.reason, meta.now)
  if not changed then
    return nil, why, code
  end
  local noted, problem, errno = note_skip(job, changed.status, judged.reason)
  if not noted then
    return nil, problem, errno
  end
  local written, trouble, number = job_files.write(job.dir, changed, new_state)
  if not written then
    return nil, trouble, number
  end
  local fit, finding, rule = check_whole(job, reg, changed.status)
  if not fit then
    return nil, finding, rule
  end
  return {
    cursor = new_state.next_step,
    stands = changed.awaiting_human_review and "awaiting-human" or changed.status,
  }
end

---Records that the workspace is accepted: from here on nobody pays for this answer again.
---@param job mighost.Job
---@param snapshot host.publish.Snapshot what the agent started from
---@param accepted { cursor: string, stands: string }
---@param judged { outcome: string, summary: string }
---@param message string of the commit
---@param request? string what was asked for
---@return mighost.Accepted|nil
---@return string? message
---@return string? NAME
function M.record(job, snapshot, accepted, judged, message, request)
  local after, digest, name = survey.take(job.workspace.path, job.before)
  if not after then
    return nil, digest, name
  end
  local record = {
    slug = job.slug,
    step = job.step,
    outcome = judged.outcome,
    cursor = accepted.cursor,
    stands = accepted.stands,
    summary = judged.summary,
    base_digest = snapshot:digest(),
    base_tree = snapshot:tree_id(),
    digest = digest,
    operation = job.operation or "planning." .. job.step,
    message = message,
    request = request,
  }
  local written, why, code = workspace.accept(job.workspace, record)
  if not written then
    return nil, why, code
  end
  return record
end

return M
