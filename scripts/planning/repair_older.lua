--- `doctor --repair` of what the older tool left: live is made whole from it where it lacks a
--- migration, all else is kept for a person, and the tool's lock goes last.

local fs = require "host.fs"
local sys = require "host.sys"

local older = require "planning.older"
local quote = require "lib.quote"

local TOKEN_BYTES <const> = 16
local HERE <const> = older.ROOT
local LEFT_BY <const> = "left by another tool whose publication did not end"

---@class mighost.RepairOlder
---@field live_path string
---@field live string relative to the project's root
---@field site host.publish.Site|nil only in a dry run
---@field slug string|nil only what holds this migration
---@field dry_run boolean|nil
---@field tell fun(slug: string, action: string, message: string)
---@field leave fun(slug: string, message: string, name: string|nil, fix: string|nil)

---Puts a migration back that the older tool had taken out of live and not replaced.
local function restore(repair, entry, slug)
  local lease <close>, held, busy = repair.site:lease(slug, "repair")
  if not lease then
    return nil, held, busy
  end
  local live <close>, message, name = fs.open_dir(repair.live_path)
  if not live then
    return nil, message, name
  end
  local from = ("%s/%s/%s"):format(older.ROOT, entry.name, older.ROLLBACK)
  local moved, why, code = live:rename(from, slug)
  if moved then
    moved, why, code = live:sync()
  end
  if not moved then
    return nil, why, code
  end
  repair.tell(slug, "restored", ("put back from %s, where another tool had left it"):format(from))
  return true
end

---The migration that a folder's rollback would bring back, if live lacks it.
local function missing_of(repair, entry)
  local live <close> = fs.open_dir(repair.live_path)
  for slug, parts in pairs(entry.slugs) do
    for _, part in ipairs(parts) do
      if part == older.ROLLBACK and live and not live:stat(slug) then
        return slug
      end
    end
  end
end

local function set_aside(repair, entry)
  local label = ("%s@%s"):format(entry.slug or "unknown", entry.name)
  local path, message, name = repair.site:set_aside(entry.name, label, LEFT_BY)
  if not path then
    return repair.leave(HERE, message, name)
  end
  repair.tell(HERE, "set-aside", ("what another tool left in %s is kept in %s"):format(entry.name,
    path))
end

---One folder of the older tool; whether it is settled.
local function clear(repair, entry)
  local missing = missing_of(repair, entry)
  if repair.dry_run then
    if missing then
      repair.tell(missing, "would", ("put it back from %s/%s"):format(HERE, entry.name))
    end
    return repair.tell(HERE, "would", "set aside what another tool left in " .. entry.name)
  end
  if missing then
    local restored, message, name, fix = restore(repair, entry, missing)
    if not restored then
      return repair.leave(missing, message, name, fix)
    end
  end
  set_aside(repair, entry)
end

local function release(repair, lock)
  local words = ("the lock of another tool (%s)"):format(lock.owner)
  if repair.dry_run then
    return repair.tell(HERE, "would", "release " .. words)
  end
  local path, message, name = repair.site:set_aside(older.LOCK,
    "lock@" .. sys.random_hex(TOKEN_BYTES), words .. ", which is dead")
  if not path then
    return repair.leave(HERE, message, name)
  end
  repair.tell(HERE, "unlocked", ("%s was released; it is kept in %s"):format(words, path))
end

local M = {}

---Whether the older tool is or may be at work now: then nothing is touched.
---@param repair mighost.RepairOlder
---@param found mighost.Older
---@return boolean
function M.is_alive(repair, found)
  if found.problem then
    repair.leave(HERE, found.problem, "EINVALIDPATH")
    return true
  elseif found.lock and found.lock.state ~= "dead" then
    local path = ("%s/%s/%s"):format(repair.live, HERE, older.LOCK)
    local unknown = found.lock.state == "unknown"
    repair.leave(HERE, ("another tool holds %s: %s%s"):format(path, found.lock.owner,
      unknown and "; " .. (found.lock.hint or "whether it is dead cannot be told from here") or ""),
      "EBUSY", unknown and not found.lock.hint and "rm -r " .. quote.word(path) or nil)
    return true
  end
  return false
end

---Clears everything, the lock last: until then nobody else publishes.
---@param repair mighost.RepairOlder
---@param found mighost.Older
function M.clear(repair, found)
  for _, entry in ipairs(found.entries) do
    if not repair.slug or entry.slugs[repair.slug] then
      clear(repair, entry)
    end
  end
  local is_clear = repair.dry_run and not repair.slug
    or #older.look(repair.live_path).entries == 0
  if found.lock and is_clear then
    release(repair, found.lock)
  end
end

return M
