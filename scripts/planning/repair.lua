--- `doctor --repair`: finishes, undoes or keeps what dead processes left, one migration at a
--- time; also what the older tool left, once it is certain that the tool is not running.

local repos = require "host.repo"

local attributes = require "planning.attributes"
local commit = require "planning.commit"
local engine = require "planning.engine"
local folder = require "project.folder"
local leases = require "planning.leases"
local older = require "planning.older"
local preflight = require "planning.preflight"
local quote = require "lib.quote"
local recover = require "planning.recover"
local registry = require "planning.registry"
local repair_older = require "planning.repair_older"
local tables = require "lib.tables"
local trust = require "project.trust"
local workspace = require "planning.workspace"

local HERE <const> = older.ROOT -- what belongs to no migration is told under this name
local NO_ANSWER <const> = "ENOANSWER"

---@class mighost.Repaired one thing that was done, would be done, or is left
---@field slug string
---@field action string "finished", "discarded", "set-aside", "published", "restored", "unlocked",
--- "would" or "left"
---@field message string
---@field name string|nil NAME of what is left
---@field fix string|nil

---@class mighost.RepairOptions
---@field slug string|nil only this migration
---@field dry_run boolean|nil
---@field on_done fun(done: mighost.Repaired)

---@class mighost.Repair
---@field project mighost.Project
---@field opts mighost.RepairOptions
---@field site host.publish.Site|nil absent in a dry run of a repository that knows no publication
---@field place string|nil likewise
---@field left mighost.Repaired[]
---@field private stuck table<string, boolean> the migrations of these
local Repair <const> = {}
Repair.__index = Repair

function Repair:tell(slug, action, message)
  self.opts.on_done { slug = slug, action = action, message = message }
end

function Repair:leave(slug, message, name, fix)
  local left = { slug = slug, action = "left", message = message, name = name, fix = fix }
  self.left[#self.left + 1] = left
  self.stuck[slug] = true
  self.opts.on_done(left)
end

---The slugs that have something to recover: what, as a set of sentences.
function Repair:survey(remains)
  local what = {}
  for _, entry in ipairs(remains) do
    if not self.opts.slug or self.opts.slug == entry.slug then
      local known = entry.detail ~= "" and entry.detail or "a step"
      what[entry.slug] = what[entry.slug] or {}
      what[entry.slug][entry.kind == "journal" and "finish or undo " .. known
        or "remove what a step left half-done"] = true
    end
  end
  return what
end

---The slugs that have an accepted answer which was not published.
function Repair:answered()
  local slugs = {}
  for _, slug in ipairs(workspace.slugs_with_answers(self.place)) do
    if not self.stuck[slug] and (not self.opts.slug or self.opts.slug == slug) then
      slugs[#slugs + 1] = slug
    end
  end
  return slugs
end

---Reports an event of recovery or of the engine.
function Repair:listener(slug)
  return function(event)
    if event.kind == "recovered" then
      self:tell(slug, event.action, event.text)
    elseif event.kind == "set-aside" then
      self:tell(slug, "set-aside", ("%s; it is kept in %s"):format(event.why, event.path))
    elseif event.kind == "accepted" then
      self:tell(slug, "published", ("the accepted answer of %s was published as %s"):format(
        event.step.step, event.step.commit))
    end
  end
end

---Finishes or undoes the publication of one migration.
function Repair:settle(slug)
  local lease <close>, held, busy = self.site:lease(slug, "repair")
  if not lease then
    return nil, held, busy
  end
  return recover.settle(self.site, lease, slug, self:listener(slug), self.project)
end

---Publishes an answer that was paid for; no agent is asked.
function Repair:publish(slug)
  local project = self.project
  local ok, message, name, fix = trust.check(project)
  if ok then
    ok, message, name, fix = attributes.check(project, slug)
  end
  if not ok then
    return nil, message, name, fix
  end
  local done, why, code, help = engine.step(project, registry.new(project), {
    slug = slug, site = self.site, again = {}, operation = "repair",
    on_event = self:listener(slug),
    make = function()
      return nil, "no answer is kept", NO_ANSWER
    end,
  })
  if not done and code ~= NO_ANSWER then
    return nil, why, code, help
  end
  return true
end

---Whether nobody works on it; else reports who does.
function Repair:is_free(slug)
  local holder = leases.holder(self.project, slug)
  if holder then
    self:leave(slug, "is being worked on: " .. holder:match("^[^\n]*"), "EBUSY")
  end
  return not holder
end

---Every migration with something to recover.
function Repair:settle_all()
  local remains, message, name = self.site:remains()
  if not remains then
    return nil, message, name
  end
  local what = self:survey(remains)
  for _, slug in ipairs(tables.sorted_keys(what)) do
    if not self.opts.dry_run then
      local ok, why, code, fix = self:settle(slug)
      if not ok then
        self:leave(slug, why, code, fix)
      end
    elseif self:is_free(slug) then
      for _, sentence in ipairs(tables.sorted_keys(what[slug])) do
        self:tell(slug, "would", sentence)
      end
    end
  end
  return true
end

---Every accepted answer that is not published.
function Repair:publish_all()
  for _, slug in ipairs(self:answered()) do
    if not self.opts.dry_run then
      local ok, why, code, fix = self:publish(slug)
      if not ok then
        self:leave(slug, why, code, fix)
      end
    elseif self:is_free(slug) then
      self:tell(slug, "would", "publish an accepted answer, or keep it where it no longer fits")
    end
  end
end

---git's own locks: removes ours of dead processes, reports all others.
function Repair:unlock()
  local locks, message, name = self.site:locks()
  if not locks then
    return nil, message, name
  end
  local ours = {}
  for _, lock in ipairs(locks) do
    local path = ("%s/%s"):format(self.project.common, lock.path)
    if lock.owner == "ours" then
      ours[#ours + 1] = path
    else
      self:leave(HERE, ("git's lock %s was made %s s ago by somebody else"):format(path, lock.age),
        "EBUSY", "rm " .. quote.word(path))
    end
  end
  if not self.opts.dry_run then -- what stands behind no lock any more goes, too
    local unlocked, why, code = self.site:unlock()
    if not unlocked and (code ~= "EBUSY" or #ours > 0) then
      return nil, why, code
    end
  end
  for _, path in ipairs(ours) do
    self:tell(HERE, self.opts.dry_run and "would" or "unlocked",
      ("git's lock %s of a dead process %s removed"):format(path,
        self.opts.dry_run and "is" or "was"))
  end
  return true
end

---The context for repair_older.
function Repair:for_older()
  return {
    live_path = self.project.live_path, live = self.project.live, site = self.site,
    slug = self.opts.slug, dry_run = self.opts.dry_run,
    tell = function(...) self:tell(...) end,
    leave = function(...) self:leave(...) end,
  }
end

---Our own remains first: they may bring a migration back that the older tool seems to have lost.
---Answers last: nothing is published beside what the older tool left.
function Repair:run()
  local found, other = older.look(self.project.live_path), self:for_older()
  if repair_older.is_alive(other, found) then
    return true
  end
  for _, act in ipairs(self.site and { self.unlock, self.settle_all } or {}) do
    local ok, message, name = act(self)
    if not ok then
      return nil, message, name
    end
  end
  repair_older.clear(other, found)
  if self.site then
    self:publish_all()
  end
  return true
end

---The place of publication; false in a dry run where there is none yet.
local function open_site(project, repo, opts)
  local home <close> = folder.open_if_there(project.common .. "/mighost")
  if opts.dry_run and not (home and home:stat("id") and home:stat("locks")) then
    return false
  end
  return commit.open(project, repo)
end

local M = {}

---Repairs what can be repaired; returns what is left, with the NAME of the reason.
---@param project mighost.Project
---@param opts mighost.RepairOptions
---@return mighost.Repaired[]|nil left
---@return string? message
---@return string? NAME
---@return string? fix
function M.run(project, opts)
  local ok, message, name, fix = preflight.check_live(project)
  if not ok then
    return nil, message, name, fix
  end
  local repo <close>, why, code, help = repos.open(project.worktree)
  if not repo then
    return nil, why, code, help
  end
  local site <close>, problem, errno, advice = open_site(project, repo, opts)
  if site == nil then
    return nil, problem, errno, advice
  end
  local repair = setmetatable({
    project = project, opts = opts, left = {}, stuck = {}, site = site or nil,
    place = site and workspace.place(project.state_home, site:project_id()) or nil,
  }, Repair)
  local done, trouble, kind = repair:run()
  if not done then
    return nil, trouble, kind
  end
  return repair.left
end

return M
