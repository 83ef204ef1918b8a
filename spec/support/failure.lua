--- How the host's functions fail: `nil, message, NAME`, the message one line.

local assert = require "luassert"

local M = {}

--- Holds the results of a call to a failure of this name.
---@param name string       ENOENT, EBUSY, …
---@param value any         what the call gave, and the two behind it
---@param message any
---@param actual any
---@return string message
function M.expect(name, value, message, actual)
  assert.is_nil(value)
  assert.equal(name, actual, message)
  assert.is_string(message)
  assert.is_nil(message:find("\n", 1, true))
  return message
end

return M
