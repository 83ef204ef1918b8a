--- The evidence of a run of the loop: a folder for each call, events, a rolling summary, and a
--- snapshot of each failure that outlives the run.
---
---   local run <close> = assert(evidence.open(project, { command = "run", place = place }))
---   local path = run:folder("refactor", { attempt = 3, retry = 2 })
---   run:event { event = "asking", role = "refactor", attempt = 3, retry = 2 }
---   run:attempt { attempt = 3, retry = 2, role = "refactor", decision = "abandon", … }
---   run:failure { attempt = 3, retry_number = 2, role = "refactor", decision = "abandon", … }
---   run:close("completed")
---
--- A paid run must not end because evidence cannot be kept: only open and folder report failures.
--- A run that is left without `close` was interrupted.

local fs = require "host.fs"
local sys = require "host.sys"

local artifacts = require "planning.artifacts"
local aside = require "planning.aside"
local failures = require "loop.failures"
local folder = require "project.folder"
local jobs = require "planning.job"
local json = require "lib.json"
local secrets = require "planning.secrets"
local spending = require "planning.spending"
local summaries = require "loop.summary"
local tables = require "lib.tables"
local text = require "lib.text"
local words = require "loop.words"

local EVENTS <const> = "events.jsonl"
local LOG <const> = "run.log"
local REJECTED <const> = "rejected.patch"
local SUMMARY <const> = "summary.json"
local PRIVATE <const> = { durable = false, mode = 384 } -- 0600

-- Folders of calls that a run or an action has once; all others stand below their attempt.
local OWN_FOLDER <const> = {
  baseline = "baseline/initial", classify = "classify", ["scope-expansion"] = "scope-expansion",
  ["phase.ready-check"] = "phase-ready-check",
}

---@class mighost.LoopRun
---@field id string
---@field path string absolute
---@field place string|nil the project's folder in the state directory
---@field status string "running" until it is closed
local Run <const> = {}
Run.__index = Run

---Adds lines to a file of the run. It is opened each time, so that nothing stays open for programs
---that are started meanwhile.
local function append(run, name, line)
  local file <close> = io.open(("%s/%s"):format(run.path, name), "a")
  if file then
    file:write(line, "\n")
  end
end

local function write_summary(run)
  local dir <close> = fs.open_dir(run.path)
  if not dir then
    return
  end
  dir:write(SUMMARY, summaries.encode({
    run = run.id, command = run.command, root = run.project.root, status = run.status,
    message = run.message, started_at = run.started_at, updated_at = jobs.now(),
    finished_at = run.finished_at, settings = run.settings, spent = run.spent,
  }, run.attempts, run:counts()), PRIVATE)
end

---Where the calls of an action stand, relative to the run's folder.
local function relative(run, role, where)
  if OWN_FOLDER[role] then
    return (run.probe or "") .. OWN_FOLDER[role]
  end
  local parts = { run.probe or ("attempt-%03d/"):format(where.attempt or run.action) }
  if (where.retry or 1) > 1 then
    parts[2] = ("retry-%02d/"):format(where.retry)
  end
  local step = role:match("^planning%.(.+)$")
  parts[#parts + 1] = step and "planning/" .. step or (role:gsub("%.", "-"))
  return table.concat(parts)
end

---Starts an action; with `is_probe` its evidence stands below migration-probes.
---@param number integer
---@param is_probe boolean|nil
function Run:begin_action(number, is_probe)
  self.action = number
  self.probe = is_probe and ("migration-probes/action-%03d/"):format(number) or nil
end

---Makes the folder of a call; a second one of the same role gets a number behind its name.
---@param role string
---@param where? { attempt: integer|nil, retry: integer|nil } default: the action under way
---@return string|nil path absolute
---@return string? message
---@return string? NAME
function Run:folder(role, where)
  local rel = relative(self, role, where or {})
  local count = (self.calls[rel] or 0) + 1
  self.calls[rel] = count
  local path = ("%s/%s"):format(self.path, count == 1 and rel or ("%s-%d"):format(rel, count))
  local dir <close>, message, name = folder.open(path)
  if not dir then
    return nil, ("cannot keep the evidence of %s: %s"):format(role, message), name
  end
  return path
end

---The same for a step of planning, as the engine asks for it.
---@param step string
---@return mighost.Evidence|nil
---@return string? message
---@return string? NAME
function Run:evidence(step)
  local path, message, name = self:folder("planning." .. step)
  return path and artifacts.at(path), message, name
end

---Keeps an event: a line of events.jsonl, and one for people in run.log.
---@param event { event: string, level: string|nil, role: string|nil, attempt: integer|nil,
---  retry: integer|nil, target: string|nil, message: string|nil }
function Run:event(event)
  local hidden = secrets.of(sys.env())
  local kept = { timestamp = jobs.now(), level = event.level or "info" }
  for name, value in pairs(event) do
    kept[name] = type(value) == "string" and secrets.redact(value, hidden) or value
  end
  append(self, EVENTS, json.encode(kept))
  local line = { kept.timestamp, kept.level, kept.event }
  for _, name in ipairs { "attempt", "retry", "role", "target" } do
    if kept[name] ~= nil then
      line[#line + 1] = ("%s=%s"):format(name, kept[name])
    end
  end
  line[#line + 1] = kept.message
  append(self, LOG, text.printable(table.concat(line, "  ")))
end

---The result of an attempt, for the summary. Given again for the same try, it adds to what is
---known of it. `effort` is one that was asked for and used.
---@param fields mighost.LoopAttempt
function Run:attempt(fields)
  local kept = tables.copy(fields)
  kept.effort, kept.effort_used = nil, fields.effort_used or fields.effort
  kept.effort_asked = fields.effort_asked or kept.effort_used
  kept.summary = fields.summary and words.flatten(self.project, fields.summary)
  kept.target = fields.target and words.flatten(self.project, fields.target)
  summaries.merge(self.attempts, kept)
  self.spent = spending.of_run(self.project.state_home, self.id)
  write_summary(self)
end

---Adds to a count that no attempt covers.
---@param name "targets"|"plans"
function Run:tally(name)
  self.tallies[name] = (self.tallies[name] or 0) + 1
  write_summary(self)
end

---@return mighost.Counts
function Run:counts()
  return summaries.count(self.attempts, self.tallies)
end

---The evidence of a failure, with what was discarded if that is kept beside it.
local function with_rejected(paths)
  local all, seen = table.move(paths, 1, #paths, 1, {}), {}
  for _, path in ipairs(paths) do
    local folder_of = path:match("^(.*)/") or "."
    local dir <close> = not seen[folder_of] and fs.open_dir(folder_of) or nil
    if dir and dir:stat(REJECTED) then
      all[#all + 1] = ("%s/%s"):format(folder_of, REJECTED)
    end
    seen[folder_of] = true
  end
  return all
end

---Keeps a snapshot of a failure, beyond the end of the run.
---@param failure { attempt: integer|nil, retry_number: integer|nil, target: string|nil,
---  role: string, decision: string, retry: string|nil, failure_kind: string|nil,
---  summary: string|nil, why: string|nil, next_step: string|nil, evidence: string[]|nil }
---@return string|nil path
---@return string? message
---@return string? NAME
function Run:failure(failure)
  local full = {
    run = self.id, artifacts = self.path, created_at = jobs.now(),
    attempt = failure.attempt or self.action, retry_number = failure.retry_number or 1,
    role = failure.role, decision = failure.decision, retry = failure.retry or "none",
    failure_kind = failure.failure_kind or "none", evidence = with_rejected(failure.evidence or {}),
    target = failure.target and words.flatten(self.project, failure.target),
    summary = words.flatten(self.project, failure.summary or "no reason was given"),
    why = failure.why and words.clean(failure.why),
    next_step = failure.next_step and words.clean(failure.next_step),
  }
  if not self.place then
    return nil, "no publication was ever begun here, so nothing is set aside", "ENOENT"
  end
  local path, message, name = failures.keep(self.place, full)
  if not path then
    return nil, message, name
  end
  self:event { event = "failure", level = "error", role = full.role, attempt = full.attempt,
    retry = full.retry_number, target = full.target, message = full.summary, snapshot = path }
  return path
end

---Ends the evidence; a second call does nothing.
---@param status string
---@param message? string why it did not complete
function Run:close(status, message)
  if self.finished_at then
    return
  end
  self.status, self.finished_at = status, jobs.now()
  self.message = message and words.flatten(self.project, message)
  self.spent = spending.of_run(self.project.state_home, self.id)
  self:event { event = "ended", message = self.message and status .. ": " .. self.message
    or status }
  write_summary(self)
  self.inner:finish(status, self.message)
  if self.place then
    failures.prune(self.place, self.keep)
  end
end

---An error ends the loop only where it was interrupted, or where mighost is at fault.
Run.__close = function(self)
  self:close("interrupted")
end

local M = {}

---Starts the evidence of a run.
---@param project mighost.Project
---@param opts { command: string, place: string|nil, settings: table|nil }
---@return mighost.LoopRun|nil
---@return string? message
---@return string? NAME
function M.open(project, opts)
  local inner, message, name = artifacts.start(project.state_home, project.root, opts.command)
  if not inner then
    return nil, message, name
  end
  local run = setmetatable({
    id = inner.id, path = inner.path, inner = inner, project = project, command = opts.command,
    place = opts.place or aside.place(project) or nil, status = "running",
    keep = project.config.keep_runs or artifacts.KEPT, started_at = inner.about.started,
    settings = opts.settings or {}, attempts = {}, tallies = {}, calls = {}, action = 1,
    spent = { calls = 0, tokens = 0 },
  }, Run)
  local dir <close>, why, code = fs.open_dir(run.path)
  for _, file in ipairs { EVENTS, LOG } do
    if dir then
      local made, problem, errno = dir:write(file, "", PRIVATE)
      if not made then
        return nil, problem, errno
      end
    end
  end
  if not dir then
    return nil, why, code
  end
  run:event { event = "started", message = opts.command }
  write_summary(run)
  return run
end

return M
