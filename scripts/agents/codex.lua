--- Codex: `--with codex --model M`.
--- It is told to write its last message into a file, and that file is the answer. What it does and
--- what goes wrong it reports on its standard error, after the prompt.

local json = require "lib.json"
local trouble = require "lib.trouble"

local ANSWER_LIMIT <const> = 8 << 20
local PROMPT_LIMIT <const> = 1 << 20 -- characters
local LAST_LINES <const> = 4

-- Files in its own folder that influence its later calls.
local SETTINGS_FILES <const> = {
  "config.toml", "managed_config.toml", "requirements.toml", "hooks.json", "AGENTS.md",
  "AGENTS.override.md", "prompts", "rules",
}

local function own_folder(call)
  local home = call.env.HOME
  return call.env.CODEX_HOME or home and home .. "/.codex"
end

local function own_places(call)
  return { call.work_dir, call.artifacts, own_folder(call) }
end

local function own_settings(call)
  local settings, folder = {}, own_folder(call)
  for index, name in ipairs(folder and SETTINGS_FILES or {}) do
    settings[index] = folder .. "/" .. name
  end
  return settings
end

local function check_prompt(prompt)
  local characters, position = utf8.len(prompt)
  if not characters then
    return nil, ("the prompt is not UTF-8 at byte %d; codex takes nothing else"):format(position)
  elseif characters > PROMPT_LIMIT then
    return nil, ("the prompt has %d characters; codex takes at most %d"):format(characters,
      PROMPT_LIMIT)
  end
  return true
end

---The last lines of its log, the newest first.
local function last_lines(report)
  local ring, count = {}, 0
  for line in report.stderr.lines() do
    if line:find("%S") then
      count = count + 1
      ring[count % LAST_LINES] = line
    end
  end
  local found = {}
  for index = count, math.max(1, count - LAST_LINES + 1), -1 do
    found[#found + 1] = ring[index % LAST_LINES]
  end
  return found
end

---The number that ends the log of a run that came to an end, and the lines before it.
local function split_usage(lines)
  local number = lines[1] and lines[1]:match("^%d[%d,]*$")
  if number and lines[2] == "tokens used" then
    local tokens = math.tointeger(tonumber((number:gsub(",", ""))))
    return { total_tokens = tokens }, table.move(lines, 3, #lines + 2, 1)
  end
  return nil, lines
end

---An error may be the service's own document.
local function words_of(line)
  local words = line:match("^E[Rr][Rr][Oo][Rr]: (.*)$")
  local document = words and json.decode(words)
  local inner = type(document) == "table" and document.error
  if type(inner) == "table" and type(inner.message) == "string" then
    return inner.message, 400 -- it prints the document of a request that is not worth repeating
  end
  return words, words and math.tointeger(tonumber(words:match("status:? (%d%d%d)")))
end

local function refuse(report, lines)
  if report.signal then
    return ("was ended by signal %d"):format(report.signal), "broken"
  elseif report.exit == 0 then
    return "gave an empty answer", "empty"
  end
  local words, status = words_of(lines[1] or "")
  if words then
    return trouble.of(words, status)
  end
  local line = trouble.first_line(lines[1] or "")
  return ("exited with status %d%s"):format(report.exit, line ~= "" and ": " .. line or ""),
    "broken"
end

---@type mighost.Agent
return {
  needs_model = true,
  inherits_env = false,
  passes = { "OPENAI_*", "CODEX_*" },

  command = function(call)
    local ok, why = check_prompt(call.prompt)
    if not ok then
      return nil, why
    end
    local last = call.artifacts .. "/last-message.md"
    return {
      argv = {
        "codex", "exec", "--model", call.model, "--config",
        "model_reasoning_effort=" .. call.effort, "--dangerously-bypass-approvals-and-sandbox",
        "--output-last-message", last, "--cd", call.repo_root, "-",
      },
      stdin = call.prompt,
      writes = own_places(call),
      settings = own_settings(call),
      files = { last_message = last },
    }
  end,

  interactive = function(call)
    return {
      argv = {
        "codex", "--model", call.model, "--config", "model_reasoning_effort=" .. call.effort,
        ("Read %s and do what it asks, together with the person at this terminal."):format(
          call.prompt_file),
      },
      writes = own_places(call),
      settings = own_settings(call),
    }
  end,

  answer = function(report)
    local usage, lines = split_usage(last_lines(report))
    local more = { usage = usage }
    if report.ended_by then
      return nil, "was ended: " .. report.ended_by, "broken", more
    end
    local text = report.exit == 0 and report.files.last_message.text(ANSWER_LIMIT + 1) or ""
    if text:find("%S") then
      return { text = text, usage = usage }
    end
    local why, kind = refuse(report, lines)
    return nil, why, kind, more
  end,
}
