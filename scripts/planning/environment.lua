--- The environment of an agent: built from what every program needs, not inherited with all that is
--- in it.

local PASSED <const> = {
  "HOME", "PATH", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TERM", "TMPDIR",
  "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
  "http_proxy", "https_proxy", "no_proxy", "all_proxy", "NODE_EXTRA_CA_CERTS",
}
local PASSED_PREFIXES <const> = { "LC_", "XDG_", "SSL_CERT_" }

local function select_passed(all)
  local env = {}
  for _, name in ipairs(PASSED) do
    env[name] = all[name]
  end
  for name, value in pairs(all) do
    for _, prefix in ipairs(PASSED_PREFIXES) do
      if name:sub(1, #prefix) == prefix then
        env[name] = value
      end
    end
  end
  return env
end

local M = {}

---@param all table<string, string> the caller's environment
---@param own table<string, string> what the adapter sets
---@param inherits boolean whether the adapter wants the caller's whole environment
---@return table<string, string>
function M.build(all, own, inherits)
  local env = inherits and {} or select_passed(all)
  if inherits then
    for name, value in pairs(all) do
      env[name] = value
    end
  end
  for name, value in pairs(own) do
    env[name] = value
  end
  return env
end

return M
