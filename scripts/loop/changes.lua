--- From what an agent left in the work tree to one commit of just that: its own commits folded in,
--- whatever the validation or a hook left behind taken away, hooks and signing as the repository
--- has them.

local fs = require "host.fs"
local sys = require "host.sys"
local tree = require "host.tree"

local git = require "planning.git"
local secrets = require "planning.secrets"
local text = require "lib.text"

local LARGEST <const> = 1 << 30
local HOOKS_LIMIT <const> = 1800 -- seconds for all hooks of a commit
local SHOWN <const> = 5          -- names in a message
local LINK <const> = "160000"    -- git's mode of a submodule
local DURABLE <const> = { "-c", "core.fsync=all", "-c", "core.fsyncMethod=batch",
  "-c", "gc.auto=0", "-c", "maintenance.auto=false" }

---@class mighost.WorkChange
---@field tree string      git's id of the whole work tree with the change
---@field files string[]   that the change touches; relative to the work tree
---@field removed string[] those of them that are gone

local function run(action, words, opts)
  opts = opts or {}
  opts.keep, opts.held = LARGEST, action.lock
  return git.call(action.before.root, words, opts)
end

local function split(out)
  local list = {}
  for path in out:gmatch("[^%z]+") do
    list[#list + 1] = path
  end
  return list
end

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

---Makes the agent's commits changes that are not committed yet, and its index the one of before.
local function fold(action)
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

---Repositories that the agent made in the work tree and that are no submodules: git would commit
---a mere name of a commit that nobody else has.
local function find_nested(action, change)
  local out, message, name = run(action, { "diff-tree", "-r", "-z", "--no-renames", action.head,
    change.tree })
  if not out then
    return nil, message, name
  end
  local declared = run(action, { "config", "--blob", change.tree .. ":.gitmodules", "-z",
    "--get-regexp", "^submodule[.].*[.]path$" }) or ""
  local nested = {}
  for old, new, path in out:gmatch(":(%d+) (%d+) %x+ %x+ %a\0([^%z]*)\0") do
    if new == LINK and old ~= LINK and not declared:find("\n" .. path .. "\0", 1, true) then
      nested[#nested + 1] = path
    end
  end
  return nested
end

---Refuses a change of the plans, and one that git cannot take up here.
local function check(action, change)
  local nested, trouble, errno = find_nested(action, change)
  if not nested then
    return nil, trouble, errno
  elseif #nested > 0 then
    return nil, "the agent left a repository in the work tree: " .. some(nested), "EESCAPED"
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
    return nil, "the agent did what only people do: " .. some(problems), "EESCAPED"
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

---Removes what is untracked, and the folders that it stood in where they are new.
local function remove_untracked(action, paths)
  for _, path in ipairs(paths) do
    local whole = path:gsub("/$", "")
    local removed, message, name = tree.remove(("%s/%s"):format(action.before.root, whole))
    if not removed then
      return nil, message, name
    end
    local dir <close> = fs.open_dir(action.before.root)
    local above = whole:match("^(.*)/")
    while dir and above and not action.before.inventory.entries[above]
      and dir:remove(above) do -- goes only when it is empty
      above = above:match("^(.*)/")
    end
  end
  return true
end

---Takes away what the validation or a hook left: the work tree holds just what the index does.
---@param action mighost.Action
---@return string[]|nil undone paths
---@return string? message
---@return string? NAME
function M.tidy(action)
  local changed, message, name =
    run(action, { "diff-files", "--name-only", "-z", "--ignore-submodules=dirty" })
  local others
  if changed then
    others, message, name =
      run(action, { "ls-files", "--others", "--exclude-standard", "-z" })
  end
  if not others then
    return nil, message, name
  end
  local undone, new = split(changed), split(others)
  if #undone > 0 then
    local done, why, code = run(action, { "checkout-index", "--force", "-z", "--stdin" },
      { stdin = changed })
    if not done then
      return nil, why, code
    end
  end
  local removed, why, code = remove_untracked(action, new)
  if not removed then
    return nil, why, code
  end
  return table.move(new, 1, #new, #undone + 1, undone)
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
    return nil, "the validation did what only people do: " .. some(problems), "EESCAPED"
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
