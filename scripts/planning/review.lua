--- A person's review of a plan that waits for one, published when it is decided.

local fs = require "host.fs"

local answers = require "planning.review_answer"
local manifests = require "migration.manifest"
local quote = require "lib.quote"
local refine = require "planning.refine"
local requests = require "planning.request"
local sessions = require "planning.session"
local states = require "planning.state"

---@class mighost.ReviewOptions: mighost.PlanOptions
---@field slug string a migration, or its path
---@field keeps_stdout? boolean mighost's stdout is for data: the agent's words go to stderr

---Why a migration that waits for nobody cannot be reviewed, and what to do instead.
local function refuse(project, slug, manifest, state)
  local why = "its planning state cannot be read"
  if state then
    why = refine.refusal(manifest, state)
  end
  if not why then
    return nil, ("%s does not wait for a human, but it can be refined"):format(slug), "EUSAGE",
      quote.words(requests.command("refine", project, slug, { "--message", "TEXT" }))
  end
  return nil, ("%s does not wait for a human, and cannot be refined: %s"):format(slug, why),
    "EUSAGE", "mighost migration show " .. quote.word(slug)
end

---Manifest and state of what is published, when it waits for a review.
local function look(project, slug)
  local dir <close>, message, name = fs.open_dir(("%s/%s"):format(project.live_path, slug))
  if not dir then
    return nil, message, name
  end
  local manifest, why, code = manifests.load(dir)
  if not manifest then
    return nil, ("%s cannot be reviewed: %s"):format(slug, why),
      (code == "ENOENT" or code == "EINVAL") and "ECORRUPT" or code,
      "mighost migration doctor " .. quote.word(slug)
  end
  local state = states.load(dir, ("%s/%s"):format(project.live, slug)) or nil
  if not manifest.awaiting_human_review then
    return refuse(project, slug, manifest, state)
  end
  return manifest, state
end

---An agent that a person can talk to.
local function check_agent(session, slug)
  local name = session.settings.with
  local adapter, message, code, fix = session.reg:agent(name)
  if not adapter then
    return nil, message, code, fix
  elseif not adapter.interactive then
    return nil, ("the agent %s cannot take part in a review: it has no interactive form"):format(
      name), "EUSAGE", quote.words(requests.command("review", session.project,
      slug, { "--with", "command", "--agent-command", "PROGRAM ARGS" }))
  end
  return true
end

---Prepares; who may take part matters only where there is something to review.
local function prepare(project, slug, opts)
  local session, message, name, fix = sessions.prepare(project, opts)
  local able = session
  if session then
    able, message, name, fix = check_agent(session, slug)
  end
  if not able and name == "EUSAGE" then
    local waits, why, code, help = look(project, slug)
    if not waits then
      return nil, why, code, help
    end
  end
  return able and session, message, name, fix
end

local function take(session, slug, opts)
  local step = session:step_options(slug)
  step.operation, step.request, step.mode = "review", answers.REQUEST, answers.MODE
  step.command = requests.command("review", session.project, slug, session.again)
  step.make = answers.maker(function()
    return look(session.project, slug)
  end, opts.keeps_stdout)
  return requests.take(session, step)
end

local M = {}

---Runs the review of a migration that waits for a person, and publishes the decision.
---@param project mighost.Project
---@param slug string
---@param opts mighost.ReviewOptions
---@return mighost.PlanResult|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.review(project, slug, opts)
  local session, message, name, fix = prepare(project, slug, opts)
  if not session then
    return nil, message, name, fix
  end
  return session:work("migration review", function()
    return take(session, slug, opts)
  end)
end

return M
