--- What a plan command runs with: its options, the environment, the project's configuration.

local fs = require "host.fs"
local sys = require "host.sys"
local places = require "planning.places"
local taste = require "project.taste"
local text = require "lib.text"

local SANDBOXES <const> = { ["require"] = true, auto = true, off = true }
local EFFORTS <const> = { low = true, medium = true, high = true, xhigh = true }
local DEFAULT_EFFORT <const> = "medium"
local DEFAULT_PREFIX <const> = "mighost"
local DEFAULT_SILENCE <const> = 300
local DEFAULT_TIMEOUT <const> = 1800
local REPLAY <const> = "replay"
local COMMAND <const> = "command"
local SANDBOX <const> = "auto"
local BUILT_IN <const> = "pipeline"
local PROGRAM <const> = "--with command --agent-command 'PROGRAM ARGS'"

---@class mighost.PlanSettings
---@field with string
---@field model string|nil
---@field effort string
---@field timeout number
---@field silence number
---@field timeout_given number|nil on the command line, where it counts more than a stage's own
---@field silence_given number|nil likewise
---@field max_wait integer seconds
---@field agent_command string|nil
---@field recording string|nil
---@field record string|nil
---@field strict boolean
---@field pass_env string[]|nil names of further variables that agents get
---@field agent_env table<string, string>|nil what agents get besides
---@field sandbox "auto"|"require"|"off"
---@field sandbox_note string|nil what is less about it than one may think
---@field prefix string
---@field taste string|nil
---@field pipeline mighost.Pipeline|nil of a new migration
---@field no_pipeline mighost.Missing|nil why there is none
---@field insists boolean whether an existing one must follow it too

---@class mighost.Missing
---@field message string
---@field name string
---@field fix string|nil
---@field told boolean|nil whether people know

---The one recording that mighost was installed with.
local function shipped_recording()
  local path = sys.share() .. "/stages/recordings"
  local dir <close>, message, name = fs.open_dir(path)
  local entries
  if dir then
    entries, message, name = dir:list()
  end
  if not entries then
    return nil, message, name
  end
  local names = {}
  for _, entry in ipairs(entries) do
    if entry.kind == "directory" then
      names[#names + 1] = entry.name
    end
  end
  if #names ~= 1 then
    return nil, ("%s holds %d recordings; choose one with --recording"):format(path, #names),
      "EUSAGE"
  end
  return path .. "/" .. names[1]
end

local function absolute(path)
  if not path or path:sub(1, 1) == "/" then
    return path
  end
  return sys.cwd() .. "/" .. path
end

---The command that was given, with what it lacks.
local function completed(opts, words)
  return ("%s %s"):format(opts.command or "mighost plan", words)
end

local function choose_agent(reg, opts, config, settings)
  settings.with = opts.with or os.getenv("MIGHOST_WITH") or config.with
  if not settings.with then
    return nil, "no agent was chosen",
      "EUSAGE", completed(opts, PROGRAM)
  end
  local adapter, message, name, fix = reg:agent(settings.with)
  if not adapter then
    return nil, message, name, fix
  end
  settings.agent_command = opts.agent_command
    or settings.with == COMMAND and config.agent_command or nil
  settings.agent_env, settings.pass_env = config.agent_env, opts.pass_env
  settings.model = opts.model or config.model
  if adapter.needs_model and not settings.model then
    return nil, ("the agent %s needs a model"):format(settings.with), "EUSAGE",
      completed(opts, ("--with %s --model MODEL"):format(settings.with))
  end
  return true
end

---The program of the agent `command`, as far as its line can be read.
local function check_program(opts, settings)
  local words, why = text.shell_split(settings.agent_command or "")
  if not words then
    return nil, "the program of the agent command cannot be made out: " .. why, "EUSAGE",
      completed(opts, PROGRAM)
  elseif not words[1] then
    return nil, "the agent command needs the program to run", "EUSAGE", completed(opts, PROGRAM)
  end
  return true
end

---Options that belong to one agent only are refused with any other: they would do nothing.
local function check_agent_options(opts, settings)
  if settings.with == COMMAND then
    local ok, message, name, fix = check_program(opts, settings)
    if not ok then
      return nil, message, name, fix
    end
  end
  if settings.with ~= COMMAND and opts.agent_command then
    return nil, ("--agent-command goes with --with command, not with %s"):format(settings.with),
      "EUSAGE"
  elseif settings.with ~= REPLAY and (opts.recording or opts.strict) then
    return nil, ("--recording and --strict go with --with replay, not with %s"):format(
      settings.with), "EUSAGE"
  end
  return true
end

---Refuses a recording that cannot be kept before an agent is paid for it.
local function choose_record(opts, settings)
  settings.record = absolute(opts.record)
  if not settings.record then
    return true
  end
  local ok, why = require("planning.recording").can_save(settings.record)
  if not ok then
    return nil, "calls cannot be recorded there: " .. why, "EUSAGE"
  end
  return true
end

local function choose_recording(opts, settings)
  settings.strict = opts.strict or false
  if settings.with ~= REPLAY then
    return true
  elseif not opts.recording then
    local path, message, name = shipped_recording()
    settings.recording = path
    return path and true, message, name
  end
  settings.recording = absolute(opts.recording)
  local dir <close>, why = fs.open_dir(settings.recording)
  if not dir then
    return nil, "there is no recording to answer from: " .. why, "EAGENT"
  end
  return true
end

local function prefix_of(config)
  return config.commit_message_prefix or DEFAULT_PREFIX
end

local function choose_limits(opts, config, settings)
  settings.effort = opts.effort or config.effort or DEFAULT_EFFORT
  if not EFFORTS[settings.effort] then
    return nil, ("the effort %s is not one of low, medium, high, xhigh"):format(settings.effort),
      "EUSAGE"
  end
  settings.timeout = opts.timeout or config.timeout or DEFAULT_TIMEOUT
  settings.silence = opts.silence_timeout or config.silence or DEFAULT_SILENCE
  settings.timeout_given, settings.silence_given = opts.timeout, opts.silence_timeout
  settings.max_wait = opts.max_wait or config.max_wait or 0
  settings.prefix = prefix_of(config)
  return true
end

---A project may ask for more than the default but not for less: only its user may do that.
local function choose_sandbox(opts, config, settings)
  local mode = opts.sandbox or os.getenv("MIGHOST_SANDBOX") or config.sandbox or SANDBOX
  if not SANDBOXES[mode] then
    return nil, ("MIGHOST_SANDBOX is %s, not one of require, auto, off"):format(mode),
      "EUSAGE"
  end
  local ok, note, name = places.check(mode)
  settings.sandbox, settings.sandbox_note = mode, ok and note or nil
  return ok, note, name, not ok and completed(opts, "--sandbox=auto") or nil
end

local function choose_pipeline(reg, opts, config, settings)
  local pipeline, message, name, fix = reg:pipeline(opts.pipeline or config.pipeline or BUILT_IN)
  settings.pipeline, settings.insists = pipeline, opts.pipeline ~= nil
  if not pipeline and opts.pipeline then
    return nil, message, name, fix
  elseif not pipeline then -- a plan that goes on under its recorded graph does not need it
    settings.no_pipeline = { message = message, name = name, fix = fix }
  end
  return true
end

local function read_taste(project, settings)
  local words, message, name = taste.read(project.root, project.config)
  settings.taste = words
  return words and true, message, name
end

local M = {}

---What the subjects of mighost's commits begin with.
---@param config mighost.Config
---@return string
M.prefix = prefix_of

---@param project mighost.Project
---@param reg mighost.Registry
---@param opts mighost.PlanOptions
---@return mighost.PlanSettings|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.resolve(project, reg, opts)
  local config, settings = project.config, {}
  if opts.asks_nobody then
    settings.prefix, settings.insists = prefix_of(config), false
    return settings
  end
  local steps = {
    function() return choose_agent(reg, opts, config, settings) end,
    function() return check_agent_options(opts, settings) end,
    function() return choose_record(opts, settings) end,
    function() return choose_recording(opts, settings) end,
    function() return choose_limits(opts, config, settings) end,
    function() return choose_sandbox(opts, config, settings) end,
    function() return choose_pipeline(reg, opts, config, settings) end,
    function() return read_taste(project, settings) end,
  }
  for _, step in ipairs(steps) do
    local ok, message, name, fix = step()
    if not ok then
      return nil, message, name, fix
    end
  end
  return settings
end

return M
