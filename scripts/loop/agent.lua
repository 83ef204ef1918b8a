--- One call of an agent in the loop, whatever its role: the same environment, limits, secrets,
--- waiting, recording and replay as in planning, with its evidence in the folder that is given.

local fs = require "host.fs"
local sys = require "host.sys"

local artifacts = require "planning.artifacts"
local call = require "planning.call"
local json = require "lib.json"
local patience = require "planning.patience"
local places = require "planning.places"
local recording = require "planning.recording"
local secrets = require "planning.secrets"
local tables = require "lib.tables"

local PRIVATE <const> = { durable = false, mode = 384 } -- 0600
local NOBODY <const> = "loop" -- in a slug's place, where a call is about no migration

-- What a failed call counts as; any other name is the agent's own doing.
local KINDS <const> = {
  ETIMEOUT = "timeout", ESILENCE = "stuck", EEXITED = "agent-exited-nonzero",
}

---@class mighost.LoopAsk
---@field role string e.g. "phase.execute"
---@field stage string|nil by which a recording finds it; default: the role
---@field prompt string
---@field effort mighost.Effort
---@field model string|nil default: the run's
---@field folder string absolute: where the evidence of this call goes
---@field writes "nothing"|"worktree"
---@field slug string|nil
---@field attempt integer|nil
---@field retry integer|nil
---@field target string|nil for people
---@field prepare (fun(): true|nil, string|nil, string|nil)|nil before it is asked once more
---@field changed (fun(): string[], string[])|nil paths that it changed and removed, for a recording
---@field held host.lock.Lock|nil that must be held for as long as the agent works
---@field on_tick fun()|nil called some times a second

---@class mighost.LoopAnswer
---@field text string
---@field usage mighost.AgentUsage|nil
---@field effort mighost.Effort asked for
---@field report table

local function write(folder, name, text)
  local dir <close>, message, code = fs.open_dir(folder)
  if not dir then
    return nil, message, code
  end
  return dir:write(name, text, PRIVATE)
end

---How often a stage was asked in this run: what a recording tells its calls apart by.
local function count_visit(ctx, stage)
  ctx.visits = ctx.visits or {}
  ctx.visits[stage] = (ctx.visits[stage] or 0) + 1
  return ctx.visits[stage]
end

local function make_call(ctx, ask)
  local settings, stage = ctx.settings, ask.stage or ask.role
  local project = ctx.project
  return {
    role = ask.role,
    stage = stage,
    visit = count_visit(ctx, stage),
    slug = ask.slug or NOBODY,
    prompt = ask.prompt,
    prompt_file = ask.folder .. "/prompt.md",
    agent = settings.with,
    model = ask.model or settings.model,
    effort = ask.effort,
    work_dir = ask.writes == "worktree" and project.worktree or ask.folder,
    live_dir = ask.slug and ("%s/%s"):format(project.live_path, ask.slug) or project.live_path,
    repo_root = project.root,
    artifacts = ask.folder,
    timeout = settings.timeout,
    silence = settings.silence,
    agent_command = settings.agent_command,
    sandbox = settings.sandbox,
    agent_env = settings.agent_env,
    pass_env = settings.pass_env,
    protect = ask.writes == "worktree" and places.protected(project) or nil,
  }
end

local function look_up(ctx, request)
  local settings = ctx.settings
  local recorded, message, name = recording.find(settings.recording, request)
  if not recorded then
    return nil, message, name
  end
  local difference = recording.compare(recorded, recording.normalise(request.prompt, request))
  if difference then
    local about = ("the prompt of %s is not the recorded one"):format(request.stage)
    if settings.strict then
      return nil, about .. ":\n" .. difference, "EJUDGE"
    end
    ctx.report { kind = "warning", text = about, detail = difference }
  end
  request.recorded = recorded
  return true
end

---One call, with its report kept.
local function ask_once(ctx, ask, adapter, request)
  local about = { role = ask.role, attempt = ask.attempt, retry = ask.retry, target = ask.target }
  local function tell(event)
    for name, value in pairs(about) do
      event[name] = value
    end
    ctx.report(event)
  end
  tell { kind = "asking", agent = request.agent, effort = request.effort, evidence = ask.folder }
  local answer, message, name, report = call.run(adapter, request, {
    on_progress = function(progress)
      if ask.on_tick then
        ask.on_tick()
      end
      tell { kind = "progress", elapsed = progress.elapsed, bytes = progress.bytes,
        last_line = progress.last_line }
    end,
    held = ask.held,
    watch = {
      project = ctx.project, kind = ask.writes == "worktree" and "work" or "planning",
      notify = function(text)
        tell { kind = "warning", text = text }
      end,
    },
  })
  tell { kind = "answered" }
  if report then
    local kept = tables.copy(artifacts.describe_call(request, report), { role = request.role })
    write(ask.folder, "report.json", json.encode(kept) .. "\n")
  end
  if not answer then
    write(ask.folder, "why.txt", ("%s: %s\n"):format(name, message))
  end
  return answer, message, name, report
end

local function ask_agent(ctx, ask, adapter, request)
  return patience.ask(ctx.settings.max_wait or 0, function()
    return ask_once(ctx, ask, adapter, request)
  end, ask.prepare or function()
    return true
  end, function(event)
    event.role, event.attempt, event.retry = ask.role, ask.attempt, ask.retry
    ctx.report(event)
  end)
end

local function save_recording(ctx, ask, request, answer, report)
  if not ctx.settings.record then
    return
  end
  local changed, removed = {}, {}
  if ask.changed then
    changed, removed = ask.changed()
  end
  local saved, message = recording.save(ctx.settings.record, request,
    { text = answer.text, files = changed, removed = removed, report = report })
  if not saved then
    ctx.report { kind = "warning", text = "this call could not be recorded: " .. message }
  end
end

local function start(ctx, ask)
  local adapter, message, name, fix = ctx.reg:agent(ctx.settings.with)
  if not adapter then
    return nil, message, name, fix
  end
  local request = make_call(ctx, ask)
  local written, why, code = write(ask.folder, "prompt.md",
    secrets.redact(ask.prompt, secrets.of(sys.env(), adapter.secrets)))
  if not written then
    return nil, why, code
  elseif ctx.settings.recording then
    local found, problem, errno = look_up(ctx, request)
    if not found then
      return nil, problem, errno
    end
  end
  return adapter, request
end

local M = {}

---Asks an agent once; where it is rate-limited, again for as long as the run may wait.
---@param ctx table of the run
---@param ask mighost.LoopAsk
---@return mighost.LoopAnswer|nil
---@return string? message
---@return string? NAME
---@return string? failure_kind nil where mighost was interrupted
function M.ask(ctx, ask)
  local adapter, request, code = start(ctx, ask)
  if not adapter then
    return nil, request, code, "agent-infra-failure"
  end
  local answer, message, name, report = ask_agent(ctx, ask, adapter, request)
  if not answer then
    local kind = KINDS[name] or name ~= "EINTERRUPTED" and "agent-infra-failure" or nil
    return nil, message, name, kind
  end
  write(ask.folder, "answer.md", answer.text)
  save_recording(ctx, ask, request, answer, report)
  return { text = answer.text, usage = answer.usage, effort = ask.effort, report = report }
end

return M
