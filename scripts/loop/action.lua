--- An action that changes the work tree: a phase or a refactoring attempt, from the moment when
--- everything is noted to the one when it is committed or put back.
---
---   local action <close>, message, name = actions.begin(ctx, { kind = "refactor", target = … })
---   … agent, action:note("answered", …), validation, commit …
---   action:finish()
---
--- What is not finished is put back when it goes out of scope, also after an error or a signal;
--- after a kill, the next run does that from the journal.

local fs = require "host.fs"
local repos = require "host.repo"
local sys = require "host.sys"

local git = require "planning.git"
local gitfiles = require "loop.gitfiles"
local journal = require "loop.journal"
local patience = require "planning.patience"
local preflight = require "planning.preflight"
local tables = require "lib.tables"
local tenancy = require "planning.tenancy"
local text = require "lib.text"
local worktree = require "loop.worktree"

local LARGEST <const> = 1 << 28
local PATCH_LIMIT <const> = 1 << 26
local PATCH <const> = "rejected.patch"
local ALIVE <const> = "alive"
local BEAT <const> = 2 -- seconds
local INDEX_LOCK <const> = "index.lock"
local LOCK_LOOKS <const> = 20
local LOCK_PAUSE <const> = 0.1 -- seconds
local PATIENCE <const> = 24 * 3600 -- seconds; what another run does takes as long as it takes

---@class mighost.Action
---@field ctx table
---@field project mighost.Project
---@field lock host.lock.Lock|nil  of the work tree; nil once it is over
---@field before mighost.Before
---@field entry mighost.Journal
---@field head string      the commit before
---@field branch string    full name
---@field live string      the live directory, relative to the work tree
local Action <const> = {}
Action.__index = Action

---Moves on to another stage, and records what is given.
---@param stage string
---@param fields? table
---@return true|nil
---@return string? message
---@return string? NAME
function Action:note(stage, fields)
  self.entry.stage = stage
  for key, value in pairs(fields or {}) do
    self.entry[key] = value
  end
  return journal.write(self.project, self.entry)
end

---The folder of the run's evidence, where a new file does not count as the agent's doing.
local function run_folder(action)
  return ("%s/runs/%s"):format(action.project.state_home, action.entry.run)
end

---A function that leaves a sign of life every few seconds: what is changed much later than the last
---one was not done by this action.
---@return fun()
function Action:ticker()
  local last = -math.huge
  return function()
    if sys.monotonic() - last >= BEAT then
      last = sys.monotonic()
      local dir <close> = fs.open_dir(run_folder(self))
      if dir then
        dir:write(ALIVE, "", { durable = false })
      end
    end
  end
end

---When the last sign of life was left, in seconds since 1970.
---@return number
function Action:last_sign()
  local dir <close> = fs.open_dir(run_folder(self))
  local info = dir and dir:stat(ALIVE)
  return math.max(info and info.mtime or 0, journal.time(self.project))
end

---Keeps what is about to be discarded, as a patch.  If that fails, the rest goes on.
---@param folder string
---@param file? string its name; default: that of a change that is refused
---@param base? string the commit or tree that it starts from; default: the commit before
---@return string|nil path where it holds something
function Action:keep_patch(folder, file, base)
  local before, index = self.before, self.before.place .. "/rejected-index"
  local path = ("%s/%s"):format(folder, file or PATCH)
  local dir <close> = fs.open_dir(before.place)
  local bytes = dir and dir:read("git-1/index/index", { max = LARGEST })
  if not bytes or not before:escapes() then -- hooks and configuration are put back by that
    return
  end
  dir:write("rejected-index", bytes, { durable = false })
  gitfiles.take_time(before.place .. "/git-1/index/index", index)
  local env = tables.copy({ GIT_INDEX_FILE = index }, before.keep.env)
  local opts = { env = env, finishing = true }
  if git.call(before.root, { "add", "--all" }, opts) then
    opts.stdout, opts.cap, opts.keep = path, PATCH_LIMIT, 0
    git.call(before.root, { "diff-index", "--cached", "--binary", "-p", base or self.head }, opts)
  end
  dir:remove("rejected-index")
  local place <close> = fs.open_dir(folder)
  local info = place and place:stat(file or PATCH)
  return info and info.size > 0 and path or nil
end

---Puts everything back, and tells people what could not be.
---@param folder? string where what is thrown away is kept as a patch
---@return { lost: string[], moved: string[], patch: string|nil }|nil
---@return string? message
---@return string? NAME
function Action:undo(folder)
  local patch = folder and self:keep_patch(folder)
  local done, message, name = self.before:restore()
  if not done then
    return nil, "the work tree could not be put back: " .. message, name
  end
  for _, each in ipairs {
    { done.lost, "could not be put back: " }, { done.moved, "is held by no name any more: " },
  } do
    for _, line in ipairs(each[1]) do
      self.ctx.report { kind = "warning", text = each[2] .. text.printable(line) }
      self.ctx.run:event { event = "not-restored", level = "warning", message = each[2] .. line }
    end
  end
  done.patch = patch
  return done
end

---Ends the action: from now on nothing will be put back.
---@return true|nil
---@return string? message
---@return string? NAME
function Action:finish()
  local removed, message, name = journal.remove(self.project)
  if removed then
    self.lock:drop()
    self.lock = nil
  end
  return removed, message, name
end

---Puts everything back and ends the action.
---@param folder? string
---@return { lost: string[], moved: string[], patch: string|nil }|nil
---@return string? message
---@return string? NAME
function Action:abandon(folder)
  local done, message, name = self:undo(folder)
  if not done then
    self.lock:drop() -- the journal stays, for the next run
    self.lock = nil
    return nil, message, name
  end
  local finished, why, code = self:finish()
  return finished and done, why, code
end

---What is committed stays, even if cleaning up failed: the next run does that.  What an
---agent was paid for is put back, but the journal stays, and the next run restores it from that.
Action.__close = function(self)
  if not self.lock then
    return
  end
  local stage, done = self.entry.stage, nil
  if stage == "executing" then
    done = self:abandon(run_folder(self))
  elseif stage ~= "committed" then
    done = self:undo(run_folder(self))
    self:ticker()() -- what was put back now is nobody else's doing
  end
  if done and done.patch then
    self.ctx.report { kind = "warning", text = "what was discarded is kept in " .. done.patch }
  end
  if self.lock then
    self.lock:drop()
    self.lock = nil
  end
end

---Nothing may be uncommitted: it could not be told from the agent's doing.
local function check_clean(project)
  local out, message, name = git.call(project.worktree, { "status", "--porcelain", "-z",
    "--no-renames", "--untracked-files=all", "--ignore-submodules=none" }, { keep = LARGEST })
  if not out then
    return nil, message, name
  elseif out == "" then
    return true
  end
  return nil, ("the work tree has changes that are not committed: %s"):format(
    text.printable(out:match("^...([^%z]*)"))), "EDIRTY", "git status"
end

---git's lock of its index: whoever holds it is in the midst of something, which a way back would
---break.  One that is held for a moment, by an editor that looks say, is waited for.
local function check_index(project)
  local dir <close>, message, name = fs.open_dir(project.gitdir)
  if not dir then
    return nil, message, name
  end
  for _ = 1, LOCK_LOOKS do
    if not dir:stat(INDEX_LOCK) then
      return true
    end
    local waited, why, code = patience.sleep(LOCK_PAUSE, function() end)
    if not waited then
      return nil, why, code
    end
  end
  return nil, ("git is at work here, or died and left its lock: %s/%s; remove it if no git runs")
    :format(project.gitdir, INDEX_LOCK), "EMERGING"
end

local function check_repository(project)
  local repo <close>, message, name = repos.open(project.worktree)
  if not repo then
    return nil, message, name
  end
  local ok, why, code, fix = preflight.check_repository(repo)
  if not ok then
    return nil, why, code, fix
  end
  return repo:info()
end

local M = {}

---Whether an action may begin here: a branch, an identity, nothing uncommitted.
---@param project mighost.Project
---@return host.repo.Info|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.check(project)
  local info, message, name, fix = check_repository(project)
  if not info then
    return nil, message, name, fix
  end
  local clean, why, code, advice = check_clean(project)
  if clean then
    clean, why, code = check_index(project)
  end
  return clean and info, why, code, advice
end

---Continues an action of which only the journal is left.
---@param ctx table of the run
---@param entry mighost.Journal
---@param lock host.lock.Lock of the work tree
---@param before mighost.Before
---@return mighost.Action
function M.adopt(ctx, entry, lock, before)
  return setmetatable({ ctx = ctx, project = ctx.project, lock = lock, before = before,
    entry = entry, head = entry.head, branch = entry.branch, live = ctx.project.git_live }, Action)
end

---Notes everything as it is, once the lock is held.
local function take(ctx, about, lock)
  local project = ctx.project
  local left, message, name = journal.read(project)
  if left == nil then
    return nil, message, name
  elseif left then
    return nil, "what an interrupted action left is not settled yet", "ESTALE", "mighost run-once"
  end
  local info, problem, errno, fix = M.check(project)
  if not info then
    return nil, problem, errno, fix
  end
  local before, why, code = worktree.take(project)
  if not before then
    return nil, why, code
  end
  local entry = { stage = "executing", kind = about.kind, slug = about.slug, phase = about.phase,
    target = about.target, branch = info.branch, head = info.head, run = ctx.run.id }
  local written, trouble, number = journal.write(project, entry)
  return written and M.adopt(ctx, entry, lock, before), trouble, number
end

---Takes the right to change the work tree; waits for whoever has it.
---@param ctx table of the run
---@param operation string
---@return host.lock.Lock|nil
---@return string? message
---@return string? NAME
function M.hold(ctx, operation)
  return tenancy.await(ctx.project, operation, { allow_fuse = ctx.project.config.allow_fuse,
    wait = ctx.settings.worktree_wait or PATIENCE }, ctx.report)
end

---Takes the work tree, and notes how it is.
---@param ctx table of the run
---@param about { kind: "phase"|"refactor", target: string, slug: string|nil, phase: string|nil }
---@return mighost.Action|nil
---@return string? message
---@return string? NAME EBUSY: another process changes the work tree; EDIRTY
---@return string? fix
function M.begin(ctx, about)
  local lock, message, name = M.hold(ctx, ("%s %s"):format(about.kind,
    text.printable(about.target)))
  if not lock then
    return nil, message, name
  end
  local action, why, code, fix = take(ctx, about, lock)
  if not action then
    lock:drop()
    return nil, why, code, fix
  end
  return action
end

return M
