--- What git knows of a work tree besides its files: HEAD, the index, refs, the stash, info/ and
--- operations under way.  Taken before an action, compared after the agent, put back after a
--- failure.  Branches that other work trees have checked out are theirs and are left alone, as are
--- refs/remotes, which a fetch in the background may move.

local fs = require "host.fs"
local tree = require "host.tree"

local git = require "planning.git"
local gitfiles = require "loop.gitfiles"
local json = require "lib.json"

local ELSEWHERE <const> = "^refs/remotes/"
local STATE <const> = "state.json"
local LARGEST <const> = 1 << 30

---@class mighost.GitState
---@field path string      the work tree; absolute
---@field gitdir string    its own git directory
---@field common string    the one that all linked work trees share
---@field head string      commit
---@field branch string|nil  full name; nil where HEAD is detached
---@field refs table<string, string>
---@field foreign table<string, boolean> branches that other work trees had checked out
---@field indexes string[]  names of the index and what it shares
---@field steering string[] hooks, configuration and info/ in the git directory
---@field shared string[]   likewise in the common one
---@field has_stash boolean
---@field operations table<string, boolean> that were under way already

local function call(path, words)
  return git.call(path, words, { finishing = true, keep = LARGEST })
end

---The same in the git directory itself: the work tree's way to it may be gone.
local function ask(state, words, input)
  return git.call(state.gitdir, words, { finishing = true, keep = LARGEST, stdin = input,
    env = { GIT_DIR = state.gitdir, GIT_WORK_TREE = state.gitdir } })
end

local function line_of(out)
  return out and (out:gsub("\n$", ""))
end

---Branches that other work trees have checked out now, or had when the state was taken.
local function foreign_branches(state)
  local out = ask(state, { "worktree", "list", "--porcelain", "-z" }) or ""
  local found, current = {}, nil
  for word in out:gmatch("[^%z]+") do
    current = word:match("^worktree (.*)$") or current
    local branch = word:match("^branch (.*)$")
    if branch and branch ~= state.branch and current ~= state.path and current ~= state.gitdir then
      found[branch] = true
    end
  end
  for branch in pairs(state.foreign or {}) do
    found[branch] = true
  end
  return found
end

local function read_refs(state)
  local out, message, name = ask(state,
    { "for-each-ref", "--format=%(objectname) %(refname)%(if)%(symref)%(then) symbolic%(end)" })
  if not out then
    return nil, message, name
  end
  local refs = {}
  for oid, ref, more in out:gmatch("(%x+) ([^ \n]+)([^\n]*)\n") do
    if more == "" and not ref:find(ELSEWHERE) then
      refs[ref] = oid
    end
  end
  return refs
end

local function read_place(path)
  local out, message, name = call(path, { "rev-parse", "--absolute-git-dir", "--git-common-dir" })
  if not out then
    return nil, message, name
  end
  local gitdir, common = out:match("^([^\n]*)\n([^\n]*)\n$")
  if common and common:sub(1, 1) ~= "/" then
    common = require("host.sys").realpath(path .. "/" .. common)
  end
  return gitdir, common
end

---The full name of the branch; false where HEAD is detached.
local function read_branch(state)
  local out, message, name, report = ask(state, { "symbolic-ref", "--quiet", "HEAD" })
  if out then
    return line_of(out)
  elseif report and report.exit == 1 then
    return false
  end
  return nil, message, name
end

local function write_state(state, place)
  local dir <close>, message, name = fs.open_dir(place)
  if not dir then
    return nil, message, name
  end
  return dir:write(STATE, json.encode(state) .. "\n", { durable = false })
end

local M = {}

---Takes the state of a work tree and keeps it in a folder, which is made anew.
---@param path string absolute path of the work tree
---@param place string absolute
---@return mighost.GitState|nil
---@return string? message
---@return string? NAME
function M.take(path, place)
  local removed, trouble, errno = tree.remove(place)
  if not removed then
    return nil, trouble, errno
  end
  local gitdir, common, code = read_place(path)
  if not gitdir then
    return nil, common, code
  end
  local state = { path = path, gitdir = gitdir, common = common }
  local branch, why, kind = read_branch(state)
  if branch == nil then
    return nil, why, kind
  end
  local head, message, name = ask(state, { "rev-parse", "--verify", "--quiet", "HEAD" })
  if not head then
    return nil, message, name
  end
  state.branch, state.head = branch or nil, line_of(head)
  state.refs, message, name = read_refs(state)
  if not state.refs then
    return nil, message, name
  end
  state.foreign = foreign_branches(state)
  local kept, problem, number = gitfiles.keep(state, place)
  if kept then
    kept, problem, number = write_state(state, place)
  end
  return kept and state, problem, number
end

---@param place string where `take` kept it
---@return mighost.GitState|nil
---@return string? message
---@return string? NAME
function M.read(place)
  local dir <close>, message, name = fs.open_dir(place)
  if not dir then
    return nil, message, name
  end
  local source, why, code = dir:read(STATE, { max = LARGEST })
  local state, problem = source and json.decode(source), why
  if type(state) ~= "table" or type(state.refs) ~= "table" then
    return nil, ("%s/%s cannot be read: %s"):format(place, STATE, problem or "damaged"),
      source and "ECORRUPT" or code
  end
  return state
end

---Whether a ref may have changed: the branch itself only forward, others' branches in any way.
local function is_forward(state, now)
  local out = ask(state, { "merge-base", "--is-ancestor", state.head, now })
  return out ~= nil
end

local function compare_refs(state, refs, add)
  local foreign = foreign_branches(state)
  for ref, oid in pairs(refs) do
    local was = state.refs[ref]
    if ref == state.branch then
      if was ~= oid and not is_forward(state, oid) then
        add("%s no longer has the commit that it had", ref)
      end
    elseif was ~= oid and not foreign[ref] then
      add("%s was %s", ref, was and "moved" or "made")
    end
  end
  for ref in pairs(state.refs) do
    if not refs[ref] and not foreign[ref] then
      add("%s was removed", ref)
    end
  end
end

---What an agent did to git that it may not do: all but moving its branch forward and changing the
---index.
---@param state mighost.GitState
---@return string[]|nil problems
---@return string? message
---@return string? NAME
function M.compare(state)
  local refs, message, name = read_refs(state)
  if not refs then
    return nil, message, name
  end
  local problems = {}
  local function add(...)
    problems[#problems + 1] = string.format(...)
  end
  local branch = read_branch(state) or nil
  if branch ~= state.branch then
    add("HEAD is at %s, no longer at %s", branch or "no branch", state.branch or "no branch")
  end
  compare_refs(state, refs, add)
  local dir <close> = fs.open_dir(state.gitdir)
  for _, entry in ipairs(gitfiles.OPERATIONS) do
    if dir and entry ~= "AUTO_MERGE" and not state.operations[entry] and dir:stat(entry) then
      add("an operation of git's is under way: %s", entry)
    end
  end
  table.sort(problems)
  return problems
end

---When HEAD was last moved away from where it was; 0 where it is there.
---@param state mighost.GitState
---@return number seconds since 1970
local function moved_at(state)
  local head = line_of(ask(state, { "rev-parse", "--verify", "--quiet", "HEAD" }))
  if head == state.head and (read_branch(state) or nil) == state.branch then
    return 0
  end
  local dir <close> = fs.open_dir(state.gitdir)
  local log = dir and dir:read("logs/HEAD", { max = LARGEST }) or ""
  local time = log:match("> (%d+) [+-]%d+[^\n]*\n?$")
    or line_of(ask(state, { "log", "-1", "--format=%ct" }))
  return tonumber(time) or 0
end

---The changes that make all refs what they were, as `git update-ref --stdin -z` wants them.
local function ref_changes(state, refs, foreign)
  local changes, moved = {}, {}
  for ref, oid in pairs(refs) do
    local was = state.refs[ref]
    if was ~= oid and not foreign[ref] then
      changes[#changes + 1] = was and ("update %s\0%s\0%s\0"):format(ref, was, oid)
        or ("delete %s\0%s\0"):format(ref, oid)
      moved[#moved + 1] = ("%s was %s"):format(ref, oid)
    end
  end
  for ref, oid in pairs(state.refs) do
    if not refs[ref] and not foreign[ref] then
      changes[#changes + 1] = ("create %s\0%s\0"):format(ref, oid)
    end
  end
  table.sort(moved)
  return changes, moved
end

local function restore_head(state)
  local at = read_branch(state) or nil
  local words
  if at ~= state.branch and state.branch then
    words = { "symbolic-ref", "HEAD", state.branch }
  elseif not state.branch and (at or line_of(ask(state, { "rev-parse", "HEAD" }))
    ~= state.head) then
    words = { "update-ref", "--no-deref", "HEAD", state.head }
  end
  if not words then
    return true
  end
  local done, message, name = ask(state, words)
  return done and true, message, name
end

local function restore_refs(state)
  local headed, trouble, errno = restore_head(state)
  if not headed then
    return nil, trouble, errno
  end
  local refs, why, code = read_refs(state)
  if not refs then
    return nil, why, code
  end
  local changes, moved = ref_changes(state, refs, foreign_branches(state))
  if #changes > 0 then
    local done, message, name = ask(state,
      { "update-ref", "--no-deref", "--stdin", "-z", "-m", "mighost: put back" },
      table.concat(changes))
    if not done then
      return nil, message, name
    end
  end
  return moved
end

---Puts everything back.
---@param state mighost.GitState
---@param place string where `take` kept it
---@return string[]|nil moved what refs pointed to that do so no more: nothing else may hold it
---@return string? message
---@return string? NAME
function M.restore(state, place)
  local unlocked, trouble, errno = gitfiles.guard(state, place)
  if unlocked then
    unlocked, trouble, errno = gitfiles.unlock(state)
  end
  if not unlocked then
    return nil, trouble, errno
  end
  local moved, why, code = restore_refs(state)
  if not moved then
    return nil, why, code
  end
  local done, message, name = gitfiles.restore(state, place)
  return done and moved, message, name
end

M.moved_at = moved_at

return M
