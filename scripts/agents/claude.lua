--- Claude Code: `--with claude --model M`.
--- Its standard output is one JSON event on each line. Only the last event of type "result" counts:
--- partial messages are provisional, `subtype` says "success" for failures too, and an exit code of
--- 0 says nothing by itself.

local json = require "lib.json"
local trouble = require "lib.trouble"

local PROMPT_LIMIT <const> = 10 * 1000 * 1000
local SETTINGS <const> = "user" -- files in a work dir that an earlier stage wrote must not run code

-- Its names for the errors of its service.
local KNOWN <const> = {
  authentication_failed = "auth", billing_error = "auth", overloaded = "overloaded",
  rate_limit = "rate-limited",
}

-- Files in its own folder that influence its later calls.
local SETTINGS_FILES <const> = {
  "settings.json", "settings.local.json", "CLAUDE.md", "hooks", "agents", "commands", "plugins",
  "skills", "output-styles",
}
local SERVERS <const> = { { "mcpServers" }, { "projects", "*", "mcpServers" } }

---The settings in its folder, and in the file in which it keeps all kinds of things.
local function settings_in(folder, file)
  local settings = { { path = file, keys = SERVERS } }
  for _, name in ipairs(SETTINGS_FILES) do
    settings[#settings + 1] = folder .. "/" .. name
  end
  return settings
end

---Its own folder and file, and its temporary files where it looks for them before TMPDIR.
local function own_places(call)
  local home, own = call.env.HOME, call.env.CLAUDE_CONFIG_DIR
  local folder = own or home and home .. "/.claude"
  local file = own and own .. "/.claude.json" or home and home .. "/.claude.json"
  return {
    writes = { call.work_dir, call.artifacts, folder },
    updates = { not own and file or nil },
    settings = folder and settings_in(folder, file) or nil,
    -- It must not update itself or its plugins between two calls.
    env = { CLAUDE_CODE_TMPDIR = call.temp, DISABLE_AUTOUPDATER = "1" },
  }
end

local function prepare(call)
  if #call.prompt > PROMPT_LIMIT then
    return nil, ("the prompt has %d bytes; claude takes at most %d"):format(#call.prompt,
      PROMPT_LIMIT)
  end
  local spec = own_places(call)
  spec.env.IS_SANDBOX = "1" -- without it, it refuses to skip its questions as root
  spec.stdin = call.prompt
  return spec
end

---The events that decide: the last result, the last error, when a limit ends.
local function read_events(report)
  local seen = {}
  for line in report.stdout.lines() do
    local is_wanted = line:find('"result"', 1, true) or line:find('"error"', 1, true)
      or line:find('"rate_limit_event"', 1, true)
    local event = is_wanted and json.decode(line)
    if type(event) == "table" and event.type == "result" then
      seen.result = event
    elseif type(event) == "table" and event.type == "assistant" then
      seen.error = event.error
    elseif type(event) == "table" and event.type == "rate_limit_event" then
      seen.limit = event.rate_limit_info
    end
  end
  return seen
end

local function whole(value)
  return type(value) == "number" and math.tointeger(value) or nil
end

local function usage_of(result)
  local used = type(result.usage) == "table" and result.usage or {}
  local usage = {
    input_tokens = whole(used.input_tokens),
    output_tokens = whole(used.output_tokens),
    cache_creation_tokens = whole(used.cache_creation_input_tokens),
    cache_read_tokens = whole(used.cache_read_input_tokens),
    cost_usd = type(result.total_cost_usd) == "number" and result.total_cost_usd or nil,
  }
  return next(usage) and usage or nil
end

---The first value that is a text; a result's fields may be anything.
local function first_string(values)
  for index = 1, 2 do
    if type(values[index]) == "string" then
      return values[index]
    end
  end
  return ""
end

---When the limit that was hit ends, if it says so.
local function end_of_limit(limit)
  if type(limit) == "table" and limit.status == "rejected" and type(limit.resetsAt) == "number" then
    return limit.resetsAt
  end
end

---How a program that failed ended.
local function describe_end(report, when)
  local how = report.signal and ("was ended by signal %d"):format(report.signal)
    or ("ended with status %d %s"):format(report.exit, when)
  local words = report.stderr.last_line()
  return words and how .. ": " .. words or how
end

local function refuse(report, seen)
  local result = seen.result
  if not result then
    if report.exit == 0 and report.stdout.bytes == 0 then
      return "ended without output, as it does when it cannot write its temporary folder",
        "empty"
    end
    local words = report.stderr.last_line()
    local line, kind = trouble.of(words or "")
    return kind ~= "broken" and line or describe_end(report, "without a result"), kind
  elseif result.is_error ~= false then
    local words = first_string { result.result, result.subtype }
    local known = KNOWN[seen.error] or result.stop_reason == "refusal" and "refused" or nil
    return trouble.of(words, whole(result.api_error_status), known)
  elseif report.exit ~= 0 then
    return describe_end(report, "after its result"), "broken"
  elseif result.num_turns == 0 then
    return "asked no model: " .. trouble.first_line(tostring(result.result)), "broken"
  end
  return "gave an empty answer", "empty"
end

---@type mighost.Agent
return {
  needs_model = true,
  inherits_env = false,
  passes = { "ANTHROPIC_*", "CLAUDE_*", "AWS_*", "DISABLE_*" },
  secrets = { "ANTHROPIC_CUSTOM_HEADERS", "AWS_ACCESS_KEY_ID", "AWS_BEARER_TOKEN_BEDROCK" },

  command = function(call)
    local spec, why = prepare(call)
    if not spec then
      return nil, why
    end
    spec.argv = {
      "claude", "--print", "--model", call.model, "--effort", call.effort,
      "--permission-mode", "bypassPermissions", "--verbose", "--output-format", "stream-json",
      "--include-partial-messages", "--setting-sources", SETTINGS,
    }
    return spec
  end,

  interactive = function(call)
    local spec = own_places(call)
    spec.argv = {
      "claude", "--model", call.model, "--effort", call.effort, "--setting-sources", SETTINGS,
      ("Read %s and do what it asks, together with the person at this terminal."):format(
        call.prompt_file),
    }
    return spec
  end,

  answer = function(report)
    local seen = read_events(report)
    local result = seen.result
    local more = result and { usage = usage_of(result), retry_at = end_of_limit(seen.limit) }
    local is_answer = result and report.exit == 0 and not report.ended_by
      and result.is_error == false and result.num_turns ~= 0
      and type(result.result) == "string" and result.result:find("%S")
    if is_answer then
      return { text = result.result, usage = more.usage }
    elseif report.ended_by then
      return nil, "was ended: " .. report.ended_by, "broken", more
    end
    local why, kind = refuse(report, seen)
    return nil, why, kind, more
  end,
}
