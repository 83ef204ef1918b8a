--- The right to change a work tree: one process at a time carries out a phase or publishes in it.
--- It is a lock that dies with its holder and with everything that ran for it.

local lock = require "host.lock"
local sys = require "host.sys"

local folder = require "project.folder"
local time = require "lib.time"

local HOME <const> = "mighost"

---@class mighost.TenancyPlace a project, as far as the lock of its work tree needs to know it
---@field gitdir string of this work tree; absolute
---@field common string shared by all linked work trees; absolute

local function describe(operation)
  local now = sys.now()
  return ("pid %d on %s, %s, since %s\nstart: %s\nboot: %s\n"):format(sys.pid(),
    sys.hostname() or "?", operation, time.format(now, 0), sys.process_start(sys.pid()) or "?",
    sys.boot_id() or "?")
end

-- How long a publication waits for a work tree in which a phase is carried out; in seconds.
local PATIENCE <const> = 30
local UNTOLD <const> = 1 -- seconds that nobody needs to be told of

local M = { PATIENCE = PATIENCE, UNTOLD = UNTOLD }

---The name of a work tree: that of its folder in git's, "main" for the first.
---@param place mighost.TenancyPlace
---@return string
function M.name(place)
  return place.gitdir == place.common and "main" or place.gitdir:match("[^/]+$")
end

---Takes the right.
---@param place mighost.TenancyPlace
---@param operation string for whoever is refused
---@param opts? { wait?: number, allow_fuse?: boolean } seconds to wait, default 0
---@return host.lock.Lock|nil
---@return string? message
---@return string? NAME EBUSY
function M.take(place, operation, opts)
  local dir <close>, message, name = folder.open(("%s/%s"):format(place.common, HOME))
  if not dir then
    return nil, message, name
  end
  local file = ("worktree-%s.lock"):format(M.name(place))
  local held, why, code = lock.take(dir, file, describe(operation), opts)
  if not held and code == "EBUSY" then
    return nil, "the work tree is being changed: " .. why, code
  end
  return held, why, code
end

---Takes the right, and says whom it waits for when that takes more than a moment.
---@param place mighost.TenancyPlace
---@param operation string
---@param opts { wait: number, allow_fuse: boolean|nil }
---@param notify? fun(event: table) gets an event of kind `busy`
---@return host.lock.Lock|nil
---@return string? message
---@return string? NAME EBUSY
function M.await(place, operation, opts, notify)
  local first = math.min(opts.wait, M.UNTOLD)
  local held, message, name =
    M.take(place, operation, { wait = first, allow_fuse = opts.allow_fuse })
  if held or name ~= "EBUSY" or opts.wait <= first then
    return held, message, name
  elseif notify then
    notify { kind = "busy", text = message .. "; waiting for it" }
  end
  return M.take(place, operation, { wait = opts.wait - first, allow_fuse = opts.allow_fuse })
end

---What the holder says about itself; false when nobody has the right now.
---@param place mighost.TenancyPlace
---@return string|false
function M.holder(place)
  local dir <close> = folder.open_if_there(("%s/%s"):format(place.common, HOME))
  return dir and lock.holder(dir, ("worktree-%s.lock"):format(M.name(place))) or false
end

return M
