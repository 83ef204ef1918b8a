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
  parser:option("--targets", "Targets from FILE, one JSON object on each line: description, files "
    .. "and optionally scoping, model-override, effort-override."):argname("FILE.jsonl")
  parser:option("--globs", "Or each tracked file that matches, one at a time (* and ? match within "
    .. "a path segment, ** across segments)."):argname("A:B")
  parser:option("--extensions", "Or each tracked file with such an extension, one at a time.")
    :argname(".C,.LUA")
  parser:option("--paths", "Or these files and folders, as one target."):argname("A:B")
  parser:option("--scope-instruction", "How far the change should go; without any of the above, "
    .. "applied to five tracked files at a time."):argname("TEXT")
end

local function add_validation(parser)
  parser:option("--validation-command", "What must pass before and after every change; run without "
    .. "a shell (default: the configuration's validation_command)."):argname("'PROGRAM ARGS'")
  parser:option("--validation-timeout", "Seconds for the validation command (default: no limit; it "
    .. "is ended after 300 without output)."):argname("S"):convert(agent.seconds)
end

local function add_work(parser)
  parser:option("--default-effort", "How hard agents think (default: low).")
    :choices(EFFORTS)
  parser:option("--max-allowed-effort", "The most that a phase or a target may ask for (default: "
    .. "xhigh)."):choices(EFFORTS)
  parser:option("--max-attempts", "How often a target or a phase is tried (default: 1); 0: until "
    .. "it succeeds."):argname("N"):convert(agent.count)
  parser:option("--refactoring-prompt", "The instructions of a refactoring agent, in place of "
    .. "mighost's own."):argname("FILE")
  parser:option("--fix-prompt", "What is added to the instructions when it tries again.")
    :argname("FILE")
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
  parser:flag("--show-command-logs", "Show the validation command's output as it comes.")
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
