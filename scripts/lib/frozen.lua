--- Views of plain data that cannot be written: what a stage or a rule is handed.

local M = {}

---A read-only view; tables inside are views too.
---@param value any
---@param name string what the message calls it, e.g. "ctx"
---@return any
function M.of(value, name)
  if type(value) ~= "table" then
    return value
  end
  local frozen = {}
  for key, item in pairs(value) do
    frozen[key] = M.of(item, name)
  end
  return setmetatable({}, {
    __index = frozen,
    __newindex = function(_, key)
      error(("%s is read-only: %s cannot be set"):format(name, tostring(key)), 2)
    end,
    __pairs = function()
      return next, frozen, nil
    end,
    __len = function()
      return #frozen
    end,
    __metatable = false,
  })
end

return M
