--- The work of a review: an agent attached to the terminal works in a copy of the migration; what
--- it leaves is an answer when it is decided there and sound.

local fs = require "host.fs"

local accept = require "planning.accept"
local attach = require "planning.attach"
local commit = require "planning.commit"
local jobs = require "planning.job"
local json = require "lib.json"
local manifests = require "migration.manifest"
local prompts = require "planning.review_prompt"
local quote = require "lib.quote"
local survey = require "planning.survey"
local texts = require "lib.text"
local workspace = require "planning.workspace"

local MODE <const> = "ready-publish"
local REQUEST <const> = "review"
local STEP <const> = prompts.STEP

---@class mighost.Review one that is under way
---@field slug string
---@field project mighost.Project
---@field reg mighost.Registry
---@field opts mighost.StepOptions
---@field where mighost.StepPlace
---@field look function
---@field manifest mighost.Manifest of what is published
---@field state mighost.State|nil where it can be read
---@field workspace mighost.Workspace
---@field evidence mighost.Evidence
---@field keeps_stdout boolean|nil

---Only mighost writes what planning went through; the manifest is where a review is decided.
local function is_ours(path)
  return path == ".planning" or path:sub(1, 10) == ".planning/"
end

local function make_call(review, text, prompt_file)
  local opts = review.opts
  return {
    role = REQUEST, stage = STEP, visit = 1, slug = review.slug,
    prompt = text, prompt_file = prompt_file,
    agent = opts.with, model = opts.model, effort = opts.effort, agent_command = opts.agent_command,
    work_dir = review.workspace.path, live_dir = review.where.live,
    repo_root = review.project.root, artifacts = review.evidence.path,
    sandbox = opts.sandbox, agent_env = opts.agent_env,
    pass_env = opts.pass_env,
  }
end

local function ask_agent(review)
  local state, evidence = review.state, review.evidence
  local text = prompts.assemble {
    target = state and state.target or review.slug, reason = review.manifest.human_review_reason,
    work_dir = review.workspace.path, live_dir = review.where.live,
    feedback = state and state.feedback or {}, taste = review.opts.taste,
  }
  local written, message, name = evidence:write("prompt.md", text)
  if not written then
    return nil, message, name
  end
  review.opts.on_event { kind = "started", slug = review.slug, step = STEP, visit = 1,
    agent = review.opts.with, evidence = evidence.path, again = quote.words(review.opts.command),
    attached = true }
  local call = make_call(review, text, evidence.path .. "/prompt.md")
  local ok, why, code, report =
    attach.run(review.reg:agent(review.opts.with), call, review.keeps_stdout, {
      project = review.project, kind = "planning", notify = function(words)
        review.opts.on_event { kind = "warning", text = words }
      end,
    })
  review.opts.on_event { kind = "answered", slug = review.slug, step = STEP }
  if report then
    evidence:write("report.json", json.encode(report) .. "\n")
  end
  return ok, why, code
end

---Looks at what the agent left, and puts back what only mighost writes.
local function inspect(review, before, dir)
  local after, message, name = survey.take(review.workspace.path)
  if not after then
    return nil, message, name
  end
  local found, why, code = survey.compare(before, after)
  if not found then
    return nil, why, code
  end
  local live <close>, trouble, errno = fs.open_dir(review.where.live)
  if not live then
    return nil, trouble, errno
  end
  local touched, problem, number = survey.put_back(found, before, dir, function(path)
    return live:read(path)
  end, is_ours)
  for _, path in ipairs(touched or {}) do
    review.opts.on_event { kind = "warning",
      text = ("the agent changed %s, which only mighost writes; it was put back"):format(path) }
  end
  return touched and true, problem, number
end

---What a review says was done, and nobody did: it decides on a plan and carries none out.
local function find_pretence(was, manifest)
  local done = {}
  for _, phase in ipairs(was.phases) do
    done[phase.name] = phase.done
  end
  for _, phase in ipairs(manifest.phases) do
    if phase.done and not done[phase.name] then
      return ("the phase %s is not done"):format(texts.printable(phase.name))
    end
  end
  if manifest.status ~= was.status then
    return ("the status is %s, not %s"):format(was.status, manifest.status)
  end
end

---The manifest as the review left it, when it is decided there.
local function read_decision(review, dir)
  local manifest, message = manifests.load(dir)
  if not manifest then
    return nil, ("the review left no manifest that can be read: %s"):format(message), "ERULES"
  elseif manifest.awaiting_human_review then
    return nil, ("%s is left unresolved: awaiting_human_review is still true"):format(review.slug),
      "EHUMAN"
  elseif manifest.human_review_reason then
    return nil, ("%s is half resolved: human_review_reason must be null in its manifest"):format(
      review.slug), "ERULES"
  end
  local pretence = find_pretence(review.manifest, manifest)
  if pretence then
    return nil, "the review changed more in the manifest than is its to change: " .. pretence,
      "ERULES"
  end
  return manifest
end

---Writes the decided manifest and checks the whole by the rules for a ready plan.
local function settle(review, dir, manifest)
  manifest.last_touch = jobs.now()
  local text, message = manifests.encode(manifest)
  if not text then
    return nil, message, "ERULES"
  end
  local written, why, name = dir:write(manifests.FILE, text, { durable = false })
  if not written then
    return nil, why, name
  end
  return accept.check_rules(review.reg, dir,
    { slug = review.slug, mode = MODE, staged = false, published = review.where.published })
end

local function record(review, snapshot, manifest)
  local was = review.manifest.human_review_reason
  local summary = commit.flatten("resolved" .. (was and ": " .. was or ""))
  local message = ("%s: review/%s\n\nWhy:\n%s\n"):format(review.opts.prefix,
    texts.printable(review.slug), summary)
  return accept.record(
    { slug = review.slug, step = STEP, workspace = review.workspace, operation = REQUEST },
    snapshot,
    { cursor = review.state and review.state.next_step or manifest.current_phase,
      stands = manifest.status },
    { outcome = "resolved", summary = summary }, message, REQUEST)
end

local function carry_out(review, snapshot)
  local before, message, name = survey.take(review.workspace.path)
  if not before then
    return nil, message, name
  end
  local dir <close>, trouble, errno = fs.open_dir(review.workspace.path)
  if not dir then
    return nil, trouble, errno
  end
  local ok, why, code = ask_agent(review)
  if ok then
    ok, why, code = inspect(review, before, dir)
  end
  if not ok then
    return nil, why, code
  end
  local manifest, undecided, kind = read_decision(review, dir)
  if not manifest then
    return nil, undecided, kind
  end
  local sound, finding, rule = settle(review, dir, manifest)
  if not sound then
    return nil, finding, rule
  end
  return record(review, snapshot, manifest)
end

---Copies what is published, once it is known that it waits for a review.
local function open(review, snapshot)
  local manifest, state, name, fix = review.look()
  if not manifest then
    return nil, state, name, fix
  end
  review.manifest, review.state = manifest, state
  local space, why, code = workspace.create(review.where.place, review.slug)
  if not space then
    return nil, why, code
  end
  review.workspace = space
  local copied, trouble, errno = snapshot:copy(space.path)
  if not copied then
    workspace.remove(space) -- no agent has worked in it
    return nil, trouble, errno
  end
  review.evidence, why, code = review.opts.run:evidence(STEP)
  return review.evidence and true, why, code
end

local M = { MODE = MODE, REQUEST = REQUEST }

---The function that the engine calls to make the answer.
---@param look fun(): mighost.Manifest|nil, mighost.State|string|nil, string|nil, string|nil what is
---       published, when it waits for a review
---@param keeps_stdout boolean|nil mighost's stdout is for data
---@return mighost.Maker
function M.maker(look, keeps_stdout)
  return function(project, reg, where, snapshot, opts)
    local review = {
      slug = opts.slug, project = project, reg = reg, opts = opts, where = where, look = look,
      keeps_stdout = keeps_stdout,
    }
    local opened, refusal, code, help = open(review, snapshot)
    if not opened then
      return nil, refusal, code, help
    end
    local accepted, message, name = carry_out(review, snapshot)
    if accepted then
      return { workspace = review.workspace, record = accepted }
    end
    review.evidence:write("why.txt", ("%s: %s\n"):format(name, message))
    opts.on_event { kind = "failed", slug = opts.slug, step = STEP, message = message, name = name,
      evidence = review.evidence.path, workspace = review.workspace.path }
    return nil, message, name, quote.words(opts.command)
  end
end

return M
