--- The environment of an agent: built from what every program needs, not inherited as a whole.

local tables = require "lib.tables"

local PASSED <const> = {
  "HOME", "PATH", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TERM", "TMPDIR",
  "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
  "http_proxy", "https_proxy", "no_proxy", "all_proxy", "NODE_EXTRA_CA_CERTS",
  "LC_*", "XDG_*", "SSL_CERT_*",
}

---Whether a name is one of `patterns`; `X_*` stands for every name that begins with `X_`.
local function matches(name, patterns)
  for _, pattern in ipairs(patterns) do
    local prefix = pattern:match("^(.*)%*$")
    if name == pattern or prefix and name:sub(1, #prefix) == prefix then
      return true
    end
  end
  return false
end

local M = {}

---@param all table<string, string> the caller's environment
---@param own table<string, string> what the adapter sets
---@param inherits boolean whether the adapter wants the caller's whole environment
---@param passes? string[] further names that the adapter wants; `X_*` is all that begin with `X_`
---@return table<string, string>
function M.build(all, own, inherits, passes)
  local env = {}
  for name, value in pairs(all) do
    if inherits or matches(name, PASSED) or matches(name, passes or {}) then
      env[name] = value
    end
  end
  return tables.copy(env, own)
end

---Names of variables from two lists.
---@param some string[]|nil
---@param more string[]|nil
---@return string[]
function M.join(some, more)
  local all = table.move(some or {}, 1, #(some or {}), 1, {})
  return table.move(more or {}, 1, #(more or {}), #all + 1, all)
end

return M
