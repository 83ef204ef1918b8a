--- The settings of a run of the loop: its options, the configuration, the texts of prompt files.

local effort = require "loop.effort"
local quote = require "lib.quote"
local tables = require "lib.tables"
local text = require "lib.text"

local DEFAULT_ATTEMPTS <const> = 1
local DEFAULT_EFFORT <const> = "low"
local DEFAULT_FAILURES <const> = 3
local DEFAULT_MAXIMUM <const> = "xhigh"
local DEFAULT_TIMEOUT <const> = { run = 1800, ["run-once"] = 900 }
local PROMPTS <const> = { "refactoring_prompt", "fix_prompt" }
local PROMPT_LIMIT <const> = 1 << 20 -- bytes

---@class mighost.RunOptions: mighost.PlanOptions, mighost.TargetOptions
---@field command "run"|"run-once"
---@field validation_command string|nil
---@field validation_timeout integer|nil seconds
---@field default_effort mighost.Effort|nil
---@field max_allowed_effort mighost.Effort|nil
---@field refactoring_prompt string|nil path
---@field fix_prompt string|nil path
---@field commit_message_prefix string|nil
---@field max_attempts integer|nil of one target; 0: no limit
---@field max_refactors integer|nil actions; 0: no limit
---@field max_consecutive_failures integer|nil
---@field sleep integer|nil seconds between actions
---@field focus boolean|nil only migrations

---@class mighost.LoopSettings: mighost.PlanSettings
---@field default_effort mighost.Effort
---@field max_allowed_effort mighost.Effort
---@field validation string[]
---@field validation_text string
---@field validation_timeout integer|nil
---@field max_attempts integer
---@field max_refactors integer
---@field max_failures integer
---@field sleep integer
---@field refactoring_prompt string|nil its text
---@field fix_prompt string|nil likewise

local function choose_validation(opts, config, settings)
  local command = opts.validation_command or config.validation_command
  if not command then
    return nil, "no validation command was given", "EUSAGE",
      ("mighost %s --validation-command 'PROGRAM ARGS'"):format(opts.command)
  end
  local words, why = text.shell_split(command)
  if words and #words == 0 then
    words, why = nil, "it is empty"
  end
  if not words then
    return nil, "the validation command cannot be read: " .. why, "EUSAGE"
  end
  settings.validation, settings.validation_text = words, command
  settings.validation_timeout = opts.validation_timeout or config.validation_timeout
  return true
end

local function choose_efforts(opts, config, settings)
  settings.default_effort = opts.default_effort or config.default_effort or DEFAULT_EFFORT
  settings.max_allowed_effort = opts.max_allowed_effort or config.max_allowed_effort
    or DEFAULT_MAXIMUM
  if effort.exceeds(settings.default_effort, settings.max_allowed_effort) then
    return nil, ("--max-allowed-effort %s is below --default-effort %s"):format(
      settings.max_allowed_effort, settings.default_effort), "EUSAGE"
  end
  settings.effort = settings.default_effort
  return true
end

local function choose_counts(opts, config, settings)
  -- A single action is tried once, unless it is asked for by name to be tried more often.
  settings.max_attempts = opts.max_attempts or opts.command == "run" and config.max_attempts
    or DEFAULT_ATTEMPTS
  settings.max_refactors = opts.command == "run" and opts.max_refactors or 0
  settings.max_failures = opts.max_consecutive_failures or config.max_consecutive_failures
    or DEFAULT_FAILURES
  settings.sleep = opts.sleep or 0
end

---Checks that the user said what bounds the run and what it works on.
local function check_bounds(opts)
  local has_targets = require("loop.targets").is_chosen(opts)
  if opts.focus then
    if has_targets then
      return nil, "--focus-on-live-migrations takes no targets", "EUSAGE",
        "mighost run --focus-on-live-migrations"
    end
    return true
  elseif not has_targets then
    return nil, "nothing says what to work on: none of --targets, --globs, --extensions, --paths "
      .. "and --scope-instruction", "EUSAGE", ("mighost %s --help"):format(opts.command)
  elseif opts.command == "run" and not opts.max_refactors and not opts.targets then
    return nil, "nothing says when to end: --max-refactors is needed unless --targets is given",
      "EUSAGE", "mighost run --help"
  end
  return true
end

---Nothing may end the subject of a commit but what it says.
local function choose_prefix(opts, settings)
  local given = opts.commit_message_prefix
  if given and not text.is_line(given) then
    return nil, ("--commit-message-prefix must be one line of text, not %s"):format(
      quote.word(given)), "EUSAGE"
  end
  settings.prefix = given or settings.prefix
  return true
end

local function read_prompt(path)
  local file <close>, why = io.open(path, "rb")
  local words
  if file then
    words, why = file:read(PROMPT_LIMIT)
  end
  if words and words:find("%S") and utf8.len(words) then
    return words
  end
  return nil, ("cannot use the prompt %s: %s"):format(quote.word(path),
    why or "it is not UTF-8 text"), "EUSAGE"
end

local function read_prompts(opts, settings)
  for _, name in ipairs(PROMPTS) do
    if opts[name] then
      local words, message, code = read_prompt(opts[name])
      if not words then
        return nil, message, code
      end
      settings[name] = words
    end
  end
  return true
end

local M = {}

---@param opts mighost.RunOptions
---@param config mighost.Config
---@param chosen mighost.PlanSettings
---@return mighost.LoopSettings|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.resolve(opts, config, chosen)
  local settings = tables.copy(chosen)
  local steps = {
    function() return check_bounds(opts) end,
    function() return choose_validation(opts, config, settings) end,
    function() return choose_efforts(opts, config, settings) end,
    function() return choose_prefix(opts, settings) end,
    function() return read_prompts(opts, settings) end,
  }
  for _, step in ipairs(steps) do
    local ok, message, name, fix = step()
    if not ok then
      return nil, message, name, fix
    end
  end
  choose_counts(opts, config, settings)
  settings.timeout = opts.timeout or config.timeout or DEFAULT_TIMEOUT[opts.command]
  return settings
end

return M
