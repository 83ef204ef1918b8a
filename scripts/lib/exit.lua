--- From the NAME of a failure to the exit code of the process, a public interface.

local FAILED <const> = 1
local SIGNAL_BASE <const> = 128
local SIGINT <const> = 2

local CODES <const> = {
  EUSAGE = 2, ECONFIG = 2, ENOTREPO = 2, EUNSUPPORTED = 2, EINVALIDPATH = 2, ENOIDENT = 2,
  EHUMAN = 3,
  ECOOLING = 4,
  EBUSY = 5,
  ESTALE = 6, EREMOVED = 6, EDIRTY = 6, EMERGING = 6,
  EAGENT = 8,
  EVALIDATION = 9,
  EUNTRUSTED = 10,
  ETIMEOUT = 11, ESILENCE = 11,
  ECORRUPT = 12,
}

local M = {}

---@param name string|nil the NAME of a failure; one that is not listed here is an ordinary failure
---@param signal integer|nil for EINTERRUPTED: the signal that came
---@return integer
function M.code(name, signal)
  if name == "EINTERRUPTED" then
    return SIGNAL_BASE + (signal or SIGINT)
  end
  return CODES[name] or FAILED
end

return M
