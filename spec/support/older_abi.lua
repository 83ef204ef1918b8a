--- The environment in which mighost sees an older Landlock than the kernel has.

local program = require "spec.support.program"

local LIBRARY <const> = program.exe:match("^(.*)/bin/[^/]+$") .. "/spec/older-abi.so"

local M = {}

--- Added to the environment of mighost.
---@param abi integer   0: none
---@return table<string, string>
function M.env(abi)
  return {
    LD_PRELOAD = LIBRARY, MIGHOST_LANDLOCK_ABI = tostring(abi),
    -- A sanitizer wants its library to be the first, for which there is no need here.
    ASAN_OPTIONS = (os.getenv("ASAN_OPTIONS") or "") .. ":verify_asan_link_order=0",
  }
end

return M
