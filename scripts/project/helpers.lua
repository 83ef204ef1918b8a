--- The globals of a command script that comes with helpers of its own: its `require "lib.x"` finds
--- those first.  Only its own: what mighost's modules require stays mighost's.

local M = {}

---@param modules fun(name: string): string?, string?   text and path; see project.search
---@param compile fun(text: string, path: string, env: table): function?, string?
---@return table env
function M.environment(modules, compile)
  local loaded = {}
  local env = setmetatable({}, { __index = _G, __newindex = _G })
  local function require_own(name)
    if loaded[name] ~= nil then
      return loaded[name]
    end
    local text, path = modules(name)
    if not text then
      return require(name)
    end
    local chunk, why = compile(text, path, env)
    if not chunk then
      error("cannot load " .. why, 2)
    end
    local value = chunk(name, path)
    loaded[name] = value == nil and true or value
    return loaded[name]
  end
  rawset(env, "require", require_own)
  return env
end

return M
