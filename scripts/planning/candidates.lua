--- Which migration a plan command is about: the one it names, a new one, or the one that is due.

local fs = require "host.fs"
local sys = require "host.sys"

local between = require "planning.between"
local leases = require "planning.leases"
local manifest = require "migration.manifest"
local quote = require "lib.quote"
local resolve = require "migration.resolve"
local text = require "lib.text"
local time = require "lib.time"
local workspace = require "planning.workspace"

local SLUG_LIMIT <const> = 180
local TARGET_PART <const> = 40
local NEW_SLUG <const> = "^[%w][%w._-]*$"
local SHOWN <const> = 60 -- bytes of a name that is too long

---@class mighost.Choice
---@field slugs string[] to be tried in this order until one is free
---@field target string|nil
---@field waiting { cooling: integer, human: integer } planning migrations that cannot go on now

local M = {}

---Whether a new migration may have this name.
---@param slug string
---@return true|nil
---@return string? message
---@return string? NAME
function M.check_new_slug(slug)
  if #slug > SLUG_LIMIT then
    return nil, ("'%s…' cannot name a migration: it has %d bytes, and a name at most %d"):format(
      text.printable(slug:sub(1, SHOWN)), #slug, SLUG_LIMIT), "EUSAGE"
  elseif slug:find(NEW_SLUG) then
    return true
  end
  return nil, ("'%s' cannot name a migration: a letter or a digit, then letters, digits, '.', '_' "
    .. "and '-'"):format(text.printable(slug)), "EUSAGE"
end

local function check_target(target)
  if not target:find("%S") then
    return nil, "the target is empty", "EUSAGE"
  elseif not utf8.len(target) or target:find("\0", 1, true) then
    return nil, "the target is not UTF-8 text", "EUSAGE"
  end
  return true
end

local function slug_for(target)
  local now = sys.now()
  return ("%s-%s"):format(text.slug(target, TARGET_PART), time.stamp(now, sys.utc_offset(now)))
end

local function exists(live, slug)
  return not slug:find("/", 1, true) and live:stat(slug) ~= nil
end

local function has_answer(place, slug)
  for _, entry in ipairs(place and workspace.list(place, slug) or {}) do
    if entry.record then
      return true
    end
  end
  return false
end

---A given slug: of a migration, of an answer that waits to be published, or of a new migration.
local function choose_named(project, live, place, opts)
  if exists(live, opts.slug) or opts.slug:find("/", 1, true) then
    local slug, message, name, fix = resolve.target(project, opts.slug)
    return slug and { slugs = { slug }, target = opts.target }, message, name, fix
  end
  local ok, message, name = M.check_new_slug(opts.slug)
  if not ok then
    return nil, message, name
  elseif not opts.target and not has_answer(place, opts.slug) then
    local holder = leases.holder(project, opts.slug)
    if holder then -- its first step is not published yet
      return nil, ("another process is starting '%s' (%s)"):format(opts.slug,
        text.printable(holder:match("^[^\n]*"))), "EBUSY"
    end
    return nil, ("there is no migration '%s' in %s"):format(opts.slug, project.live), "EUSAGE",
      ("mighost plan %s --target TEXT"):format(quote.word(opts.slug))
  end
  return { slugs = { opts.slug }, target = opts.target }
end

---Sorts the migrations in planning into those that are due and those that wait.
local function scan(live, notify)
  local due, waiting = {}, { cooling = 0, human = 0 }
  local slugs, message, name = resolve.visible(live)
  if not slugs then
    return nil, message, name
  end
  local schedule, now = require "migration.schedule", sys.now()
  for _, slug in ipairs(slugs) do
    local source, why = live:read(slug .. "/manifest.json")
    local read, problem
    if source then
      read, problem = manifest.decode(source)
    end
    if not read then
      notify { kind = "warning", text = ("%s is passed over: %s"):format(slug, problem or why) }
    elseif read.status == "planning" and read.awaiting_human_review then
      waiting.human = waiting.human + 1
    elseif read.status == "planning" then
      local is_due, _, trouble = schedule.eligible(read, now)
      due[#due + 1] = is_due and { slug = slug, manifest = read } or nil
      waiting.cooling = waiting.cooling + (is_due and 0 or 1)
      if not is_due then
        notify { kind = "waiting", slug = slug, text = trouble }
      end
    end
  end
  return due, waiting
end

---Answers that were paid for but not published come first, then the oldest migration that is due.
local function choose_due(live, place, notify)
  local due, waiting, name = scan(live, notify)
  if not due then
    return nil, waiting, name
  end
  local slugs = {}
  for _, slug in ipairs(place and workspace.slugs_with_answers(place) or {}) do
    if not exists(live, slug) then
      slugs[#slugs + 1] = slug
    end
  end
  for _, entry in ipairs(require("migration.schedule").order(due)) do
    slugs[#slugs + 1] = entry.slug
  end
  return { slugs = slugs, waiting = waiting }
end

---@param project mighost.Project
---@param place string|nil the project's folder in the state directory, where there is one yet; nil
---  for a look that changes nothing
---@param opts { slug: string|nil, target: string|nil }
---@param notify fun(event: table)
---@return mighost.Choice|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.choose(project, place, opts, notify)
  if place then
    local settled, problem, errno, advice = between.settle(project, notify, opts.slug)
    if not settled then
      return nil, problem, errno, advice
    end
  end
  local live <close>, message, name = fs.open_dir(project.live_path)
  if not live then
    return nil, message, name
  end
  if opts.target then
    local ok, why, code = check_target(opts.target)
    if not ok then
      return nil, why, code
    end
  end
  if opts.slug then
    return choose_named(project, live, place, opts)
  elseif opts.target then
    return { slugs = { slug_for(opts.target) }, target = opts.target }
  end
  return choose_due(live, place, notify)
end

return M
