--- What an interrupted run left in this work tree: put back, or continued if its agent was
--- done already, so that nobody pays for that answer again.

local repos = require "host.repo"

local actions = require "loop.action"
local attempts = require "loop.attempt"
local candidates = require "loop.candidates"
local carry = require "loop.carry"
local changes = require "loop.changes"
local commit = require "planning.commit"
local execution = require "loop.execution"
local journal = require "loop.journal"
local meanwhile = require "loop.meanwhile"
local trial = require "loop.trial"
local words = require "loop.words"
local worktree = require "loop.worktree"

local AFTERMATH <const> = 15 -- seconds that what a killed run started may live on, and to spare
local GOES_ON <const> = { answered = true, validated = true }

---@class mighost.PickedUp
---@field target string
---@field stage string       how far it had come
---@field action "put-back"|"committed"|"cleared"|"left-alone"|"refused"
---@field commit string|nil
---@field text string        for people
---@field outcome mighost.Outcome|nil of the action, where it came to its end here

---Whether somebody changed something here after everything that the action ran had ended.
local function is_overtaken(action)
  local last, message, name = action.before:last_change()
  if not last then
    return nil, message, name
  end
  return last > action:last_sign() + AFTERMATH
end

local function picked(entry, action, text, oid, outcome)
  return { target = entry.target, stage = entry.found, action = action, commit = oid,
    text = ("%s: %s"):format(entry.target, text), outcome = outcome }
end

---Undoes what is there.
local function put_back(ctx, action, entry, text)
  local folder, message, name = ctx.run:folder("resume")
  if not folder then
    return nil, message, name
  end
  local done, why, code = action:abandon(folder)
  if done and done.patch then
    text = ("%s; it is kept in %s"):format(text, done.patch)
  end
  return done and picked(entry, "put-back", text), why, code
end

---Makes the work tree exactly the agent's change, whatever a check left in it.
local function bring_back(action, entry)
  local undone, message, name = action.before:restore()
  if not undone then
    return nil, message, name
  end
  return changes.apply(action, entry.tree)
end

---The job that the interrupted run was at, with what commits it; nil where there is no such any
---more.
local function find_job(ctx, entry)
  if entry.kind == "refactor" then
    local target = { description = entry.target, files = {} }
    return attempts.job(ctx, target, {}), attempts.finisher(ctx, entry.target)
  end
  local candidate = candidates.find(ctx, entry.slug)
  if not candidate or candidate.phase.file ~= entry.phase then
    return nil
  end
  local about = execution.describe(ctx, candidate)
  if not about then
    return nil
  end
  return execution.job(ctx, candidate, about), execution.finisher(ctx, candidate)
end

---What prevents going on: an interruption ends this run too, anything else would do so
---for ever.
local function give_up(ctx, action, entry, message, name)
  if name == "EINTERRUPTED" or entry.stage == "committed" then
    return nil, message, name
  end
  return put_back(ctx, action, entry,
    "its agent's changes were put back: " .. words.flatten(ctx.project, message))
end

---The change as it was judged, or is judged now.
local function judge(ctx, action, job, change, entry)
  local folder, message, name = ctx.run:folder("resume")
  if not folder then
    return nil, message, name
  end
  local try = { kind = "green", role = job.validation_role, summary = "green", change = change,
    status = entry.status or nil, evidence = {}, folder = folder }
  if entry.found == "answered" then
    return trial.judge(ctx, action, job, try, { retry = 1 })
  end
  return try
end

---Validates a change that was paid for, unless that was done, and commits it.
local function go_on(ctx, action, entry)
  local change, message, name = bring_back(action, entry)
  if not change then
    return give_up(ctx, action, entry, message, name)
  end
  local job, finish = find_job(ctx, entry)
  if not job then
    return give_up(ctx, action, entry, "it is no longer due")
  end
  local try, why, code = judge(ctx, action, job, change, entry)
  if not try then
    return give_up(ctx, action, entry, why, code)
  end
  local outcome, problem, errno = carry.settle(ctx, action, job, try, finish,
    math.max(1, ctx.settings.max_attempts or 1))
  if outcome == nil then
    return give_up(ctx, action, entry, problem, errno)
  elseif outcome and outcome.commit then
    return picked(entry, "committed", "its agent's changes were committed", outcome.commit, outcome)
  end
  local refused = picked(entry, "refused", "its agent's changes were put back: " .. try.summary,
    nil, outcome or nil)
  if outcome == false then -- it may be tried again, which the next tick does
    local finished, trouble, number = action:finish()
    return finished and refused, trouble, number
  end
  return refused
end

---Ends an action whose commit is there.  What hooks left goes, unless somebody was here since.
local function clear(action, entry, since)
  local overtaken, why, code = not since.is_last, nil, nil
  if not overtaken then
    overtaken, why, code = is_overtaken(action)
  end
  if overtaken == nil then
    return nil, why, code
  end
  local folder, closed, message, name
  if overtaken then
    closed, message, name = action:finish()
  else
    folder, message, name = action.ctx.run:folder("resume")
    if folder then
      closed, message, name = carry.close(action, since.ours, folder)
    end
  end
  return closed and picked(entry, "cleared", "was committed already", since.ours), message, name
end

local function leave_alone(action, entry)
  local removed, message, name = action:finish()
  return removed and picked(entry, "left-alone",
    "somebody has continued from what an interrupted run left; nothing is put back"), message, name
end

---Brings what is known of an action up to what was published since.
local function move_to(ctx, entry, before, since)
  before:move_to(since.head, ctx.project.git_live, since.slugs)
  if entry.tree then
    local tree, message, name = meanwhile.rebase(before.root, before.place,
      { from = entry.head, tree = entry.tree, to = since.head })
    if not tree then
      return nil, message, name
    end
    entry.tree = tree
  end
  entry.head = since.head
  return true
end

local function settle_action(ctx, entry, action, since)
  local overtaken, message, name = is_overtaken(action)
  if overtaken == nil then
    return nil, message, name
  elseif overtaken then
    return leave_alone(action, entry)
  end
  local _ <close> = action
  if GOES_ON[entry.stage] and entry.tree and not since.slugs[entry.slug] then
    return go_on(ctx, action, entry)
  end
  return put_back(ctx, action, entry, "what an interrupted run was at was put back")
end

local function settle(ctx, entry, lock)
  entry.found = entry.stage
  local before, trouble, errno = worktree.read(ctx.project)
  if not before then
    return nil, "what was there before an interrupted run cannot be read: " .. trouble, errno
  end
  local since, message, name = meanwhile.look(ctx.project, before.states[1].head, entry)
  local moved = since
  if since and since.head then
    moved, message, name = move_to(ctx, entry, before, since)
  end
  if not moved then
    return nil, message, name
  end
  local action = actions.adopt(ctx, entry, lock, before)
  if since.ours then
    return clear(action, entry, since)
  elseif since.is_mixed then
    return leave_alone(action, entry)
  end
  return settle_action(ctx, entry, action, since)
end

---The lease of the slug, where it is a phase: nobody else may work on that migration.
local function with_lease(ctx, entry, lock)
  if entry.kind ~= "phase" then
    return settle(ctx, entry, lock)
  end
  local repo <close>, message, name, fix = repos.open(ctx.project.worktree)
  if not repo then
    return nil, message, name, fix
  end
  local site <close>, why, code, help = commit.open(ctx.project, repo)
  if not site then
    return nil, why, code, help
  end
  local lease <close>, held, busy = site:lease(entry.slug, "resume")
  if not lease then
    return nil, held, busy
  end
  return settle(ctx, entry, lock)
end

local M = {}

---Settles what an interrupted run left in this work tree, and says what it was.
---@param ctx table of the run
---@return mighost.PickedUp[]|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.run(ctx)
  local lock, message, name = actions.hold(ctx, "resume")
  if not lock then
    return nil, message, name
  end
  local entry, why, code = journal.read(ctx.project)
  if not entry then
    lock:drop()
    return entry == false and {} or nil, why, code
  end
  local found, trouble, errno, fix = with_lease(ctx, entry, lock)
  lock:drop()
  if not found then
    return nil, trouble, errno, fix
  end
  ctx.report { kind = "resumed", target = entry.target, text = found.text }
  ctx.run:event { event = "resumed", target = entry.target, message = found.text }
  return { found }
end

return M
