--- Publishes an accepted step: one exchange of the migration's directory, one commit, or nothing.

local publish = require "host.publish"

local tables = require "lib.tables"
local tenancy = require "planning.tenancy"
local text = require "lib.text"

local WHY_LIMIT <const> = 240
local READ_LIMIT <const> = 16 * WHY_LIMIT -- bytes of a text that can matter for that

---@class mighost.PublishHooks
---@field check fun(path: string, staged: boolean): true|nil, string|nil, string|nil the rules
---@field on_commit fun(oid: string)
---@field notify (fun(event: table))|nil told for whom it waits

local M = {}

---Opens the place where this project's migrations are published.
---@param project mighost.Project
---@param repo host.repo.Repo
---@return host.publish.Site|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.open(project, repo)
  return publish.open {
    repo = repo,
    live = project.git_live,
    state_home = project.state_home,
    allow_fuse = project.config.allow_fuse,
  }
end

local function cut(line, limit)
  if utf8.len(line) <= limit then
    return line
  end
  return line:sub(1, utf8.offset(line, limit) - 1) .. "…"
end

---An agent's text as one short line that is fit for a commit message.
---@param words string
---@param replaced? table<string, string> paths of this machine and what stands for them
---@return string
function M.flatten(words, replaced)
  local paths = tables.sorted_keys(replaced or {}, function(a, b)
    return #a > #b
  end)
  for _, path in ipairs(paths) do
    words = words:gsub(path:gsub("%p", "%%%0"), (replaced[path]:gsub("%%", "%%%%")))
  end
  words = text.to_utf8(words:sub(1, READ_LIMIT))
  local line = text.printable((words:gsub("%s+", " "))):gsub("^ +", ""):gsub(" +$", "")
  return cut(line, WHY_LIMIT)
end

---The message of a step's commit; the trailer that identifies the publication is added to it.
---@param prefix string
---@param about string what the subject says behind the prefix, e.g. planning/<slug>/<step>
---@param why string one line
---@param feedback? string what a person said that this step answers
---@return string
function M.message(prefix, about, why, feedback)
  local said = feedback and ("\nFeedback:\n%s\n"):format(M.flatten(feedback)) or ""
  local subject = text.printable(about) -- a line end in it must not end the subject
  return ("%s: %s\n\nWhy:\n%s\n%s"):format(prefix, subject, why, said)
end

---Says whose lock it waits for when that takes more than a moment.
local function commit_patiently(tx, notify)
  local oid, message, name, fix = tx:commit(tenancy.UNTOLD)
  if oid or name ~= "EBUSY" then
    return oid, message, name, fix
  elseif notify then
    notify { kind = "busy", text = message .. "; waiting for it" }
  end
  return tx:commit(tenancy.PATIENCE)
end

---The rules on a tree of the transaction.  Where they fail because somebody was at that tree, it is
---nothing that an agent did.
local function check_tree(tx, check, path, is_staged)
  local fit, finding, rule, help = check(path, is_staged)
  if fit then
    return true
  end
  local same, message, name = tx:verify()
  if not same then
    return nil, message, name
  end
  return nil, finding, rule, help
end

---Rules on the staged tree, exchange, rules on what is live now, commit.
local function carry_out(tx, live, hooks)
  local check = hooks.check
  local fit, finding, rule, help = check_tree(tx, check, tx:staged(), true)
  if not fit then
    return nil, finding, rule, help
  end
  local exchanged, message, name, fix = tx:exchange()
  if not exchanged then
    return nil, message, name, fix
  end
  local sound, problem, code, advice = check_tree(tx, check, live, false)
  if not sound then
    return nil, problem, code, advice
  end
  return commit_patiently(tx, hooks.notify)
end

---One transaction from its beginning to its end.
local function transact(site, lease, snapshot, work, hooks)
  local tx <close>, message, name, fix = site:begin(lease, snapshot, {
    workspace = work.workspace.path,
    digest = work.record.digest,
    operation = work.record.operation,
    message = work.record.message,
    token = work.workspace.token,
  })
  if not tx then
    return nil, message, name, fix
  end
  local oid, problem, code, advice = carry_out(tx, work.live, hooks)
  if not oid then
    return nil, problem, code, advice
  end
  hooks.on_commit(oid)
  tx:finish()
  return oid
end

---Makes the workspace the migration and commits it.  Until the commit any failure leaves everything
---as it was.  Cleaning up comes after `on_commit`, so that nobody waits for it; the next command on
---this migration does what it leaves undone.  A staged tree that somebody's `git clean -fdx` takes
---away is made once more: the workspace has all of it.
---@param site host.publish.Site
---@param lease host.publish.Lease
---@param snapshot host.publish.Snapshot
---@param work { workspace: mighost.Workspace, record: mighost.Accepted, live: string,
---  worktree: mighost.Project } worktree: it is waited for while a phase is carried out in it
---@param hooks mighost.PublishHooks
---@return string|nil commit
---@return string? message
---@return string? NAME
---@return string? fix
function M.publish(site, lease, snapshot, work, hooks)
  local tenant <close>, busy, held = tenancy.await(work.worktree, work.record.operation,
    { wait = tenancy.PATIENCE, allow_fuse = work.worktree.config.allow_fuse }, hooks.notify)
  if not tenant then
    return nil, busy, held
  end
  local oid, message, name, fix = transact(site, lease, snapshot, work, hooks)
  if name == "EREMOVED" then
    oid, message, name, fix = transact(site, lease, snapshot, work, hooks)
  end
  return oid, message, name, fix
end

return M
