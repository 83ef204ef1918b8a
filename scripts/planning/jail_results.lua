--- Checks what a team's agent file returns: it becomes a program's arguments, its
--- environment, an accepted answer, and nothing after this looks at types again.

local check = require "lib.check"

local COMMAND <const> = {
  argv = "strings", env = "map?", stdin = "string?", writes = "strings?", updates = "strings?",
  files = "map?", settings = "list?",
}
local ANSWER <const> = { text = "string", usage = "map?" }
local FAILURE <const> = { usage = "map?", retry_at = "number?" }
local USAGE <const> = {
  input_tokens = "integer?", output_tokens = "integer?", cache_creation_tokens = "integer?",
  cache_read_tokens = "integer?", total_tokens = "integer?", cost_usd = "number?",
}
local KINDS <const> = {
  ["rate-limited"] = true, auth = true, refused = true, empty = true, broken = true,
}
local LATEST <const> = 253402300799 -- the last second of the year 9999

---What a list or map holds that no argument or variable can be, by key.
local function unusable(values, name)
  for key, value in pairs(values or {}) do
    if type(value) ~= "string" or value:find("\0", 1, true) then
      return ("%s[%s] must be a string without NUL bytes"):format(name, tostring(key))
    elseif name == "env" and (key == "" or key:find("[=\0]")) then
      return "env has a variable that no environment can have"
    end
  end
end

local function problem_of_fields(value, spec, name)
  if type(value) ~= "table" then
    return ("%s must be a table, not a %s"):format(name, type(value))
  end
  local _, why = check.fields(value, spec, name)
  return why
end

local function is_absolute(path)
  return type(path) == "string" and path:sub(1, 1) == "/" and not path:find("\0", 1, true)
end

---Settings are paths, or files with the ways to keys in them.
local function problem_of_settings(settings)
  for index, entry in pairs(settings or {}) do
    local path = type(entry) == "table" and entry.path or entry
    local ways = type(entry) == "table" and entry.keys or {}
    if math.type(index) ~= "integer" or not is_absolute(path) or type(ways) ~= "table" then
      return "settings must be absolute paths, or { path =, keys = }"
    end
    for _, way in pairs(ways) do
      if type(way) ~= "table" or #way == 0 or unusable(way, "keys") then
        return "settings have keys that are not a list of lists of names"
      end
    end
  end
end

local function problem_of_usage(usage)
  return usage and problem_of_fields(usage, USAGE, "usage")
end

---A result of nil, and why.
local function problem_of_refusal(why)
  if type(why) ~= "string" then
    return ("nil must come with the reason, a string, not a %s"):format(type(why))
  end
end

local M = {}

---What is wrong with the results of `command` or `interactive`; nil when nothing is.
---@param values table packed
---@return string|nil
function M.of_command(values)
  local spec = values[1]
  if spec == nil then
    return problem_of_refusal(values[2])
  end
  return problem_of_fields(spec, COMMAND, "the command") or unusable(spec.argv, "argv")
    or unusable(spec.env, "env") or unusable(spec.writes, "writes")
    or unusable(spec.files, "files") or unusable(spec.updates, "updates")
    or problem_of_settings(spec.settings)
end

---The same for `answer`.
---@param values table packed
---@return string|nil
function M.of_answer(values)
  local answer, why, kind, more = values[1], values[2], values[3], values[4]
  if answer ~= nil then
    return problem_of_fields(answer, ANSWER, "the answer") or problem_of_usage(answer.usage)
  elseif kind ~= nil and not KINDS[kind] then
    return ("%s is not a known kind of failure"):format(tostring(kind))
  end
  local problem = problem_of_refusal(why)
  if problem or more == nil then
    return problem
  end
  problem = problem_of_fields(more, FAILURE, "what is known of the failure")
    or problem_of_usage(more.usage)
  if not problem and more.retry_at and not (more.retry_at >= 0 and more.retry_at <= LATEST) then
    return "retry_at must be seconds since 1970"
  end
  return problem
end

return M
