---@meta host.tree

--- Directory trees of plain files, as a whole.  Failures of the world are `nil, message, NAME`;
--- wrong arguments raise.
---
--- Only directories and regular files belong in a tree: a symbolic link, FIFO, socket or device is
--- EINVALIDPATH, naming it (only `remove` takes anything).  Paths are absolute or relative to the
--- current directory; links are followed on the way to the last name, which itself must be no link.
---@class host.tree
local tree = {}

---@class host.tree.Entry
---@field kind "file"|"directory"
---@field size integer     bytes of a file, 0 for a directory
---@field mode integer     permission bits
---@field sha256? string   of a file's content, in hexadecimal

--- What is in a tree: relative paths to entries, the root itself left out.  Not to be changed.
---@alias host.tree.Snapshot table<string, host.tree.Entry>

---@class host.tree.Difference  paths of files, sorted by byte; directories are not named
---@field added string[]
---@field changed string[]  content or permission bits
---@field removed string[]

--- The SHA-256 of a text, in hexadecimal.
---@param text string
---@return string? digest
---@return string? message
---@return string? name
function tree.sha256(text) end

--- One digest for a whole tree: names, kinds, permission bits and contents, and nothing else.  A
--- tree that does not exist has a digest of its own; the directory it would lie in must exist.
---@param path string
---@return string? digest
---@return string? message
---@return string? name
function tree.digest(path) end

--- What is in a tree, and its digest; empty for one that does not exist.
---@param path string
---@param known? host.tree.Snapshot  an earlier one of it: what has not changed is not read again
---@return host.tree.Snapshot? snapshot
---@return string digest_or_message
---@return string? name
function tree.snapshot(path, known) end

--- What differs between two results of `snapshot`.
---@param before host.tree.Snapshot
---@param after host.tree.Snapshot
---@return host.tree.Difference
function tree.diff(before, after) end

--- Copies a tree; `to` must not exist (EEXIST).  Permission bits are kept, hard links become files
--- of their own.  A copy that failed is removed again.  Nothing is made durable.
---@param from string
---@param to string
---@return true? done
---@return string? message
---@return string? name
function tree.copy(from, to) end

--- Removes a tree, or whatever has that name; links are removed, not followed.  Missing is fine.
---@param path string
---@return true? done
---@return string? message
---@return string? name
function tree.remove(path) end

--- Makes everything in a tree durable.
---@param path string
---@return true? done
---@return boolean|string|nil whole whether everything else on its file system became so too, or a
--- message
---@return string? name
function tree.sync(path) end

---@class host.tree.MarksOptions
---@field skip? string[]    relative paths that are left out, with all beneath them
---@field max? integer      EFBIG where there are more entries
---@field settle? boolean   waits, some ms, until the next change of anything must be noticed

--- How every entry of a tree looks; opaque.
---@class host.tree.Marks

--- What was touched between two looks.  A directory that was added, removed or replaced (by another
--- kind of entry, or another directory) stands for all that is in it.
---@class host.tree.Touched
---@field path string      relative to the root, which is ""
---@field kind host.fs.Kind
---@field touch "added"|"removed"|"replaced"|"changed"  changed: still the same inode
---@field size? true       changed: its size
---@field shrunk? true     it became smaller
---@field mtime? true      its time of modification
---@field mode? true       its permissions
---@field owner? true      its user or group
---@field links? true      how many names it has
---@field other? true      something that cannot be seen: its time of the last change tells of it
---@field written? true    both times are the same, as a write leaves them

--- Looks at every entry of a tree, whatever it is, reading no content; links are not followed,
--- mount points not entered.  A tree that does not exist has no entries.
---@param path string
---@param opts? host.tree.MarksOptions
---@return host.tree.Marks? marks
---@return string? message
---@return string? name
function tree.marks(path, opts) end

---@param before host.tree.Marks
---@param after host.tree.Marks
---@return host.tree.Touched[]  sorted; what is in a directory follows it at once
function tree.touched(before, after) end

return tree
