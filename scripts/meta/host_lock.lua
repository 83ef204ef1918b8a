---@meta host.lock

--- Locks that die with their holder: the kernel releases one whenever and however the process ends.
--- Failures of the world are `nil, message, NAME`; wrong arguments raise.
---@class host.lock
local lock = {}

--- A lock that is held until `drop`, `<close>` or the collector.
---@class host.lock.Lock
local Lock = {}

---@class host.lock.Options
---@field wait? number         seconds to wait for a holder; default 0. A signal ends the waiting.
---@field allow_fuse? boolean  trust a FUSE file system to lock; default false

--- Takes the lock on the file `name` in `dir`; the file is made where it is missing and never
--- removed.  `text` is written into it for people; its first line is in the message others get.
--- EBUSY: held, by another process or by this one; EINTERRUPTED: a signal came while waiting;
--- EUNSUPPORTED: the file system's locks cannot be relied on; EINVALIDPATH: not a regular file.
---@param dir host.fs.Dir
---@param name string  one file name
---@param text string
---@param opts? host.lock.Options
---@return host.lock.Lock? held
---@return string? message
---@return string? name
function lock.take(dir, name, text, opts) end

--- The holder's text while someone holds the lock, false while nobody does or there is no such
--- file.
---@param dir host.fs.Dir
---@param name string
---@return string|false|nil text
---@return string? message
---@return string? name
function lock.holder(dir, name) end

--- True while the file on disk is still the one locked, else ESTALE.
---@return true? held
---@return string? message
---@return string? name
function Lock:verify() end

--- Releases it; a second call does nothing.
function Lock:drop() end

return lock
