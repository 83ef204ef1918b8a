--- One try at a piece of work: the agent works, its changes become one, the validation says whether
--- they are good.  Nothing is committed or put back here.

local agent = require "loop.agent"
local changes = require "loop.changes"
local statuses = require "loop.status"
local tidy = require "loop.tidy"
local validation = require "loop.validation"
local words = require "loop.words"

---@class mighost.WorkJob
---@field role "refactor"|"phase.execute"
---@field validation_role "validation"|"phase.validation"
---@field prompt fun(earlier: mighost.EarlierTry|nil): string
---@field effort mighost.Effort
---@field model string|nil
---@field target string    for people
---@field slug string|nil
---@field attempt integer|nil
---@field agent_kind string failure kind of what the agent did that it may not
---@field may_be_empty boolean|nil a green try without a change is committed all the same

---@class mighost.Try
---@field kind "green"|"unchanged"|"red"|"asked"|"failed"
---@field role string        where it ended
---@field failure_kind string|nil
---@field name string|nil    NAME, where it is known
---@field summary string     one line for people
---@field why string|nil     more of it
---@field change mighost.WorkChange|nil
---@field status mighost.AgentStatus|nil what the agent said
---@field verdict mighost.Verdict|nil
---@field usage table|nil
---@field evidence string[]  files that tell of it

local function failed(role, kind, message, try)
  try = try or { evidence = {} }
  try.kind, try.role, try.failure_kind, try.summary = "failed", role, kind, message
  return try
end

---An answer that is not consent: the agent wants something other than a commit.
local function asked(job, try)
  local status = try.status
  if not status or not status.decision or status.decision == "commit" then
    return nil
  end
  try.kind, try.role = "asked", job.role
  try.failure_kind = status.failure_kind or "agent-requested-transition"
  try.summary = status.summary or ("the agent asked to %s"):format(status.decision)
  return try
end

local function ask(ctx, action, job, try, where)
  local folder, message, name = ctx.run:folder(job.role, where)
  if not folder then
    return nil, message, name
  end
  try.folder = folder
  try.evidence = { folder .. "/stdout.log", folder .. "/stderr.log" }
  return agent.ask(ctx, {
    role = job.role, prompt = job.prompt(try.earlier), effort = job.effort, model = job.model,
    folder = folder, writes = "worktree", slug = job.slug, attempt = job.attempt,
    retry = where.retry, target = job.target, held = action.lock, on_tick = action:ticker(),
    prepare = function()
      local done, why, code = action:undo(folder)
      return done and true, why, code
    end,
    changed = function()
      local change = changes.stage(action)
      return change and change.files or {}, change and change.removed or {}
    end,
  })
end

---Runs the validation on what is in the work tree.
---@return mighost.Try|nil try nil where mighost was interrupted
---@return string? message
---@return string? NAME
local function validate(ctx, action, job, try, where)
  local folder, message, name = ctx.run:folder(job.validation_role, where)
  if not folder then
    return nil, message, name
  end
  table.insert(try.evidence, 1, folder .. "/stderr.log")
  table.insert(try.evidence, 1, folder .. "/stdout.log")
  local verdict, why, code, kind = validation.run(ctx, { role = job.validation_role,
    folder = folder, held = action.lock, attempt = job.attempt, retry = where.retry,
    on_tick = action:ticker() })
  if not verdict and not kind then
    return nil, why, code
  elseif not verdict then
    return failed(job.validation_role, kind, why, try)
  end
  try.verdict, try.role = verdict, job.validation_role
  if not verdict.green then
    try.kind, try.failure_kind, try.summary = "red", "validation-failed", verdict.summary
    try.why = verdict.excerpt
    return try
  end
  local fine, trouble, errno = changes.check_after(action, try.change)
  if not fine then
    try.name = errno
    return errno ~= "EINTERRUPTED" and failed(job.role, job.agent_kind, trouble, try) or nil,
      trouble, errno
  end
  try.kind, try.summary = "green", "green"
  return try
end

local M = {}

---From a change that is made one to a verdict; also for a change of an interrupted run.
---@param ctx table of the run
---@param action mighost.Action
---@param job mighost.WorkJob
---@param try mighost.Try with `change`
---@param where { attempt: integer|nil, retry: integer }
---@return mighost.Try|nil
---@return string? message
---@return string? NAME
function M.judge(ctx, action, job, try, where)
  local is_empty = #try.change.files + #try.change.removed == 0
  local noted, message, name = action:note("answered",
    { tree = try.change.tree, status = try.status, is_empty = is_empty })
  if not noted then
    return nil, message, name
  end
  if is_empty and not job.may_be_empty then
    try.kind, try.role, try.summary = "unchanged", job.role, "nothing was changed"
    return try
  end
  local judged, why, code = validate(ctx, action, job, try, where)
  if not judged or judged.kind ~= "green" then
    return judged, why, code
  end
  local tidied, trouble, errno = tidy.run(action, try.folder,
    "the validation left changes, which were undone: ")
  if not tidied then
    return nil, trouble, errno
  end
  noted, message, name = action:note("validated")
  return noted and judged, message, name
end

---@param ctx table of the run
---@param action mighost.Action
---@param job mighost.WorkJob
---@param where { attempt: integer|nil, retry: integer }
---@param earlier mighost.EarlierTry|nil
---@return mighost.Try|nil try nil where mighost was interrupted or cannot go on
---@return string? message
---@return string? NAME
function M.run(ctx, action, job, where, earlier)
  local try = { earlier = earlier, evidence = {} }
  local answer, message, name, kind = ask(ctx, action, job, try, where)
  if not answer and not kind then
    return nil, message, name
  elseif not answer then
    kind = name == "EESCAPED" and job.agent_kind or kind
    try.name = name
    return failed(job.role, kind, words.flatten(ctx.project, message), try)
  end
  try.usage, try.status = answer.usage, statuses.parse(answer.text)
  local change, why, code = changes.stage(action)
  if not change then
    try.name = code
    return code ~= "EINTERRUPTED" and failed(job.role, job.agent_kind, why, try) or nil, why, code
  end
  try.change = change
  return asked(job, try) or M.judge(ctx, action, job, try, where)
end

return M
