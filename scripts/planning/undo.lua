--- Publishes an earlier accepted snapshot of a migration as a new one: history is never rewritten.

local changes = require "planning.change"
local git = require "planning.git"
local quote = require "lib.quote"
local settings = require "planning.settings"
local snapshots = require "planning.snapshots"

local SHORT_ID <const> = 7
local OPERATION <const> = "undo"
local MODE <const> = "planning-snapshot"

---@class mighost.UndoOptions
---@field slug string
---@field to string|nil a step, or a commit
---@field dry_run boolean|nil
---@field on_event fun(event: table)

---@class mighost.Undone
---@field slug string
---@field step string of the snapshot that is live now
---@field from string its commit
---@field commit string|nil that published it; nil in a dry run, or when it was live already
---@field undone string[] what was published since, the newest first
---@field by_hand integer how many commits of people are undone with it

local function describe(slug, list, target)
  local undone = {}
  for _, snapshot in ipairs(list) do
    if snapshot.index < target.index then
      undone[#undone + 1] = (snapshot.is_undo and "undo/" or "") .. snapshot.step
    end
  end
  return { slug = slug, step = target.step, from = target.oid, undone = undone,
    by_hand = target.index - 1 - #undone }
end

local function message_for(prefix, undone)
  local why = ("back to %s"):format(undone.from:sub(1, SHORT_ID))
  if #undone.undone > 0 then
    why = why .. ", without " .. table.concat(undone.undone, ", ")
  end
  return ("%s: undo/%s/%s\n\nWhy:\n%s\n"):format(prefix, undone.slug, undone.step, why)
end

local function find_target(project, repo, slug, to)
  local path = ("%s/%s"):format(project.git_live, slug)
  local list, message, name = snapshots.list(repo, path, slug)
  if not list then
    return nil, message, name
  end
  local target, why, code, fix = snapshots.choose(list, slug, to)
  if not target then
    return nil, why, code, fix
  end
  return describe(slug, list, target)
end

---Whether the snapshot is still what was asked for, and not live already.
local function decide(project, repo, snapshot, undone, to)
  -- Recovery may have finished a step just now, of which nobody knew who asked to go back.
  local now = find_target(project, repo, undone.slug, to)
  if not now or now.from ~= undone.from then
    return nil, ("%s was published meanwhile"):format(undone.slug), "ESTALE",
      "mighost migration show " .. quote.word(undone.slug)
  end
  local path = ("%s/%s"):format(project.git_live, undone.slug)
  return repo:tree_id(path, undone.from) ~= snapshot:tree_id()
end

local function carry_out(project, repo, undone, opts)
  local path = ("%s/%s"):format(project.git_live, undone.slug)
  local oid, message, name, fix = changes.publish(project, repo, {
    slug = undone.slug, operation = OPERATION, label = "undo." .. undone.step, mode = MODE,
    message = message_for(settings.prefix(project.config), undone), on_event = opts.on_event,
    decide = function(snapshot)
      return decide(project, repo, snapshot, undone, opts.to)
    end,
    fill = function(to)
      return repo:export(path, undone.from, to)
    end,
  })
  if oid == nil then
    return nil, message, name, fix
  end
  undone.commit = oid or nil
  return undone
end

---A dry run's look at what `site:snapshot` would refuse.
local function check_clean(project, slug)
  local path = ("%s/%s"):format(project.git_live, slug)
  local clean, message, name = git.is_clean(project.worktree, { path })
  if clean == false then
    return nil, ("%s has changes that are not committed"):format(path), "EDIRTY",
      "git status " .. quote.word(path)
  end
  return clean, message, name
end

local M = {}

---Goes back to an earlier accepted snapshot.
---@param project mighost.Project
---@param opts mighost.UndoOptions
---@return mighost.Undone|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.undo(project, opts)
  local repo <close>, message, name, fix = changes.open(project)
  if not repo then
    return nil, message, name, fix
  end
  local ok, why, code, help = changes.check(project, repo, opts.slug)
  local undone
  if ok then
    undone, why, code, help = find_target(project, repo, opts.slug, opts.to)
  end
  if undone and opts.dry_run then
    ok, why, code, help = check_clean(project, opts.slug)
    return ok and undone or nil, why, code, help
  elseif not undone then
    return nil, why, code, help
  end
  return carry_out(project, repo, undone, opts)
end

return M
