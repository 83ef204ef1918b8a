--- Refining a plan: a person's feedback is recorded, planning is reopened if it is past the
--- stage that must answer it, and then the stage that is due runs once.

local fs = require "host.fs"
local tree = require "host.tree"

local adopt = require "planning.adopt"
local jobs = require "planning.job"
local pipelines = require "planning.pipeline"
local quote = require "lib.quote"
local requests = require "planning.request"
local sessions = require "planning.session"
local states = require "planning.state"
local tables = require "lib.tables"

local EFFORT <const> = "high"
local FEEDBACK_LIMIT <const> = 256 << 10
local FEEDBACK_FILE <const> = "feedback.md"
local PRIVATE <const> = { durable = false, mode = 384 } -- 0600
local SHORT <const> = 200 -- bytes of feedback that a command to repeat may hold

---@class mighost.RefineOptions: mighost.PlanOptions
---@field slug string a migration, or its path
---@field message? string the feedback; it may be missing only where a pipeline is adopted
---@field feedback? mighost.Given the same with where it comes from
---@field adopt? boolean go on with the pipeline as it is now, or with `pipeline`

---@class mighost.Given
---@field text string
---@field source "message"|"file"
---@field path string|nil where a file can be read again

local function has_done_phase(manifest)
  for _, phase in ipairs(manifest.phases) do
    if phase.done then
      return true
    end
  end
  return false
end

local function refuse_ready(manifest, state)
  local first = manifest.phases[1]
  if not first then
    return "it is ready, but has no phases"
  elseif manifest.current_phase ~= first.name then
    return "it is ready, but no longer stands at its first phase"
  elseif not pipelines.can_reopen(state.graph, state.next_step) then
    return ("it is ready, but its planning stands at %s, from where no way leads back"):format(
      state.next_step)
  end
end

---The options to prepare a session with: without feedback no agent is asked.
local function session_options(opts)
  if opts.feedback then
    return opts
  end
  return tables.copy({ asks_nobody = true }, opts)
end

local M = { FEEDBACK_LIMIT = FEEDBACK_LIMIT }

---Why a plan cannot be refined; nil when it can.
---@param manifest mighost.Manifest
---@param state mighost.State
---@return string|nil
function M.refusal(manifest, state)
  if has_done_phase(manifest) then
    return "a phase of it is done"
  elseif manifest.status == "ready" then
    return refuse_ready(manifest, state)
  elseif manifest.status ~= "planning" then
    return "it is " .. manifest.status
  elseif pipelines.is_terminal(state.graph, state.next_step) then
    return ("its status is planning, but its planning ended at %s"):format(state.next_step)
  end
end

---Whether this text can be feedback.
---@param text string
---@return true|nil
---@return string? message
---@return string? NAME
function M.check_feedback(text)
  if not text:find("%S") then
    return nil, "the feedback is empty", "EUSAGE"
  elseif #text > FEEDBACK_LIMIT then
    return nil, ("the feedback has more than %d KiB; keep it in a file of the repository and name "
      .. "that"):format(FEEDBACK_LIMIT >> 10), "EUSAGE"
  end
  local valid, position = utf8.len(text)
  if not valid then
    return nil, ("the feedback is not UTF-8 text: byte %d"):format(position), "EUSAGE"
  elseif text:find("\0", 1, true) then
    return nil, "the feedback has a NUL byte in it", "EUSAGE"
  end
  return true
end

---Manifest and state with the feedback in them, from which the next step starts.
---@param manifest mighost.Manifest one that can be refined
---@param state mighost.State
---@param feedback mighost.Feedback
---@return mighost.Manifest|nil
---@return mighost.State|string state or message
function M.apply(manifest, state, feedback)
  local changed = tables.copy(manifest)
  -- A person has spoken, so nothing waits for a person any more.
  changed.awaiting_human_review = false
  changed.human_review_reason, changed.cooldown_until = nil, nil
  if manifest.status == "ready" then
    changed.status, changed.current_phase = "planning", manifest.phases[1].name
  end
  local refined, message = states.add_feedback(state, feedback), nil
  if pipelines.can_reopen(state.graph, state.next_step) then
    refined, message = states.reopen(refined, feedback.received_at)
  end
  if not refined then
    return nil, message
  end
  return changed, refined
end

local function refuse(slug, why)
  return nil, ("%s cannot be refined: %s"):format(slug, why), "EUSAGE",
    "mighost migration show " .. quote.word(slug)
end

---Decides under the lease whether the step may be taken, and from which state.
local function preparer(session, slug, opts)
  local given = opts.feedback
  return function(manifest, state)
    if opts.adopt then
      local adopted, message, name, fix =
        adopt.state(session.reg, state, { slug = slug, pipeline = opts.pipeline })
      if not adopted then
        return nil, message, name, fix
      end
      state = adopted
    end
    local why = M.refusal(manifest, state)
    if why then
      return refuse(slug, why)
    end
    local changed, refined = M.apply(manifest, state, {
      received_at = jobs.now(), source = given.source, text = given.text,
    })
    if not changed then
      return refuse(slug, refined)
    end
    return changed, refined
  end
end

---Keeps the feedback with the evidence, and returns the options that repeat it.
local function keep(session, given)
  local dir <close>, message, name = fs.open_dir(session.run.path)
  if not dir then
    return nil, message, name
  end
  local kept, why, code = dir:write(FEEDBACK_FILE, given.text, PRIVATE)
  if not kept then
    return nil, why, code
  elseif given.source == "message" and #given.text <= SHORT and not given.text:find("%c") then
    return { "--message", given.text }
  end
  return { "--file", given.path or ("%s/%s"):format(session.run.path, FEEDBACK_FILE) }
end

---The options that repeat the choice of pipeline.
local function adopting(opts)
  if not opts.adopt then
    return {}
  end
  return { "--adopt-pipeline", opts.pipeline and "--pipeline", opts.pipeline }
end

local function take(session, slug, wanted)
  local given = wanted.feedback
  local words, message, name = keep(session, given)
  if not words then
    return nil, message, name
  end
  local more = adopting(wanted)
  table.move(more, 1, #more, #words + 1, words)
  table.move(session.again, 1, #session.again, #words + 1, words)
  local opts = session:step_options(slug)
  opts.effort, opts.operation, opts.feedback = EFFORT, "refine", given.text
  opts.insists = false
  opts.request = ("refine %s"):format(tree.sha256(given.text .. table.concat(more, "\0")))
  opts.command = requests.command("refine", session.project, slug, words)
  opts.prepare = preparer(session, slug, wanted)
  return requests.take(session, opts)
end

---Adopts a pipeline without asking an agent.
local function take_over(session, slug, wanted)
  local words = adopting(wanted)
  local opts = session:step_options(slug)
  opts.operation = "refine"
  opts.request = table.concat(words, "\0")
  opts.command = requests.command("refine", session.project, slug, words)
  opts.make = adopt.maker(wanted.pipeline)
  return requests.take(session, opts)
end

---Records feedback and takes the one step that answers it.
---@param project mighost.Project
---@param slug string
---@param opts mighost.RefineOptions
---@return mighost.PlanResult|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.refine(project, slug, opts)
  if opts.message and not opts.feedback then
    opts = tables.copy({ feedback = { text = opts.message, source = "message" } }, opts)
  end
  local given = opts.feedback
  assert(given or opts.adopt, "neither a message nor a pipeline to adopt")
  if given then
    local fits, why, code = M.check_feedback(given.text)
    if not fits then
      return nil, why, code
    end
  end
  local session, message, name, fix = sessions.prepare(project, session_options(opts))
  if not session then
    return nil, message, name, fix
  end
  return session:work("migration refine", function()
    return (given and take or take_over)(session, slug, opts)
  end)
end

return M
