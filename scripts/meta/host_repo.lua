---@meta host.repo

--- Reading a git repository.  Failures of the world are `nil, message, NAME`; wrong arguments and a
--- closed Repo raise.
---@class host.repo
local repo = {}

--- An opened repository.  Closed by `close`, `<close>` or the collector.
---@class host.repo.Repo
local Repo = {}

---@class host.repo.Info
---@field workdir string    absolute, as are the next two; none ends in a slash
---@field gitdir string     of this work tree
---@field commondir string  shared by all linked work trees
---@field state string      "none" or the operation under way: "merge", "rebase", "bisect", ...
---@field branch? string    full name, "refs/heads/main"; absent when HEAD is detached or unborn
---@field head? string      commit id; absent when unborn
---@field detached boolean
---@field unborn boolean

---@class host.repo.Person
---@field name string
---@field email string

---@class host.repo.Commit
---@field oid string
---@field subject string
---@field body string     all after the subject, trailers included
---@field time integer    seconds since 1970
---@field offset integer  minutes east of UTC

--- Opens the repository whose work tree is or holds `path`.
--- ENOTREPO: none, or a bare one.  EUNSUPPORTED: of another owner, or of a format that libgit2
--- cannot read (SHA-256 objects, reftable).
---@param path string
---@return host.repo.Repo? repo
---@return string? message
---@return string? name
function repo.open(path) end

--- The version of libgit2.
---@return string
function repo.version() end

--- Where HEAD is and what is under way.
---@return host.repo.Info? info
---@return string? message
---@return string? name
function Repo:info() end

--- Who commits: GIT_COMMITTER_* or the configuration; ENOIDENT where that or the author is unknown.
---@return host.repo.Person? person
---@return string? message
---@return string? name
function Repo:identity() end

--- Starts asking git who commits, so that something else can be done before `identity` is called.
---@return true? asked
---@return string? message
---@return string? name
function Repo:ask_identity() end

--- Whether a setting of git's has a value, as far as libgit2 sees it: not what GIT_CONFIG_*
--- variables bring, nor what an include says that depends on a remote's URL.
---@param name string
---@return boolean? found
---@return string? message
---@return string? name
function Repo:has_setting(name) end

--- The id of the tree or blob at a path in a commit, false where nothing is there.
---@param path string  relative to the work tree
---@param rev? string  commit id; default HEAD
---@return string|false|nil oid
---@return string? message
---@return string? name
function Repo:tree_id(path, rev) end

--- The commits reachable from HEAD that changed a path, newest first.
---@param path string
---@param max? integer  default 1000
---@return host.repo.Commit[]? commits
---@return string? message
---@return string? name
function Repo:history(path, max) end

--- The bytes of a file in a commit; ENOENT.
---@param path string
---@param rev? string  commit id; default HEAD
---@return string? text
---@return string? message
---@return string? name
function Repo:read(path, rev) end

--- Runs git's own program in the work tree, for questions that it answers best; no hook runs, and
--- no setting of the environment leads it to another repository.  EGIT: it said no.
---@param words string[]  command and arguments, paths relative to the work tree
---@return string? stdout
---@return string? message
---@return string? name
function Repo:git(words) end

--- Writes the tree at a path in a commit to a new directory; nothing is left of one that failed.
--- EINVALIDPATH: it holds a link, a submodule or a name that git acts on; EFBIG: too much; ENOENT.
---@param path string
---@param rev string  commit id
---@param to string   absolute; the directory above it exists
---@return true? done
---@return string? message
---@return string? name
function Repo:export(path, rev, to) end

--- Closes it; a second call does nothing.
function Repo:close() end

return repo
