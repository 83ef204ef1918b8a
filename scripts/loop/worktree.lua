--- A work tree as it was before an action, and the way back to it: every file, link, folder and
--- permission, submodules too, and what git knows of them.
---
--- Not put back: times of files; what lies in `.git` folders besides HEAD, index, refs, stash and
--- info/; contents beyond keep's limit, of which it is said by name that they were touched.

local fs = require "host.fs"

local git = require "planning.git"
local gitfiles = require "loop.gitfiles"
local gitstate = require "loop.gitstate"
local inventory = require "loop.inventory"
local keeps = require "loop.keep"
local putback = require "loop.putback"

local BEFORE <const> = "before"
local FOLDER <const> = "mighost/worktrees"
local LARGEST <const> = 1 << 30

---@class mighost.Before
---@field root string
---@field place string        absolute: where everything is kept
---@field keep mighost.Keep
---@field inventory mighost.Inventory
---@field states mighost.GitState[]  the work tree's own first, then its submodules'
---@field skip string[]
---@field passed integer      how many files' contents are not kept
---@field from string|nil     the commit before, where something was published since
local Before <const> = {}
Before.__index = Before

---What is in the work tree and is not the action's: other publications' staged trees, and
---mighost's own evidence where the user keeps that in here.
local function skipped(project)
  local skip = { project.git_live .. "/__transactions__" }
  local prefix = project.worktree .. "/"
  if project.state_home:sub(1, #prefix) == prefix then
    skip[2] = project.state_home:sub(#prefix + 1)
  end
  return skip
end

---The submodules that are checked out, theirs too; absolute paths.
local function submodules(path, found)
  local out, message, name =
    git.call(path, { "ls-files", "--stage", "-z" }, { finishing = true, keep = LARGEST })
  if not out then
    return nil, message, name
  end
  for sub in out:gmatch("160000 %x+ %d\t([^%z]+)%z") do
    local dir <close> = fs.open_dir(path .. "/" .. sub)
    if dir and dir:stat(".git") then
      found[#found + 1] = path .. "/" .. sub
      local more, why, code = submodules(path .. "/" .. sub, found)
      if not more then
        return nil, why, code
      end
    end
  end
  return found
end

local function place_of(project)
  local name = project.gitdir == project.common and "main" or project.gitdir:match("[^/]+$")
  return ("%s/%s/%s"):format(project.common, FOLDER, name)
end

local function take_states(before, paths)
  before.states = {}
  for index, path in ipairs(paths) do
    local state, message, name = gitstate.take(path, ("%s/git-%d"):format(before.place, index))
    if not state then
      return nil, message, name
    end
    before.states[index] = state
  end
  return true
end

local function open_keep(project)
  return keeps.open({ root = project.worktree, gitdir = project.gitdir, common = project.common },
    place_of(project))
end

local M = {}

---Takes everything down.
---@param project mighost.Project
---@return mighost.Before|nil
---@return string? message
---@return string? NAME
function M.take(project)
  local root = project.worktree
  local keep, message, name = open_keep(project)
  if not keep then
    return nil, message, name
  end
  local before = setmetatable({ root = root, place = keep.place, keep = keep,
    skip = skipped(project) }, Before)
  local dir <close>, why, code = fs.open_dir(before.place)
  if not dir then
    return nil, why, code
  end
  local earlier = inventory.read(dir, BEFORE)
  before.inventory, why, code = inventory.take(root, before.skip)
  if not before.inventory then
    return nil, why, code
  end
  before.passed, why, code = keep:save(before.inventory, earlier)
  local paths
  if before.passed then
    paths, why, code = submodules(root, { root })
  end
  local taken, trouble, errno
  if paths then
    taken, trouble, errno = take_states(before, paths)
  end
  if not taken then
    return nil, why or trouble, code or errno
  end
  local written, problem, number = inventory.write(dir, BEFORE, before.inventory)
  return written and before, problem, number
end

---What an earlier process took down.
---@param project mighost.Project
---@return mighost.Before|nil
---@return string? message
---@return string? NAME
function M.read(project)
  local keep, message, name = open_keep(project)
  if not keep then
    return nil, message, name
  end
  local dir <close>, why, code = fs.open_dir(keep.place)
  local list
  if dir then
    list, why, code = inventory.read(dir, BEFORE)
  end
  if not list then
    return nil, why, code
  end
  local before = setmetatable({ root = project.worktree, place = keep.place, keep = keep,
    skip = skipped(project), inventory = list, states = {}, passed = 0 }, Before)
  repeat
    local place = ("%s/git-%d"):format(keep.place, #before.states + 1)
    local state, problem, errno = gitstate.read(place)
    before.states[#before.states + 1] = state
    if not state and errno ~= "ENOENT" then
      return nil, problem, errno
    end
  until not state
  return before
end

---Takes up what was published after an action was killed: it stays, whatever is put back.
---@param head string the newest commit
---@param live string the live directory, relative to the work tree
---@param slugs table<string, boolean> migrations that were published
function Before:move_to(head, live, slugs)
  local own = self.states[1]
  self.from = own.head
  own.head, own.refs[own.branch] = head, head
  for slug in pairs(slugs) do
    local path = ("%s/%s"):format(live, slug)
    self.skip[#self.skip + 1] = path
    for entry in pairs(self.inventory.entries) do
      if entry == path or entry:sub(1, #path + 1) == path .. "/" then
        self.inventory.entries[entry] = nil
      end
    end
  end
end

---The index of the commit before becomes the one of what was published since.
local function advance_index(before)
  if not before.from then
    return true
  end
  local done, message, name = git.call(before.root,
    { "read-tree", "-i", "-m", before.from, before.states[1].head }, { finishing = true })
  return done and true, message, name
end

---One of each, sorted.
local function tidy(list)
  local seen, sorted = {}, {}
  for _, line in ipairs(list) do
    local path = line:gsub(" [%a ]+$", "")
    if not seen[path] then
      seen[path] = true
      sorted[#sorted + 1] = line
    end
  end
  table.sort(sorted)
  return sorted
end

---Makes everything what it was.  It runs even after a signal to end.
---@return { lost: string[], moved: string[] }|nil done  lost: what could not be put back; moved:
---  what refs pointed to
---@return string? message
---@return string? NAME
function Before:restore()
  local done = { lost = {}, moved = {} }
  for index, state in ipairs(self.states) do -- all of them before any git is started
    local guarded, message, name = gitfiles.guard(state, ("%s/git-%d"):format(self.place, index))
    if not guarded then
      return nil, message, name
    end
  end
  for index, state in ipairs(self.states) do
    local moved, message, name =
      gitstate.restore(state, ("%s/git-%d"):format(self.place, index))
    if not moved then
      return nil, message, name
    end
    table.move(moved, 1, #moved, #done.moved + 1, done.moved)
  end
  local restored, why, code = advance_index(self)
  if restored then
    restored, why, code = putback.run(self, done.lost)
  end
  if not restored then
    return nil, why, code
  end
  done.lost = tidy(done.lost)
  return done
end

---When somebody last did something here: moved HEAD, or changed what was there before, or left
---something new; in seconds since 1970.
---@return number|nil
---@return string? message
---@return string? NAME
function Before:last_change()
  local now, message, name = inventory.take(self.root, self.skip)
  if not now then
    return nil, message, name
  end
  local last = gitstate.moved_at(self.states[1])
  for path, is in pairs(now.entries) do
    local was = self.inventory.entries[path]
    if not was or not inventory.is_same(was, is) then
      last = math.max(last, tonumber(is.changed) or 0)
    end
  end
  return last
end

---What was touched since, as far as can be told without reading; for what must not touch anything.
---@return string[]|nil paths
---@return string? message
---@return string? NAME
function Before:touched()
  local now, message, name = inventory.take(self.root, self.skip)
  if not now then
    return nil, message, name
  end
  local found = {}
  for path, was in pairs(self.inventory.entries) do
    local is = now.entries[path]
    if not is or not inventory.is_same(was, is) then
      found[#found + 1] = path
    end
  end
  for path in pairs(now.entries) do
    if not self.inventory.entries[path] then
      found[#found + 1] = path
    end
  end
  table.sort(found)
  return found
end

---What an agent did to git that it may not do.
---@return string[]|nil problems
---@return string? message
---@return string? NAME
function Before:escapes()
  local problems = {}
  for index, state in ipairs(self.states) do
    local touched, message, name = gitfiles.guard(state, ("%s/git-%d"):format(self.place, index))
    if not touched then
      return nil, message, name
    end
    for _, path in ipairs(touched) do
      problems[#problems + 1] = path .. " was changed"
    end
  end
  local more, why, code = gitstate.compare(self.states[1])
  return more and table.move(more, 1, #more, #problems + 1, problems), why, code
end

---Sets the index to what it was.
---@return true|nil
---@return string? message
---@return string? NAME
function Before:restore_index()
  return gitfiles.restore_index(self.states[1], self.place .. "/git-1")
end

return M
