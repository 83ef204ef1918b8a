--- One planning step as an action of the loop: turns the engine's result into an outcome.

local fs = require "host.fs"

local attributes = require "planning.attributes"
local engine = require "planning.engine"
local quote = require "lib.quote"

-- What went wrong, by the NAME of the engine's failure: the part that failed, and the kind.
local AGENT <const> = {
  ETIMEOUT = "timeout", ESILENCE = "stuck", EAGENT = "agent-infra-failure",
  EEXITED = "agent-infra-failure", EOUTPUT = "agent-infra-failure",
  EJUDGE = "planning-step-failed", EESCAPED = "planning-step-failed",
}
local PUBLISH <const> = {
  EDIRTY = true, ESTALE = true, EREMOVED = true, EBUSY = true, EMERGING = true, ENOSPC = true,
  EIO = true,
  EROFS = true, EACCES = true, EDQUOT = true,
}
local EVIDENCE <const> = { "why.txt", "answer.md", "stderr.log", "stdout.log" }

local M = {}

---The files of a call's folder that explain a failure.
---@param folder string
---@return string[] paths
function M.evidence_in(folder)
  local dir <close> = fs.open_dir(folder)
  local found = {}
  for _, name in ipairs(EVIDENCE) do
    local info = dir and dir:stat(name)
    if info and info.kind == "file" and info.size > 0 then
      found[#found + 1] = ("%s/%s"):format(folder, name)
    end
  end
  return found
end

local function describe_step(ctx, step)
  return {
    effort = ctx.settings.default_effort,
    decision = "commit", retry = "none", role = "planning." .. step.step, slug = step.slug,
    target = step.slug, commit = step.commit, summary = step.summary, stands = step.stands,
    outcome = step.outcome, resumed = step.resumed,
  }
end

---Which call it was that failed, and how that counts.
local function classify_failure(seen, name)
  if PUBLISH[name] then
    return "planning.publish", "blocked", "planning-publish-blocked"
  elseif name == "ECORRUPT" then
    return "planning.state", "blocked", "planning-state-invalid"
  elseif not seen.step then
    return "planning.state", "blocked", "planning-blocked"
  end
  return "planning." .. seen.step, "abandon", AGENT[name] or "planning-step-failed"
end

local function describe_failure(ctx, slug, seen, message, name, fix)
  local role, decision, kind = classify_failure(seen, name)
  return {
    effort = seen.folder and ctx.settings.default_effort or nil,
    decision = decision, retry = decision == "blocked" and "human-review" or "new-target",
    role = role, failure_kind = kind, name = name, slug = slug, target = slug, summary = message,
    why = message, evidence = seen.folder and M.evidence_in(seen.folder) or {},
    next_step = fix and "Run: " .. fix
      or "Run: mighost migration show " .. quote.word(slug),
  }
end

---Takes a step. `busy` says that another process has the migration.
---@param ctx mighost.LoopContext
---@param slug string
---@param more { target: string|nil, subject: string|nil }|nil
---@return mighost.Outcome|"busy"|nil
---@return string? message
---@return string? NAME where mighost was interrupted
function M.take(ctx, slug, more)
  local seen = {}
  local opts = ctx.session:step_options(slug)
  opts.run, opts.target = ctx.run, more and more.target
  opts.subject = more and more.subject
  local tell = opts.on_event
  function opts.on_event(event)
    if event.kind == "started" then
      seen.step, seen.folder = event.step, event.evidence
    elseif event.kind == "resumed" then
      seen.step = event.step
    end
    tell(event)
  end
  local ok, message, name, fix = attributes.check(ctx.project, slug, ctx.session.repo)
  local step
  if ok then
    step, message, name, fix = engine.step(ctx.project, ctx.reg, opts)
  end
  if step then
    return describe_step(ctx, step)
  elseif name == "EINTERRUPTED" then
    return nil, message, name
  elseif name == "EBUSY" and not seen.step or name == "EDONE" then
    return "busy"
  end
  return describe_failure(ctx, slug, seen, message, name, fix)
end

return M
