--- Judges an answer: the workspace must be publishable, the stage's judge must give an outcome, and
--- the stage must have left its files.  Nothing that an agent says is believed before.

local fs = require "host.fs"

local accept = require "planning.accept"
local guard = require "planning.guard"
local manifests = require "migration.manifest"
local states = require "planning.state"
local survey = require "planning.survey"
local tables = require "lib.tables"

---@class mighost.Judged
---@field text string the answer
---@field outcome string
---@field reason string|nil the judge's second value

local function read_old(job)
  return function(path)
    if path == "manifest.json" or path == ".planning/state.json" then
      return "" -- written anew before anything else reads it
    end
    local live <close>, message, name = fs.open_dir(job.live)
    if not live then
      return nil, message, name
    end
    return live:read(path)
  end
end

---The bytes of a file of the workspace as the agent found it.
local function read_original(job)
  return function(path)
    local live <close>, message, name = fs.open_dir(job.live)
    if live then
      return live:read(path)
    elseif path == manifests.FILE then
      return manifests.encode(job.manifest)
    elseif path == states.FILE then
      return states.encode(job.state)
    end
    return nil, message, name
  end
end

local function is_any()
  return true
end

local function ask(stage, answer, ctx)
  local ok, outcome, reason = guard.call(stage.judge, answer, ctx)
  if not ok then
    return nil, ("the judge of %s failed: %s"):format(stage.name, outcome), "ESCRIPT", reason
  end
  if outcome == nil then
    if type(reason) ~= "string" or reason == "" then
      return nil, ("the judge of %s refused the answer without a reason"):format(stage.name),
        "ESCRIPT"
    end
    return nil, ("the answer to %s was refused: %s"):format(stage.name, reason), "EJUDGE"
  end
  if not tables.contains(stage.outcomes, outcome) then
    return nil, ("the judge of %s answered %s, not one of its outcomes"):format(stage.name,
      tostring(outcome)), "ESCRIPT"
  end
  if reason ~= nil and type(reason) ~= "string" then
    return nil, ("the judge of %s gave a %s as its reason"):format(stage.name, type(reason)),
      "ESCRIPT"
  end
  return outcome, reason ~= "" and reason or nil
end

---What the agent changed in the workspace.
---@return mighost.Survey|nil
---@return table|string after snapshot of the workspace, or the message
---@return string? NAME
local function survey_changes(job)
  local after, message, name = survey.take(job.workspace.path, job.before)
  if not after then
    return nil, message, name
  end
  local found, why, code = survey.compare(job.before, after)
  if not found then
    return nil, why, code
  end
  return found, after
end

local M = {}

---Looks at what the agent left in the workspace, and puts back what only mighost writes.
---@param job mighost.Job
---@return mighost.Survey|nil
---@return table|string after snapshot of the workspace, or the message
---@return string[]|string put_back what the agent should not have touched, or NAME
function M.inspect(job)
  local found, after, name = survey_changes(job)
  if not found then
    return nil, after, name
  end
  local touched, trouble, errno =
    survey.put_back(found, job.before, job.dir, read_old(job))
  if not touched then
    return nil, trouble, errno
  end
  return found, after, touched
end

---Restores the workspace before the agent is asked again.
---@param job mighost.Job
---@return true|nil
---@return string? message
---@return string? NAME
function M.reset(job)
  local found, after, name = survey_changes(job)
  if not found then
    return nil, after, name
  end
  local done, trouble, errno =
    survey.put_back(found, job.before, job.dir, read_original(job), is_any)
  return done and true, trouble, errno
end

---Asks the stage's judge, then looks for what the stage must have left.
---@param job mighost.Job
---@param answer { text: string, usage: table|nil, files: string[] }
---@param ctx mighost.Context of the workspace as it is now
---@param after table snapshot of the workspace
---@return mighost.Judged|nil
---@return string? message
---@return string? NAME
---@return string? traceback of a judge that failed
function M.decide(job, answer, ctx, after)
  local outcome, reason, name, trace = ask(job.stage, answer, ctx)
  if not outcome then
    return nil, reason, name, trace
  end
  local produced, missing, code = accept.check_produced(job.stage, after)
  if not produced then
    return nil, missing, code
  end
  return { text = answer.text, outcome = outcome, reason = reason }
end

return M
