--- Finds the secrets of an environment, so that their values can be kept out of everything written.

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

---The variables whose values must never be written down.
---@param env table<string, string>
---@param named? string[] further variables, named by an agent's adapter
---@return table<string, string> secrets by name
function M.of(env, named)
  local found = {}
  for name, value in pairs(env) do
    if #value >= SHORTEST and is_secret_name(name) then
      found[name] = value
    end
  end
  for _, name in ipairs(named or {}) do
    if env[name] and #env[name] >= SHORTEST then
      found[name] = env[name]
    end
  end
  return found
end

---`text` with every secret value replaced by `<redacted:NAME>`, the longest values first.
---@param text string
---@param secrets table<string, string>
---@return string
function M.redact(text, secrets)
  local names = {}
  for name in pairs(secrets) do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b)
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
