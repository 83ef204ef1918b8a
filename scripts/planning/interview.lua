--- Lets an agent and a person at the terminal write a taste: in a draft, which replaces the taste
--- if it is valid; the old text is kept beside it.

local fs = require "host.fs"
local sys = require "host.sys"

local artifacts = require "planning.artifacts"
local attach = require "planning.attach"
local homes = require "project.homes"
local json = require "lib.json"
local prompts = require "planning.taste_prompt"
local registry = require "planning.registry"
local settings = require "planning.settings"
local taste = require "project.taste"
local trust = require "project.trust"

local DRAFT <const> = "taste.md"
local ROLE <const> = "taste"

---@class mighost.TasteRequest: mighost.PlanOptions
---@field global boolean|nil           the user's own, also where the project has one
---@field mode "interview"|"refine"|"upgrade"|nil  nil: only say which counts
---@field force boolean|nil
---@field keeps_stdout boolean|nil

---@class mighost.TasteResult
---@field path string
---@field exists boolean
---@field version integer     what it was written for; 0 when it does not say
---@field is_stale boolean    whether that is older than what mighost brings along
---@field changed boolean
---@field backup string|nil   where the old text is kept
---@field message string|nil  what there is to say of it

local function describe(current, message)
  if not message and not current.exists then
    message = ("%s does not exist; prompts end with the text that came with mighost"):format(
      current.path)
  end
  return { path = current.path, exists = current.exists, version = current.version,
    is_stale = current.is_stale, changed = false, message = message }
end

---Why this taste cannot be worked on in this mode.
local function refuse(request, current)
  if request.mode == "interview" and current.exists and current.raw ~= taste.default_text
    and not request.force then
    return nil, current.path .. " holds a taste that somebody wrote", "EUSAGE",
      "mighost taste --refine"
  elseif request.mode == "refine" and not current.exists then
    return nil, ("there is no taste to refine: %s"):format(current.path), "EUSAGE",
      "mighost taste --interview"
  end
  return true
end

---Where the agent works: the project, or any folder if there is none.
local function root_of(project)
  return project and project.root or sys.cwd()
end

local function choose_agent(project, request)
  local ok, message, name, fix = true, nil, nil, nil
  if project then
    ok, message, name, fix = trust.check(project)
  end
  if not ok then
    return nil, message, name, fix
  end
  local reg = registry.new(project)
  -- The agent is not told the taste that it is to write, so that one need not be there yet.
  local config = setmetatable({ taste = false }, { __index = project and project.config })
  local chosen, why, code, help =
    settings.resolve({ root = root_of(project), config = config }, reg, request)
  if not chosen then
    return nil, why, code, help
  end
  local adapter = reg:agent(chosen.with)
  if not adapter.interactive then
    return nil, ("the agent %s has no interactive form"):format(chosen.with), "EUSAGE"
  end
  return adapter, chosen
end

---The draft with the prompt beside it, in the evidence of a run.
local function lay_out(project, request, current)
  local run, message, name =
    artifacts.start(project and project.state_home or homes.state(), root_of(project), ROLE)
  local evidence
  if run then
    evidence, message, name = run:evidence(ROLE)
  end
  if not evidence then
    return nil, message, name
  end
  local draft = evidence.path .. "/" .. DRAFT
  local start = current.raw
  if request.mode == "interview" and not request.force then
    start = taste.default_text
  end
  local prompt = prompts.assemble(request.mode, draft, taste.default_text)
  for file, text in pairs { [DRAFT] = start, ["prompt.md"] = prompt } do
    local written, why, code = evidence:write(file, text)
    if not written then
      return nil, why, code
    end
  end
  return { run = run, evidence = evidence, draft = draft, prompt = prompt }
end

local function ask(project, request, adapter, chosen, place)
  local folder = place.evidence.path
  local notify = request.on_event or function() end
  if chosen.sandbox_note then
    notify { kind = "warning", text = chosen.sandbox_note }
  end
  notify { kind = "started", slug = ROLE, step = request.mode, visit = 1, agent = chosen.with,
    evidence = folder, again = request.command, attached = true }
  local call = {
    role = ROLE, stage = ROLE, visit = 1, slug = nil,
    prompt = place.prompt, prompt_file = folder .. "/prompt.md", edit = place.draft,
    agent = chosen.with, model = chosen.model, effort = chosen.effort,
    agent_command = chosen.agent_command, sandbox = chosen.sandbox,
    agent_env = chosen.agent_env, pass_env = chosen.pass_env,
    work_dir = folder, repo_root = root_of(project), artifacts = folder,
  }
  local ok, message, name, report = attach.run(adapter, call, request.keeps_stdout,
    project and { project = project, kind = "planning", notify = function(text)
      notify { kind = "warning", text = text }
    end } or nil)
  notify { kind = "answered", slug = ROLE, step = request.mode }
  if report then
    place.evidence:write("report.json", json.encode(report) .. "\n")
  end
  return ok, message, name
end

---The draft as it was left, when it can be a taste.
local function read_draft(place)
  local dir <close>, message, name = fs.open_dir(place.evidence.path)
  local text
  if dir then
    text, message, name = dir:read(DRAFT)
  end
  if not text then
    return nil, "the taste that was written cannot be read: " .. message,
      name == "EINTERRUPTED" and name or "EJUDGE"
  end
  local problem = taste.problem(text)
  if problem then
    return nil, ("the taste that was written is not put into use: %s; it is kept in %s"):format(
      problem, place.draft), "EJUDGE"
  end
  return text
end

local function put_into_use(current, place, text)
  if current.exists and text == current.raw and not current.is_stale then
    return describe(current, "the taste stays as it was")
  end
  local backup, message, name = taste.replace(current, text)
  if backup == nil then
    return nil, ("%s; what was written is kept in %s"):format(message, place.draft), name
  end
  local written = assert(taste.load(current.folder, { taste = current.name }))
  local result = describe(written)
  result.changed, result.backup = true, backup or nil
  return result
end

---Gets it written, and puts it into use.
local function write(project, request, current)
  local adapter, chosen, name, fix = choose_agent(project, request)
  if not adapter then
    return nil, chosen, name, fix
  end
  local place, message, errno = lay_out(project, request, current)
  if not place then
    return nil, message, errno
  end
  local ok, problem, cause = ask(project, request, adapter, chosen, place)
  local text
  if ok then
    text, problem, cause = read_draft(place)
  end
  place.run:finish(text and "completed" or "failed", problem)
  if not text then
    return nil, problem, cause, request.command
  end
  return put_into_use(current, place, text)
end

local M = {}

---Finds the taste that counts, and with a mode has it written anew, refined, or brought up to what
---mighost starts from today.
---@param project mighost.Project|nil nil outside of one, where only the user's own can be meant
---@param request mighost.TasteRequest
---@return mighost.TasteResult|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.open(project, request)
  local config = not request.global and project and project.config or {}
  local current, message, name =
    taste.load(root_of(project), config, request.mode == "interview")
  if not current then
    return nil, message, name, "mighost taste --interview"
  elseif not request.mode then
    return describe(current)
  elseif request.mode == "upgrade" and not current.is_stale and not request.force then
    return describe(current, ("the taste is at version %d, the newest"):format(current.version))
  end
  local allowed, why, code, fix = refuse(request, current)
  if not allowed then
    return nil, why, code, fix
  end
  return write(project, request, current)
end

return M
