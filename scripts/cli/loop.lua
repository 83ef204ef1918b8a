--- The options that run and run-once share, and their request to mighost.loop.

local agent = require "cli.agent"

local EFFORTS <const> = { "low", "medium", "high", "xhigh" }
local HANDED <const> = "in the repository's root, prompt on its standard input, answer on its "
  .. "standard output."

-- What mighost.loop takes under the same name.
local REQUEST <const> = {
  "validation_command", "validation_timeout", "default_effort", "max_allowed_effort",
  "refactoring_prompt", "fix_prompt", "commit_message_prefix", "max_attempts", "targets", "globs",
  "extensions", "paths", "scope_instruction", "max_refactors", "max_consecutive_failures", "sleep",
}

local M = {}

local function add_targets(parser)
  parser:option("--targets", "Targets from FILE: a JSON object a line with description, files and, "
    .. "where wanted, scoping, model-override, effort-override."):argname("FILE.jsonl")
  parser:option("--globs", "Or one tracked file a time that matches (* and ? inside a segment, ** "
    .. "across)."):argname("A:B")
  parser:option("--extensions", "Or one tracked file a time with such an ending.")
    :argname(".C,.LUA")
  parser:option("--paths", "Or these files and folders, as one target."):argname("A:B")
  parser:option("--scope-instruction", "How far to go; without any of the above, in five tracked "
    .. "files a time."):argname("TEXT")
end

local function add_validation(parser)
  parser:option("--validation-command", "What must be green before and after every change; no "
    .. "shell (then validation_command of the configuration counts)."):argname("'PROGRAM ARGS'")
  parser:option("--validation-timeout", "Seconds for it (default: none; 300 without a sign of life "
    .. "end it)."):argname("S"):convert(agent.whole_number)
end

local function add_work(parser)
  parser:option("--default-effort", "How hard agents think (default: low).")
    :choices(EFFORTS)
  parser:option("--max-allowed-effort", "The most that a phase or a target may ask for (default: "
    .. "xhigh)."):choices(EFFORTS)
  parser:option("--max-attempts", "How often a target or a phase is tried (default: 1); 0: until "
    .. "it is done."):argname("N"):convert(agent.count)
  parser:option("--refactoring-prompt", "What a refactoring agent is told, instead of mighost's "
    .. "own words."):argname("FILE")
  parser:option("--fix-prompt", "What it is told besides when it tries again."):argname("FILE")
  parser:option("--commit-message-prefix", "What commit subjects begin with (default: mighost).")
    :argname("TEXT")
end

---@param parser table
---@param timeout integer seconds for an answer, the default
function M.add(parser, timeout)
  add_targets(parser)
  add_validation(parser)
  agent.add_choice(parser, HANDED)
  add_work(parser)
  agent.add_limits(parser, timeout)
  parser:flag("--show-command-logs", "Show what the validation command prints as it prints it.")
  agent.add_recording(parser)
end

---The part of a request to mighost.loop that the options say.
---@param opts table what was parsed
---@param command "run"|"run-once"
---@return table request
function M.request(opts, command)
  local request = agent.request(opts)
  for _, name in ipairs(REQUEST) do
    request[name] = opts[name]
  end
  request.command, request.focus = command, opts.focus_on_live_migrations
  return request
end

return M
