---@meta host.publish

--- Replacing one migration directory as a unit, recorded as one git commit.  For planning.commit
--- and planning.recover only.  Failures of the world are `nil, message, NAME`: EBUSY, EDIRTY,
--- ESTALE, EREMOVED, EMERGING, EINVALIDPATH, EUNSUPPORTED, ENOIDENT, ECORRUPT or an errno's.
---
--- The order of one step: open, lease, recover, snapshot, copy, (the paid part), begin, rules on
--- the staged tree, exchange, rules on the live one, commit, finish.
---@class host.publish
local publish = {}

---@class host.publish.OpenOptions
---@field repo host.repo.Repo  kept open while the site is
---@field live string          the live directory, relative to the work tree
---@field state_home string    absolute, exists; set-aside trees go to projects/<id>/set-aside in it
---@field allow_fuse? boolean  a FUSE file system is trusted to lock

--- One live directory of one work tree.
---@class host.publish.Site
local Site = {}

--- The right to change one migration; lost when the process ends.
---@class host.publish.Lease
local Lease = {}

--- What is live and where HEAD has it.
---@class host.publish.Snapshot
local Snapshot = {}

--- A publish under way.  Its `<close>` puts back what was exchanged and not committed, and clears
--- up after what was committed and not finished.
---@class host.publish.Tx
local Tx = {}

--- Opens the live directory and makes <git common dir>/mighost where it is missing.
---@param opts host.publish.OpenOptions
---@return host.publish.Site? site
---@return string? message
---@return string? name
function publish.open(opts) end

--- A random name of this repository, 32 hexadecimal digits, made once.
---@return string
function Site:project_id() end

--- The absolute path of <git common dir>/mighost.
---@return string
function Site:common() end

--- Takes the lease of a slug; EBUSY with the holder when another process has it.
---@param slug string       at most 180 bytes
---@param operation string  shown to whoever is refused
---@param opts? { wait?: number }  seconds to wait, default 0
---@return host.publish.Lease? lease
---@return string? message
---@return string? name
function Site:lease(slug, operation, opts) end

---@class host.publish.Recovery
---@field action "none"|"finished"|"discarded"|"set-aside"
---@field commit? string     of a step that was finished
---@field operation? string  of the journal that was found
---@field workspace? string  likewise: absolute path of the step's workspace
---@field kept? string       absolute path of a tree that was set aside

--- Finishes or undoes what a dead holder of the slug left; harmless to repeat.
---@param lease host.publish.Lease
---@return host.publish.Recovery? recovery
---@return string? message
---@return string? name
function Site:recover(lease) end

--- Looks at what is live: EDIRTY where it is not as committed, EMERGING during a merge or rebase.
---@param lease host.publish.Lease
---@return host.publish.Snapshot? snapshot
---@return string? message
---@return string? name
function Site:snapshot(lease) end

---@class host.publish.Publication
---@field workspace string  absolute path of the next tree
---@field digest? string    what the workspace must still have (host.tree.digest)
---@field operation string  for people
---@field message string    of the commit; the trailer Publish-Id is added
---@field token string      32 hexadecimal digits, unique

--- Stages the next tree beside live.
---@param lease host.publish.Lease
---@param snapshot host.publish.Snapshot
---@param publication host.publish.Publication
---@return host.publish.Tx? tx
---@return string? message
---@return string? name
function Site:begin(lease, snapshot, publication) end

---@class host.publish.Remains
---@field kind "journal"|"draft"|"transaction"|"objects"
---@field slug string
---@field detail string  a journal's operation, "" where it cannot be read; else "<slug>@<token>"

--- What exists of unfinished steps, those under way included; changes nothing.
---@return host.publish.Remains[]? remains
---@return string? message
---@return string? name
function Site:remains() end

---@class host.publish.GitLock
---@field path string   relative to git's common directory
---@field age string    seconds
---@field owner "ours"|"other"

--- git's own locks that exist now.
---@return host.publish.GitLock[]? locks
---@return string? message
---@return string? name
function Site:locks() end

--- Removes those of git's locks that dead mighost processes left, and no others.
---@return true?
---@return string? message
---@return string? name  EBUSY: a commit is being made
function Site:unlock() end

--- Moves an entry of __transactions__ to the project's set-aside folder, with a line that says why.
---@param name string
---@param label string  its name there; a number is appended if that is taken
---@param why string
---@return string? path  where it is now
---@return string? message
---@return string? name_of_error
function Site:set_aside(name, label, why) end

--- Closes it; a second call does nothing.
function Site:close() end

--- Releases the lease; a second call does nothing.
function Lease:drop() end

--- The digest of the live tree; a missing one has a digest of its own.
---@return string
function Snapshot:digest() end

--- The id of the tree in HEAD, "" where there is none.
---@return string
function Snapshot:tree_id() end

--- Whether there is a live tree.
---@return boolean
function Snapshot:exists() end

--- Copies the live tree, or makes an empty directory where there is none.
---@param path string  absolute; must not exist
---@return true?
---@return string? message
---@return string? name
function Snapshot:copy(path) end

--- Makes a workspace that holds an earlier state of the migration the same as the live tree, by
--- copying only what differs; after a failure it is something between the two.
---@param path string  absolute; must exist
---@param old host.tree.Snapshot  what it holds
---@return true?
---@return string? message
---@return string? name
function Snapshot:refresh(path, old) end

--- The absolute path of the staged tree, before the exchange.
---@return string
function Tx:staged() end

--- Whether the staged tree, live and the branch are as the step left them: ESTALE or EMERGING when
--- somebody changed them.
---@return true?
---@return string? message
---@return string? name
function Tx:verify() end

--- Exchanges staged and live, durably; after ESTALE live has been put back.
---@return true?
---@return string? message
---@return string? name
function Tx:exchange() end

--- Commits what was exchanged; when it returns, tree and commit survive a power cut.  After EBUSY
--- it may be called again.
---@param wait? number  seconds to wait for whoever commits or runs git meanwhile, default 30
---@return string? oid
---@return string? message
---@return string? name
function Tx:commit(wait) end

--- Whether the branch has the commit; true also where a later part of `commit` failed.
---@return boolean
function Tx:committed() end

--- Removes what is left of the publish.  A failure loses nothing: `recover` repeats it.
---@return true?
---@return string? message
---@return string? name
function Tx:finish() end

--- Puts live back as it was; nothing to do after a commit.
---@return true?
---@return string? message
---@return string? name
function Tx:rollback() end

return publish
