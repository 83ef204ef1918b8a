--- Versions of mighost and its libraries, and what this system offers.

local sys = require "host.sys"

local M = {}

---@class mighost.System
---@field mighost string
---@field interface? integer     version of the interface for command scripts
---@field lua string
---@field libgit2? string        absent where it cannot be loaded
---@field git? string            absent where there is none
---@field landlock_abi integer   0: none
---@field seccomp boolean        a team's scripts can be kept from system calls
---@field sandbox "full"|"partial"|"none"  how well agents are held to where they may write
---@field read_only_mounts boolean  whether folders can be mounted read-only for them
---@field exchange? boolean      two names can be swapped in one step; absent where not tried
---@field reflink? boolean       files can share their blocks; absent where not tried

--- Looks at everything; a part that is missing or cannot be tried is absent.
---@param folder? string   a folder to try the file system in
---@return mighost.System
function M.describe(folder)
  local version = sys.version()
  local features = folder and sys.features(folder) or sys.features()
  return {
    mighost = version.mighost,
    lua = version.lua,
    libgit2 = require("host.repo").version(),
    git = require("planning.git").version() or nil,
    landlock_abi = features.landlock_abi,
    seccomp = require("host.script").walls().seccomp,
    sandbox = features.sandbox,
    read_only_mounts = features.read_only_mounts,
    exchange = features.exchange,
    reflink = features.reflink,
  }
end

return M
