---@meta host.fs

--- Directories and the files beneath them.  Failures of the world are `nil, message, NAME`; wrong
--- arguments and a closed Dir raise.
---
--- Paths are relative to the Dir and hold any byte but NUL (EINVALIDPATH).  What is read may have
--- "." segments and doubled slashes; what is written is plain: no ".", "..", empty segment or
--- leading slash (EINVALIDPATH), and no link is followed on the way.
---@class host.fs
local fs = {}

--- An opened directory: stays the same one when it is renamed.  Closed by `close`, `<close>` or the
--- collector.
---@class host.fs.Dir
local Dir = {}

---@alias host.fs.Links
---| "refuse"  # any link on the way is ELOOP (the default)
---| "inside"  # followed while they stay beneath the Dir, else EXDEV
---| "follow"  # followed anywhere: for verdicts on what a person put there

---@class host.fs.ReadOptions
---@field max? integer  longest content accepted, in bytes; default 64 MiB
---@field links? host.fs.Links

---@class host.fs.StatOptions
---@field links? host.fs.Links  "refuse" gives a link's own properties when the last segment is one

---@class host.fs.WriteOptions
---@field mode? integer     permission bits, less the umask's; default 0644
---@field durable? boolean  default true; false skips the syncs

---@alias host.fs.Kind "file"|"directory"|"symlink"|"other"

---@class host.fs.Entry
---@field name string
---@field kind host.fs.Kind  of the entry itself: links are not followed

---@class host.fs.Properties
---@field kind host.fs.Kind
---@field size integer
---@field mode integer   permission, set-id and sticky bits
---@field mtime number   seconds since 1970, with a fraction
---@field nlink integer
---@field uid integer
---@field gid integer

--- Opens a directory by an absolute path or one relative to the current directory; links are
--- followed.
---@param path string
---@return host.fs.Dir? dir
---@return string? message
---@return string? name
function fs.open_dir(path) end

--- Opens a directory beneath this one; links are refused.
---@param rel string
---@return host.fs.Dir? dir
---@return string? message
---@return string? name
function Dir:open_dir(rel) end

--- The path it was opened by, joined to that of the Dir it was opened from.
---@return string
function Dir:path() end

--- Closes it; a second call does nothing.
function Dir:close() end

--- A whole regular file.  EINVAL: not a regular file; EFBIG: longer than `max`.
---@param rel string
---@param opts? host.fs.ReadOptions
---@return string? text
---@return string? message
---@return string? name
function Dir:read(rel, opts) end

--- What is in a directory, sorted by byte; links on the way are refused.
---@param rel? string  default: the Dir itself
---@return host.fs.Entry[]? entries
---@return string? message
---@return string? name
function Dir:list(rel) end

--- Properties; "" is the Dir itself.  A name without a slash costs one system call.
---@param rel string
---@param opts? host.fs.StatOptions
---@return host.fs.Properties? properties
---@return string? message
---@return string? name
function Dir:stat(rel, opts) end

--- Replaces or makes one file: whole at every instant and, unless `durable` is false, safe from a
--- power cut once this returns.  What a killed process leaves is named ".mighost-<16 hex>.tmp".
---@param rel string
---@param text string
---@param opts? host.fs.WriteOptions
---@return true? done
---@return string? message
---@return string? name
function Dir:write(rel, text, opts) end

--- Where a path leads once all links are followed: a path relative to the Dir, without links.
--- EXDEV: it leads outside, or to the Dir itself; ENOENT: nothing is there.
---@param rel string
---@return string? real
---@return string? message
---@return string? name
function Dir:real(rel) end

---@class host.fs.MkdirOptions
---@field mode? integer  permission bits, less the umask's; default 0777

--- Makes a directory and what is missing above it; one that exists is fine and stays as it is.
---@param rel string
---@param opts? host.fs.MkdirOptions
---@return true? done
---@return string? message
---@return string? name
function Dir:mkdir(rel, opts) end

--- Removes a file, a link or an empty directory; a missing one is fine.
---@param rel string
---@return true? done
---@return string? message
---@return string? name
function Dir:remove(rel) end

--- Renames; what is at `to` already is kept (EEXIST).
---@param from string
---@param to string
---@return true? done
---@return string? message
---@return string? name
function Dir:rename(from, to) end

--- Makes one file, or the entries of one directory, durable.
---@param rel? string  default: the Dir itself
---@return true? done
---@return string? message
---@return string? name
function Dir:sync(rel) end

return fs
