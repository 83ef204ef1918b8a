--- Carries a piece of work through: tries until one is committed or another try makes no sense;
--- whatever is not committed is put back.
---
--- A try that another one follows is recorded in the run's evidence here; the last one is the
--- outcome, which the caller records.

local changes = require "loop.changes"
local prose = require "lib.prose"
local tables = require "lib.tables"
local tidy = require "loop.tidy"
local trial = require "loop.trial"
local words = require "loop.words"

local RETRYABLE <const> = { red = true, asked = true }

---@class mighost.Outcome
---@field decision "commit"|"retry"|"abandon"|"blocked"|"deferred"|"unchanged"|"none"
---@field retry "same-target"|"new-target"|"none"|"human-review"
---@field role string
---@field failure_kind string    "none" where nothing failed
---@field summary string|nil
---@field why string|nil
---@field next_step string|nil   what a person may do
---@field commit string|nil      its id
---@field slug string|nil
---@field phase string|nil       its file
---@field target string|nil
---@field effort string|nil      asked for
---@field retry_number integer|nil how many tries it took
---@field evidence string[]|nil  files that tell of it
---@field usage table|nil        what the last call used up
---@field name string|nil         NAME of what failed, for the exit code
---@field snapshot string|nil     where a failure snapshot of it was kept already

---The function that commits a green try.
---@alias mighost.Finisher fun(try: mighost.Try): string|nil, table<string, string>|string

local function is_retryable(try)
  if not RETRYABLE[try.kind] then
    return false
  end
  local status = try.status or {}
  return try.kind == "red" and status.retry_recommendation ~= "human-review"
    or status.decision == "retry" and status.retry_recommendation ~= "new-target"
      and status.retry_recommendation ~= "none" and status.retry_recommendation ~= "human-review"
end

local function earlier_of(try)
  return { summary = try.summary, excerpt = try.why,
    focus = try.status and try.status.next_retry_focus }
end

local function outcome_of(job, try, fields)
  return tables.copy({ role = try.role, failure_kind = try.failure_kind or "none",
    summary = try.summary, why = try.why, target = job.target, slug = job.slug,
    effort = job.effort, evidence = try.evidence, usage = try.usage, name = try.name }, fields)
end

---What was done, in the agent's words, else how many files it changed.
local function summary_of(ctx, try)
  local said = try.status and (try.status.summary or try.status.commit_rationale)
  local line = said and words.flatten(ctx.project, said) or ""
  return line ~= "" and line
    or prose.count(#try.change.files + #try.change.removed, "file") .. " changed"
end

---The outcome of the last try.
local function conclude(job, try, number)
  local status = try.status or {}
  if try.kind == "unchanged" then
    return outcome_of(job, try, { decision = "unchanged", retry = "none", failure_kind = "none",
      retry_number = number })
  elseif try.kind == "asked" and status.decision == "blocked" then
    return outcome_of(job, try, { decision = "blocked", retry = "human-review",
      retry_number = number })
  end
  local retry = try.kind == "asked" and status.retry_recommendation or "new-target"
  return outcome_of(job, try, { decision = "abandon", retry = retry, retry_number = number })
end

---What the agent said that it did; the verdict, if it said nothing.
local function said_of(ctx, try)
  local said = try.status and try.status.summary
  return said and words.flatten(ctx.project, said) or try.summary
end

---Records a try that another one follows.
local function tell_retry(ctx, job, try, number)
  ctx.report { kind = "retrying", role = try.role, attempt = job.attempt, retry = number + 1,
    target = job.target, text = try.summary }
  ctx.run:attempt { attempt = job.attempt, retry = number, role = try.role, target = job.target,
    decision = "retry", failure_kind = try.failure_kind, summary = try.summary,
    effort = job.effort }
  ctx.run:failure { attempt = job.attempt, retry_number = number, role = try.role,
    decision = "retry", retry = "same-target", failure_kind = try.failure_kind,
    target = job.target, summary = try.summary, why = try.why, evidence = try.evidence,
    next_step = "it is tried again" }
end

---A green try whose commit was refused: by a hook it is red, else the agent did what it may not.
local function refuse(ctx, job, try, why, name, said)
  local by_hook = name == "EHOOK"
  try.kind = by_hook and "red" or "failed"
  try.failure_kind = by_hook and "validation-failed" or job.agent_kind
  try.role = by_hook and job.validation_role or job.role
  try.name = not by_hook and name or nil
  try.summary = words.flatten(ctx.project,
    (by_hook and "git or a hook refused the commit: " or "") .. why)
  try.why = said and words.clean(said) or nil
  table.insert(try.evidence, 1, try.folder .. "/commit.stderr.log")
  return false
end

---Commits a green try; false where it was refused.
local function commit(ctx, action, job, try, finish)
  local message, own = finish(try)
  if not message then
    return nil, own, "EIO"
  end
  local noted, trouble, errno = action:note("validated", { message = message })
  if not noted then
    return nil, trouble, errno
  end
  local oid, why, name, said = changes.commit(action, message, own, try.folder)
  if not oid and name == "EINTERRUPTED" then
    return nil, why, name
  elseif not oid then
    return refuse(ctx, job, try, why, name, said)
  elseif #why > 0 then
    ctx.report { kind = "warning", text = "hooks changed the commit: " .. changes.some(why) }
  end
  return oid
end

local M = {}

---Ends an action whose commit is made: what hooks left goes, the journal goes.
---@param action mighost.Action
---@param oid string
---@param folder string where what is taken away is kept
---@return true|nil
---@return string? message
---@return string? NAME
function M.close(action, oid, folder)
  local noted, message, name = action:note("committed", { commit = oid })
  if not noted then
    return nil, message, name
  end
  local undone, why, code =
    tidy.run(action, folder, "what hooks left uncommitted was undone: ")
  if not undone then
    return nil, why, code
  end
  return action:finish()
end

---Continues from a judged try: a commit or another outcome; nil to try again.
---@param ctx table of the run
---@param action mighost.Action
---@param job mighost.WorkJob
---@param try mighost.Try
---@param finish mighost.Finisher
---@param number integer of the try
---@return mighost.Outcome|false|nil outcome false: it was put back and may be tried again
---@return string? message
---@return string? NAME
function M.settle(ctx, action, job, try, finish, number)
  if try.kind == "green" then
    local oid, message, name = commit(ctx, action, job, try, finish)
    if oid then
      try.summary = summary_of(ctx, try)
      local closed, why, code = M.close(action, oid, try.folder)
      return closed and outcome_of(job, try, { decision = "commit", retry = "none",
        failure_kind = "none", commit = oid, retry_number = number,
        summary = said_of(ctx, try) }), why, code
    elseif oid == nil then
      return nil, message, name
    end
  end
  local most = ctx.settings.max_attempts or 1
  if is_retryable(try) and (most == 0 or number < most) then
    local undone, why, code = action:undo(try.folder)
    if undone then
      undone, why, code = action:note("executing", { tree = false, status = false })
    end
    if not undone then
      return nil, why, code
    end
    tell_retry(ctx, job, try, number)
    return false
  end
  local over, why, code = action:abandon(try.folder)
  return over and conclude(job, try, number), why, code
end

---@param ctx table of the run
---@param action mighost.Action
---@param job mighost.WorkJob
---@param finish mighost.Finisher
---@return mighost.Outcome|nil outcome nil where mighost was interrupted or cannot go on
---@return string? message
---@return string? NAME
function M.run(ctx, action, job, finish)
  local number, earlier = 1, nil
  while true do
    local try, message, name = trial.run(ctx, action, job,
      { attempt = job.attempt, retry = number }, earlier)
    if not try then
      return nil, message, name
    end
    local outcome, why, code = M.settle(ctx, action, job, try, finish, number)
    if outcome ~= false then
      return outcome, why, code
    end
    number, earlier = number + 1, earlier_of(try)
  end
end

return M
