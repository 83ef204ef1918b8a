--- The part of a step that is paid for: prompt, agent, judgement, the record of the acceptance.
--- What happens in it is kept as evidence in the run's folder; a failure says how to go on.

local sys = require "host.sys"

local accept = require "planning.accept"
local artifacts = require "planning.artifacts"
local call = require "planning.call"
local commit = require "planning.commit"
local context = require "planning.context"
local guard = require "planning.guard"
local jobs = require "planning.job"
local json = require "lib.json"
local judge = require "planning.judge"
local patience = require "planning.patience"
local prompt = require "planning.prompt"
local quote = require "lib.quote"
local secrets = require "planning.secrets"
local survey = require "planning.survey"
local tables = require "lib.tables"

---@class mighost.Attempt
---@field project mighost.Project
---@field reg mighost.Registry
---@field job mighost.Job
---@field opts mighost.StepOptions
---@field adapter mighost.Agent
---@field evidence mighost.Evidence
---@field source mighost.ContextSource
---@field again string the command that takes this step again
---@field recording table|nil planning.recording, where the call is looked up or recorded

---Where paths of this machine stand in texts of agents, and what is written instead.
local function replaced_paths(attempt)
  return {
    [attempt.job.workspace.path] = "<work>",
    [attempt.project.root] = "<repo>",
  }
end

---The secrets that the agent was given, or may have read.
local function secrets_of(attempt)
  return secrets.of(tables.copy(sys.env(), attempt.opts.agent_env), attempt.adapter.secrets)
end

---The agent's words made fit for a message: no secrets, no paths of this machine, one short line.
local function clean(attempt, words)
  return commit.flatten(secrets.redact(words, secrets_of(attempt)), replaced_paths(attempt))
end

local function first_line(answer)
  for line in answer:gmatch("[^\r\n]+") do
    local words = line:gsub("^[%s#>*%-]+", "")
    if words:find("%w") then
      return words
    end
  end
  return answer
end

local function make_source(attempt)
  local job = attempt.job
  return {
    slug = job.slug,
    step = job.step,
    visit = job.visit,
    work_dir = job.workspace.path,
    live_dir = job.live,
    repo_root = attempt.project.root,
    published = job.published,
    taste = attempt.opts.taste,
    effort = { label = attempt.opts.effort },
    state = job.state,
    manifest = job.manifest,
    dir = job.dir,
    files = survey.files_of(job.before),
  }
end

local function make_prompt(attempt)
  local ctx = context.build(attempt.source)
  local ok, work, trace = guard.call(attempt.job.stage.prompt, ctx)
  if not ok then
    return nil, ("the prompt of %s failed: %s"):format(attempt.job.step, work), "ESCRIPT", trace
  end
  if type(work) ~= "string" or not work:find("%S") then
    return nil, ("the prompt of %s gave no text"):format(attempt.job.step), "ESCRIPT"
  end
  return prompt.assemble(ctx, work)
end

local function make_call(attempt, text)
  local job, opts = attempt.job, attempt.opts
  return {
    role = "planning." .. job.step,
    stage = job.step,
    visit = job.visit,
    slug = job.slug,
    prompt = text,
    prompt_file = attempt.evidence.path .. "/prompt.md",
    agent = opts.with,
    model = opts.model,
    effort = opts.effort,
    work_dir = job.workspace.path,
    live_dir = job.live,
    repo_root = attempt.project.root,
    artifacts = attempt.evidence.path,
    timeout = opts.timeout_given or job.stage.timeout or opts.timeout,
    silence = opts.silence_given or job.stage.silence or opts.silence,
    agent_command = opts.agent_command,
    sandbox = opts.sandbox,
    agent_env = opts.agent_env, pass_env = opts.pass_env,
  }
end

---Looks the call up in a recording; says how the prompt differs from the recorded one.
local function look_up(attempt, request)
  local recording = attempt.recording
  local recorded, message, name = recording.find(attempt.opts.recording, request)
  if not recorded then
    return nil, message, name
  end
  local difference = recording.compare(recorded, recording.normalise(request.prompt, request))
  if difference then
    local about = ("the prompt of %s is not the recorded one"):format(request.stage)
    if attempt.opts.strict then
      return nil, about .. ":\n" .. difference, "EJUDGE"
    end
    attempt.opts.on_event { kind = "warning", text = about, detail = difference }
  end
  return recorded
end

---One call, with its report kept.
local function ask_once(attempt, request)
  local opts = attempt.opts
  opts.on_event { kind = "started", slug = request.slug, step = request.stage,
    visit = request.visit, agent = request.agent, evidence = attempt.evidence.path,
    again = attempt.again, attached = attempt.adapter.attached }
  local answer, message, name, report =
    call.run(attempt.adapter, request, {
      on_progress = function(progress)
        opts.on_event { kind = "progress", step = request.stage, elapsed = progress.elapsed,
          bytes = progress.bytes, last_line = progress.last_line }
      end,
      watch = { project = attempt.project, kind = "planning", notify = function(text)
        opts.on_event { kind = "warning", text = text }
      end },
    })
  opts.on_event { kind = "answered", slug = request.slug, step = request.stage }
  if report then
    attempt.evidence:write("report.json",
      json.encode(artifacts.describe_call(request, report)) .. "\n")
  end
  if not answer then
    attempt.evidence:write("why.txt", ("%s: %s\n"):format(name, message))
  end
  return answer, message, name, report
end

---Prepares the next call of the same step: the workspace as it was, a new folder for evidence.
local function prepare_again(attempt, request)
  local reset, message, name = judge.reset(attempt.job)
  if not reset then
    return nil, message, name
  end
  local evidence, why, code = attempt.opts.run:evidence(attempt.job.step)
  if not evidence then
    return nil, why, code
  end
  attempt.evidence, request.artifacts = evidence, evidence.path
  request.prompt_file = evidence.path .. "/prompt.md"
  evidence:write("prompt.md", request.prompt)
  return true
end

local function ask_agent(attempt, request)
  local opts = attempt.opts
  local answer, message, name, report = patience.ask(opts.max_wait or 0, function()
    return ask_once(attempt, request)
  end, function()
    return prepare_again(attempt, request)
  end, function(event)
    event.slug, event.step = request.slug, request.stage
    opts.on_event(event)
  end)
  if not answer then
    return nil, message, name
  end
  attempt.evidence:write("answer.md", answer.text)
  return answer, report
end

local function save_recording(attempt, request, answer, found, report)
  if not attempt.opts.record then
    return
  end
  local saved, message = attempt.recording.save(attempt.opts.record, request,
    { text = answer.text, files = found.changed, removed = found.removed, report = report })
  if not saved then
    attempt.opts.on_event { kind = "warning",
      text = "this call could not be recorded: " .. message }
  end
end

---What the agent left, without secrets.
local function inspect(attempt)
  local found, after, touched = judge.inspect(attempt.job)
  if not found then
    return nil, after, touched
  end
  local cleaned, message, name = secrets.clean_files(attempt.job.dir, found.changed,
    secrets_of(attempt))
  if not cleaned then
    return nil, message, name
  end
  for _, path in ipairs(cleaned) do
    attempt.opts.on_event { kind = "warning",
      text = ("the agent wrote a secret into %s; it was replaced"):format(path) }
  end
  if #cleaned == 0 then
    return found, after, touched
  end
  return judge.inspect(attempt.job)
end

---From the answer to the judgement.
local function judge_answer(attempt, request, answer, report)
  local found, after, touched = inspect(attempt)
  if not found then
    return nil, after, touched
  end
  for _, path in ipairs(touched) do
    attempt.opts.on_event { kind = "warning",
      text = ("the agent changed %s, which only mighost writes; it was put back"):format(path) }
  end
  attempt.job.is_plain = survey.is_plain(attempt.job.dir, found.changed)
  save_recording(attempt, request, answer, found, report)
  attempt.source.files = found.files
  local view = { text = answer.text, usage = answer.usage, files = found.changed }
  return judge.decide(attempt.job, view, context.build(attempt.source), after)
end

---From the judgement to the record.
local function settle(attempt, snapshot, judged)
  local opts, job = attempt.opts, attempt.job
  judged.summary = clean(attempt, judged.reason or first_line(judged.text))
  judged.reason = judged.reason and clean(attempt, judged.reason) or judged.outcome
  local accepted, message, name = accept.apply(job, attempt.reg, judged,
    { now = jobs.now(), agent = opts.with, model = opts.model, effort = opts.effort })
  if not accepted then
    return nil, message, name
  end
  local about = opts.subject or ("planning/%s/%s"):format(job.slug, job.step)
  local text = commit.message(opts.prefix, about, judged.summary, opts.feedback)
  return accept.record(job, snapshot, accepted, judged, text, opts.request)
end

local function carry_out(attempt, snapshot)
  local text, message, name, trace = make_prompt(attempt)
  if not text then
    return nil, message, name, trace
  end
  attempt.evidence:write("prompt.md", text)
  local request = make_call(attempt, text)
  if attempt.opts.recording then
    local recorded, why, code = look_up(attempt, request)
    if not recorded then
      return nil, why, code
    end
    request.recorded = recorded
  end
  local answer, report, failure = ask_agent(attempt, request)
  if not answer then
    return nil, report, failure
  end
  local judged, refusal, kind, where =
    judge_answer(attempt, request, answer, report)
  if not judged then
    return nil, refusal, kind, where
  end
  return settle(attempt, snapshot, judged)
end

---The command that takes this step again; a migration that was never published needs its target,
---and the pipeline that was asked for.
local function repeat_command(attempt, snapshot)
  if attempt.opts.command then
    return quote.words(attempt.opts.command)
  end
  local words = { "mighost", "plan", attempt.job.slug }
  if not snapshot:exists() then
    table.move({ "--target", attempt.job.state.target }, 1, 2, #words + 1, words)
    if attempt.opts.insists then
      local name = attempt.opts.pipeline.file:gsub("%.lua$", "")
      table.move({ "--pipeline", name }, 1, 2, #words + 1, words)
    end
  end
  local again = attempt.opts.again
  return quote.words(table.move(again, 1, #again, #words + 1, words))
end

local M = {}

---@param project mighost.Project
---@param reg mighost.Registry
---@param job mighost.Job
---@param snapshot host.publish.Snapshot
---@param opts mighost.StepOptions
---@return mighost.Accepted|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.run(project, reg, job, snapshot, opts)
  local adapter, missing, code, advice = reg:agent(opts.with)
  if not adapter then
    return nil, missing, code, advice
  end
  local evidence, why, errno = opts.run:evidence(job.step)
  if not evidence then
    return nil, why, errno
  end
  local attempt = {
    project = project, reg = reg, job = job, opts = opts, adapter = adapter, evidence = evidence,
    recording = (opts.recording or opts.record) and require "planning.recording" or nil,
  }
  attempt.source, attempt.again = make_source(attempt), repeat_command(attempt, snapshot)
  local record, message, name, trace = carry_out(attempt, snapshot)
  if record then
    return record
  end
  attempt.evidence:write("why.txt",
    ("%s: %s\n%s"):format(name, message, trace and trace .. "\n" or ""))
  opts.on_event { kind = "failed", slug = job.slug, step = job.step, message = message, name = name,
    evidence = attempt.evidence.path, workspace = job.workspace.path, traceback = trace }
  return nil, message, name, attempt.again
end

return M
