---@meta host.sys

--- What the program asks the system about itself and its surroundings.
--- Failures of the world are `nil, message, NAME`; wrong arguments raise.
---@class host.sys
local sys = {}

---@class host.sys.User
---@field name string  the number as text where the system has no name for the user
---@field home string  $HOME where it is absolute, else the user database's; "" where there is none
---@field uid integer  effective

---@class host.sys.Version
---@field mighost string
---@field lua string

---@class host.sys.Features
---@field landlock_abi integer  0: the kernel offers no Landlock
---@field sandbox "full"|"partial"|"none"  how well a program can be kept from writing elsewhere
---@field read_only_mounts boolean  whether folders can be mounted read-only for a program
---@field exchange? boolean     two names can be swapped in one step; absent without a folder
---@field reflink? boolean      files can be copied by sharing their extents; absent likewise

--- Seconds since 1970 in UTC, with a fraction.
---@return number
function sys.now() end

--- Seconds of a clock that never goes back, with a fraction; only differences mean something.
---@return number
function sys.monotonic() end

--- Seconds that local time is east of UTC at `time` (seconds since 1970); the zone is that of $TZ.
---@param time number
---@return integer? seconds
---@return string? message
---@return string? name  EOVERFLOW: no such time
function sys.utc_offset(time) end

--- Lowercase hexadecimal digits of `count` random bytes, 1 to 1024 of them.
---@param count integer
---@return string? digits
---@return string? message
---@return string? name
function sys.random_hex(count) end

---@return integer
function sys.pid() end

--- When a process started, in ticks since boot: with its pid and the boot id it names one process
--- for ever.
---@param pid integer
---@return string? ticks
---@return string? message
---@return string? name  ESRCH: there is none
function sys.process_start(pid) end

--- A random name of this boot of the system.
---@return string? id
---@return string? message
---@return string? name
function sys.boot_id() end

---@return string? name
---@return string? message
---@return string? name_of_error
function sys.hostname() end

--- Who the process acts as.
---@return host.sys.User? user
---@return string? message
---@return string? name
function sys.user() end

--- The current directory, absolute.
---@return string? path
---@return string? message
---@return string? name
function sys.cwd() end

--- How well a program can be kept from writing elsewhere, and the version of Landlock behind that.
---@return "full"|"partial"|"none" level
---@return integer abi  0: none
function sys.sandbox() end

--- The folder of the installed scripts and stages: <prefix>/share/mighost.
---@return string
function sys.share() end

--- This program's own path, absolute, links resolved.
---@return string
function sys.exe() end

--- All environment variables; of two with one name the first counts.
---@return table<string, string>
function sys.env() end

--- Whether the descriptor is a terminal.
---@param fd integer
---@return boolean
function sys.isatty(fd) end

--- The absolute path without links, "." and ".."; every part must exist.
---@param path string
---@return string? absolute
---@return string? message
---@return string? name
function sys.realpath(path) end

--- The first SIGINT or SIGTERM that came, nil before.
---@return integer? signal
function sys.interrupted() end

--- Writes all of `text`, unbuffered, also to a descriptor in non-blocking mode.
---@param fd integer
---@param text string
---@return true? done
---@return string? message
---@return string? name  EPIPE: nobody reads any more; EINTR: a signal to end came while blocked
function sys.write(fd, text) end

--- Whether this process may make and remove names in a directory (EACCES, EROFS, ...); nothing is
--- written to find out.
---@param path string
---@return true? yes
---@return string? message
---@return string? name
function sys.can_write(path) end

--- The file mode creation mask.
---@return integer
function sys.umask() end

--- What this program and its Lua are; libgit2's version is host.repo's to tell.
---@return host.sys.Version
function sys.version() end

--- What the system offers.  With a folder, also what its file system can do: tried in a new folder
--- inside, which is removed again.
---@param folder? string
---@return host.sys.Features? features
---@return string? message
---@return string? name  what kept it from making that folder
function sys.features(folder) end

return sys
