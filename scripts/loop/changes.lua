--- From what an agent left in the work tree to one commit of just that: its own commits folded in,
--- hooks and signing as the repository has them.

local fs = require "host.fs"
local sys = require "host.sys"

local command = require "loop.command"
local nested = require "loop.nested"
local secrets = require "planning.secrets"
local text = require "lib.text"

local run <const>, split <const> = command.run, command.split

local REPOSITORY <const> = "the agent left a repository in the work tree: "
local HOOKS_LIMIT <const> = 1800 -- seconds for all hooks of a commit
local SHOWN <const> = 5          -- names in a message
local DURABLE <const> = { "-c", "core.fsync=all", "-c", "core.fsyncMethod=batch",
  "-c", "gc.auto=0", "-c", "maintenance.auto=false" }

---@class mighost.WorkChange
---@field tree string      git's id of the whole work tree with the change
---@field files string[]   that the change touches; relative to the work tree
---@field removed string[] those of them that are gone

---A few names for a message.
local function some(list)
  local shown = {}
  for index = 1, math.min(#list, SHOWN) do
    shown[index] = text.printable(list[index])
  end
  local more = #list > SHOWN and (" and %d more"):format(#list - SHOWN) or ""
  return table.concat(shown, ", ") .. more
end

---What the agent itself put into the index that git would pass over, an ignored file say.
local function find_forced(action)
  local out, message, name = run(action,
    { "diff-index", "--cached", "--name-only", "--diff-filter=A", "-z", action.head })
  if not out then
    return nil, message, name
  end
  local dir <close>, forced = fs.open_dir(action.before.root), {}
  for _, path in ipairs(split(out)) do
    forced[#forced + 1] = dir and dir:stat(path) and path or nil
  end
  return forced
end

---Commits that were made since, which nothing but git's log of the branch will have any more.
local function tell_folded(action)
  local out, message, name = run(action, { "log", "-z", "--format=%h %s",
    action.head .. ".." .. action.branch })
  local made = out and split(out)
  if made and #made > 0 then
    action.ctx.report { kind = "warning",
      text = "what was committed meanwhile becomes part of one commit: " .. some(made) }
  end
  return made and true, message, name
end

---Makes the agent's commits changes that are not committed yet, and its index the one of before.
local function fold(action)
  local told, trouble, errno = tell_folded(action)
  if not told then
    return nil, trouble, errno
  end
  local forced, message, name = find_forced(action)
  if not forced then
    return nil, message, name
  end
  local folded, why, code = run(action, { "update-ref", "-m", "mighost: fold the agent's commits",
    action.branch, action.head })
  if folded then
    folded, why, code = action.before:restore_index()
  end
  return folded and forced, why, code
end

local function add_all(action, forced)
  local words = table.move(DURABLE, 1, #DURABLE, 1, {})
  table.move({ "add", "--all" }, 1, 2, #words + 1, words)
  local added, message, name = run(action, words)
  if added and #forced > 0 then
    added, message, name = run(action, { "add", "--force", "--pathspec-from-file=-",
      "--pathspec-file-nul" }, { stdin = table.concat(forced, "\0") .. "\0" })
  end
  return added, message, name
end

---What is in the work tree and not in the index, whatever kind it is.
local function find_leftovers(action)
  local out, message, name = run(action, { "status", "--porcelain", "-z", "--no-renames",
    "--untracked-files=all", "--ignore-submodules=none" })
  if not out then
    return nil, message, name
  end
  local left = {}
  for _, line in ipairs(split(out)) do
    if line:sub(2, 2) ~= " " then
      left[#left + 1] = line:sub(4)
    end
  end
  return left
end

local function names_between(action, from, to, filter, paths)
  local words = { "diff-tree", "-r", "-z", "--name-only", "--no-renames", filter, from, to, "--" }
  table.move(paths or {}, 1, #(paths or {}), #words + 1, words)
  local out, message, name = run(action, words)
  return out and split(out), message, name
end

---Refuses a change of the plans, and one that git cannot take up here.
local function check(action, change)
  local linked, trouble, errno = nested.linked(action, change.tree)
  if not linked then
    return nil, trouble, errno
  elseif #linked > 0 then
    return nil, REPOSITORY .. some(linked), "EESCAPED"
  end
  local plans, message, name =
    names_between(action, action.head, change.tree, "--diff-filter=d", { action.live })
  local gone
  if plans then
    gone, message, name =
      names_between(action, action.head, change.tree, "--diff-filter=D", { action.live })
  end
  if not gone then
    return nil, message, name
  end
  table.move(gone, 1, #gone, #plans + 1, plans)
  if #plans > 0 then
    return nil, "the agent changed plans, which only mighost does: " .. some(plans), "EESCAPED"
  end
  local left, why, code = find_leftovers(action)
  if not left then
    return nil, why, code
  elseif #left > 0 then
    return nil, "a change cannot be committed from here (in a submodule, or outside the sparse "
      .. "checkout): " .. some(left), "EESCAPED"
  end
  return change
end

local function write_tree(action)
  local out, message, name = run(action, { "write-tree" })
  return out and out:match("%x+"), message, name
end

---What a tree changes of the commit before.
local function describe(action, id)
  local files, message, name = names_between(action, action.head, id, "--diff-filter=d")
  local removed
  if files then
    removed, message, name = names_between(action, action.head, id, "--diff-filter=D")
  end
  return removed and { tree = id, files = files, removed = removed }, message, name
end

local M = {}

---Makes everything that the agent left one change.
---@param action mighost.Action
---@return mighost.WorkChange|nil
---@return string? message
---@return string? NAME EESCAPED: it did what it may not
function M.stage(action)
  local problems, message, name = action.before:escapes()
  if not problems then
    return nil, message, name
  elseif #problems > 0 then
    return nil, "the agent did what only a person may do: " .. some(problems), "EESCAPED"
  end
  local made, trouble, errno = nested.find(action)
  if not made then
    return nil, trouble, errno
  elseif #made > 0 then
    return nil, REPOSITORY .. some(made), "EESCAPED"
  end
  local forced, why, code = fold(action)
  if forced then
    local added
    added, why, code = add_all(action, forced)
    forced = added and forced
  end
  local id, change
  if forced then
    id, why, code = write_tree(action)
  end
  if id then
    change, why, code = describe(action, id)
  end
  if not change then
    return nil, why, code
  end
  return check(action, change)
end

---Makes the work tree, which is as it was before the action, the one of an agent's change.
---@param action mighost.Action
---@param id string git's id of the tree
---@return mighost.WorkChange|nil
---@return string? message
---@return string? NAME
function M.apply(action, id)
  run(action, { "update-index", "-q", "--refresh" }) -- files that were put back have new times
  local done, message, name = run(action, { "read-tree", "-m", "-u",
    "--exclude-per-directory=.gitignore", action.head, id })
  if not done then
    return nil, message, name
  end
  return describe(action, id)
end

---Whether something was committed since the action began.
---@param action mighost.Action
---@return boolean|nil
---@return string? message
---@return string? NAME
function M.is_committed(action)
  local head, message, name = run(action, { "rev-parse", "HEAD" })
  if not head then
    return nil, message, name
  end
  return head:match("%x+") ~= action.head
end

---What ran the agent's code may have done what it may not, and must not have changed the index.
---@param action mighost.Action
---@param change mighost.WorkChange
---@return true|nil
---@return string? message
---@return string? NAME
function M.check_after(action, change)
  local problems, message, name = action.before:escapes()
  if not problems then
    return nil, message, name
  end
  local now, why, code = write_tree(action)
  if not now then
    return nil, why, code
  elseif now ~= change.tree then
    problems[#problems + 1] = "the index was changed"
  end
  local is_committed, trouble, errno = M.is_committed(action)
  if is_committed == nil then
    return nil, trouble, errno
  elseif is_committed then
    problems[#problems + 1] = "something was committed"
  end
  if #problems > 0 then
    return nil, "the validation did what only a person may do: " .. some(problems), "EESCAPED"
  end
  return true
end

---Puts a file of mighost's own into the change.
local function write_own(action, path, content)
  local dir <close>, message, name = fs.open_dir(action.before.root)
  if not dir then
    return nil, message, name
  end
  local found = dir:stat(path)
  local written, why, code =
    dir:write(path, content, { mode = found and found.mode & 511 or nil })
  if not written then
    return nil, why, code
  end
  return run(action, { "add", "--", path })
end

local function run_commit(action, message, folder)
  local words = table.move(DURABLE, 1, #DURABLE, 1, {})
  for _, word in ipairs { "commit", "--quiet", "--file=-" } do
    words[#words + 1] = word
  end
  local out, why, name, report = run(action, words, {
    stdin = message, timeout = HOOKS_LIMIT, secrets = secrets.of(sys.env()),
    on_progress = action:ticker(),
    stdout = folder .. "/commit.stdout.log", stderr = folder .. "/commit.stderr.log",
  })
  if out then
    return true
  end
  local said = report and report.stderr and report.stderr.head .. report.stderr.tail or nil
  return nil, why, name == "EGIT" and "EHOOK" or name, said
end

---The commit must be one on top of what was there, and hold the plans as they were written.
local function check_commit(action, expected)
  local out, message, name = run(action, { "log", "-1", "--format=%H %P %T" })
  local oid, parents, found = (out or ""):match("^(%x+) ([%x ]*) (%x+)\n$")
  if not oid then
    return nil, message or "git log told nothing of the commit", name or "EGIT"
  elseif parents ~= action.head then
    return nil, "a hook moved the branch while mighost committed", "EESCAPED"
  end
  local plans, why, code =
    names_between(action, expected, found, "--diff-filter=ACDMRTUXB", { action.live })
  if not plans then
    return nil, why, code
  elseif #plans > 0 then
    return nil, "a hook changed plans in the commit: " .. some(plans), "EESCAPED"
  end
  local hooked, trouble, errno =
    names_between(action, expected, found, "--diff-filter=ACDMRTUXB")
  return hooked and oid, trouble or hooked, errno
end

---Commits the change.
---@param action mighost.Action
---@param message string
---@param own table<string, string> files of mighost's own that belong to it: content by path
---@param folder string where git's words are kept
---@return string|nil commit
---@return string|string[]|nil hooked what hooks changed in it; or why it failed
---@return string? NAME EHOOK: git or a hook refused it
---@return string? said what they printed
function M.commit(action, message, own, folder)
  for path, content in pairs(own) do
    local written, why, name = write_own(action, path, content)
    if not written then
      return nil, why, name
    end
  end
  local expected, why, name = write_tree(action)
  if not expected then
    return nil, why, name
  end
  local done, refusal, code, said = run_commit(action, message, folder)
  if not done then
    return nil, refusal, code, said
  end
  return check_commit(action, expected)
end

M.some = some

return M
