--- The options of every command that asks an agent, and how to repeat them in another command.

local RECORDING_HELP <const> = "What --with replay answers from (default: the plan that comes with "
  .. "mighost)."
local STRICT_HELP <const> = "With --with replay: a prompt that differs from the recorded one is an "
  .. "error."
local SANDBOX_HELP <const> = "Confine the agent to the folders that it may write in: as far as the "
  .. "system can (auto, the default), fully or do not start it (require), or not at all (off)."
local LONGEST <const> = 1000000000 -- seconds that host.proc can be told

-- What a caller of mighost.plan and the like gives, in the order of --help.
local REQUEST <const> = {
  "with", "model", "effort", "agent_command", "recording", "strict", "record", "timeout",
  "silence_timeout", "max_wait", "sandbox", "pass_env",
}
local AGAIN <const> = {
  { "with", "--with" }, { "model", "--model" }, { "effort", "--effort" },
  { "agent_command", "--agent-command" }, { "recording", "--recording" }, { "strict", "--strict" },
  { "record", "--record" }, { "timeout", "--timeout" }, { "silence_timeout", "--silence-timeout" },
  { "max_wait", "--max-wait" }, { "sandbox", "--sandbox" },
  { "pass_env", "--pass-env" },
  { "to_end", "--to-end" }, { "repo_root", "--repo-root" },
}

local M = {}

---Refuses more than any call can be given.
local function bounded(word, number, message)
  if number and number > LONGEST then
    return nil, ("'%s' is more than %d seconds"):format(word, LONGEST)
  end
  return number, message
end

---Reads a number of things or of times.
---@param word string
---@return integer?
---@return string? message
function M.whole_number(word)
  local number = math.tointeger(tonumber(word))
  if not number or number < 1 then
    return nil, ("'%s' is not a whole number above 0"):format(word)
  end
  return number
end

---Reads for how long something may go on.
---@param word string
---@return integer?
---@return string? message
function M.seconds(word)
  return bounded(word, M.whole_number(word))
end

---Reads a number that may be 0.
---@param word string
---@return integer?
---@return string? message
function M.count(word)
  local number = math.tointeger(tonumber(word))
  if not number or number < 0 then
    return nil, ("'%s' is not a whole number from 0 up"):format(word)
  end
  return number
end

---Reads for how long to wait, which may be not at all.
---@param word string
---@return integer?
---@return string? message
function M.wait(word)
  return bounded(word, M.count(word))
end

---Reads the name of a variable, or the beginning of names with a star.
---@param word string
---@return string?
---@return string? message
function M.variable(word)
  if not word:find("^[%a_][%w_]*%*?$") then
    return nil, ("'%s' is not the name of an environment variable"):format(word)
  end
  return word
end

---Which agent, the program of the agent `command`, and the agent's sandbox.
---@param parser table
---@param how string what the program is handed, a sentence
function M.add_choice(parser, how)
  parser:option("--with", "The agent to ask (default: MIGHOST_WITH, else the configuration's).")
    :argname("NAME")
  parser:option("--model", "The agent's model."):argname("M")
  parser:option("--agent-command", "The program that --with command runs: " .. how)
    :argname("'PROGRAM ARGS'")
  parser:option("--sandbox", SANDBOX_HELP):choices({ "require", "auto", "off" })
  parser:option("--pass-env", "Also hand this environment variable to the agent; NAME_* means all "
    .. "that begin with NAME_; repeatable."):argname("NAME"):count("*"):convert(M.variable)
end

---What bounds a call, and seeing what it prints.
---@param parser table
---@param timeout? integer the default
function M.add_limits(parser, timeout)
  parser:option("--timeout", ("Seconds for a whole answer (default: %d)."):format(timeout or 1800))
    :argname("S"):convert(M.seconds)
  parser:option("--silence-timeout", "Seconds without output (default: 300).")
    :argname("S"):convert(M.seconds)
  parser:option("--max-wait", "Seconds to spend on waiting and asking again when the agent is "
    .. "rate-limited (default: 0)."):argname("S"):convert(M.wait)
  parser:flag("--show-agent-logs", "Show the agent's output as it comes.")
end

---@param parser table
function M.add_effort(parser)
  parser:option("--effort", "How hard the agent should think (default: medium).")
    :choices({ "low", "medium", "high", "xhigh" })
end

---Keeping calls, and answering from what was kept.
---@param parser table
function M.add_recording(parser)
  parser:option("--record", "Keep every call of the agent below DIR."):argname("DIR")
  parser:option("--recording", RECORDING_HELP):argname("DIR")
  parser:flag("--strict", STRICT_HELP)
end

---The options to repeat in a command that goes on where this one stopped.
---@param opts table what was parsed
---@return string[] words
function M.again(opts)
  local words = {}
  for _, entry in ipairs(AGAIN) do
    local value = opts[entry[1]]
    for _, one in ipairs(type(value) == "table" and value or { value or nil }) do
      words[#words + 1] = entry[2]
      words[#words + 1] = one ~= true and tostring(one) or nil
    end
  end
  return words
end

---The part of a request (to mighost.plan and the like) that says which agent to ask, and how.
---@param opts table what was parsed
---@return table request
function M.request(opts)
  local request = { again = M.again(opts) }
  for _, name in ipairs(REQUEST) do
    local value = opts[name]
    local is_empty = type(value) == "table" and #value == 0
    request[name] = not is_empty and value or nil
  end
  return request
end

return M
