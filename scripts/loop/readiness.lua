--- The ready-check of a phase: an agent reads and says whether it may start.  It must change
--- nothing; whatever it does change is put back.

local agent = require "loop.agent"
local changes = require "loop.changes"
local prompts = require "loop.prompts"
local ready = require "loop.ready"
local words = require "loop.words"

local ROLE <const> = "phase.ready-check"
local FAILED <const> = "agent-infra-failure"

---@class mighost.Checked
---@field ready "yes"|"no"|"unverifiable"|"failed"
---@field reason string one line
---@field failure_kind string|nil of one that failed
---@field name string|nil NAME, likewise
---@field evidence string[]
---@field usage table|nil

---What was done to files that git sees, and to git itself.
local function find_trespass(action)
  local problems, message, name = action.before:escapes()
  if not problems then
    return nil, message, name
  end
  local is_committed, trouble, errno = changes.is_committed(action)
  if is_committed == nil then
    return nil, trouble, errno
  end
  local change, why = changes.stage(action)
  if not change then
    return { why }
  end
  problems[#problems + 1] = is_committed and "something was committed" or nil
  table.move(change.files, 1, #change.files, #problems + 1, problems)
  return table.move(change.removed, 1, #change.removed, #problems + 1, problems)
end

---Puts back what was touched; false and why where it was more than ignored files.
local function check_untouched(action, folder)
  local touched, message, name = action.before:touched()
  local problems = touched
  if touched then
    problems, message, name = find_trespass(action)
  end
  if not problems then
    return nil, message, name
  elseif #touched + #problems == 0 then
    return true
  end
  local undone, failure, errno = action:undo(folder)
  if not undone then
    return nil, failure, errno
  elseif #problems > 0 then
    return false, "the ready-check must change nothing, but did: " .. changes.some(problems)
  end
  return true
end

local M = { ROLE = ROLE }

---@param ctx table of the run
---@param action mighost.Action
---@param about mighost.PhaseAbout
---@return mighost.Checked|nil checked nil where mighost was interrupted or cannot go on
---@return string? message
---@return string? NAME
function M.ask(ctx, action, about)
  local folder, message, name = ctx.run:folder(ROLE, { attempt = about.attempt })
  if not folder then
    return nil, message, name
  end
  local function fail(kind, why, code)
    return { ready = "failed", failure_kind = kind, name = code,
      reason = words.flatten(ctx.project, why),
      evidence = { folder .. "/stdout.log", folder .. "/stderr.log" } }
  end
  local answer, why, code, kind = agent.ask(ctx, {
    role = ROLE, prompt = prompts.ready(about), effort = about.effort, folder = folder,
    writes = "nothing", slug = about.slug, attempt = about.attempt,
    target = ("%s/%s"):format(about.slug, about.file), held = action.lock,
    on_tick = action:ticker(),
  })
  if not answer and not kind then
    return nil, why, code
  end
  local fine, trouble, errno = check_untouched(action, folder)
  if fine == nil then
    return nil, trouble, errno
  elseif not fine or not answer then
    return fail(fine and kind or FAILED, fine and why or trouble, fine and code or "EESCAPED")
  end
  local said, unclear = ready.parse(answer.text)
  if not said then
    return fail(FAILED, "the ready-check gave no answer: " .. unclear, "EJUDGE")
  end
  return { ready = said.ready, reason = words.flatten(ctx.project, said.reason),
    usage = answer.usage, evidence = { folder .. "/answer.md" } }
end

return M
