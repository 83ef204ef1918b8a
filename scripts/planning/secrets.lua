--- Finds the secrets of an environment, so that their values can be kept out of everything written.

local json = require "lib.json"
local tables = require "lib.tables"

local PATTERNS <const> = { "_KEY$", "_TOKEN$", "_SECRET$", "PASSWORD" }
local SHORTEST <const> = 8 -- a shorter value would match ordinary text

local M = {}

local function is_secret_name(name)
  for _, pattern in ipairs(PATTERNS) do
    if name:find(pattern) then
      return true
    end
  end
  return false
end

---Adds a value, and the form that it has inside JSON where that is another one.
local function add(found, name, value)
  found[name] = value
  local escaped = json.encode(value):sub(2, -2)
  if escaped ~= value then
    found[name .. " in JSON"] = escaped
  end
end

---The variables whose values must never be written down.
---@param env table<string, string>
---@param named? string[] further variables, named by an agent's adapter
---@return table<string, string> secrets by name
function M.of(env, named)
  local found = {}
  for name, value in pairs(env) do
    if #value >= SHORTEST and is_secret_name(name) then
      add(found, name, value)
    end
  end
  for _, name in ipairs(named or {}) do
    if env[name] and #env[name] >= SHORTEST then
      add(found, name, env[name])
    end
  end
  return found
end

---Replaces secrets in files that an agent wrote; a path that holds one is refused.
---@param dir host.fs.Dir
---@param paths string[]
---@param secrets table<string, string>
---@return string[]|nil cleaned the paths of files that held secrets
---@return string? message
---@return string? NAME
function M.clean_files(dir, paths, secrets)
  local cleaned = {}
  for _, path in ipairs(next(secrets) and paths or {}) do
    if M.redact(path, secrets) ~= path then
      return nil, "the agent named a file after a secret: " .. M.redact(path, secrets), "EJUDGE"
    end
    local text, message, name = dir:read(path)
    if not text then
      return nil, message, name
    end
    local clean = M.redact(text, secrets)
    if clean ~= text then
      local written, why, code =
        dir:write(path, clean, { durable = false, mode = dir:stat(path).mode })
      if not written then
        return nil, why, code
      end
      cleaned[#cleaned + 1] = path
    end
  end
  return cleaned
end

---`text` with every secret value replaced by `<redacted:NAME>`, the longest values first.
---@param text string
---@param secrets table<string, string>
---@return string
function M.redact(text, secrets)
  local names = tables.sorted_keys(secrets, function(a, b)
    if #secrets[a] ~= #secrets[b] then
      return #secrets[a] > #secrets[b]
    end
    return a < b
  end)
  for _, name in ipairs(names) do
    local plain = secrets[name]:gsub("%p", "%%%0")
    text = text:gsub(plain, function()
      return ("<redacted:%s>"):format(name)
    end)
  end
  return text
end

return M
