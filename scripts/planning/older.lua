--- What the older tool of this format leaves in `__transactions__`: its lock, a directory, and the
--- folders of its publications.  While they are there nothing that they may hold is published.
---
--- <live>/__transactions__/.lock/owner.json   {"pid", "operation", "created_at"}
--- <live>/__transactions__/<id>/staged/       the next snapshot of a migration
--- <live>/__transactions__/<id>/rollback/     the one before, while live is absent

local fs = require "host.fs"
local sys = require "host.sys"

local json = require "lib.json"
local text = require "lib.text"
local time = require "lib.time"

local ROOT <const> = "__transactions__"
local LOCK <const> = ".lock"
local OWNER <const> = ".lock/owner.json"
local OURS <const> = "^.+@" .. ("%x"):rep(32) .. "$"
local ROLLBACK <const> = "rollback"
local REPAIR <const> = "mighost migration doctor --repair"
local FOLLOW <const> = { links = "follow" }
local SMALL <const> = { max = 1 << 20 }
local PARTS <const> = 64          -- folders of one publication that are looked into
local NEWBORN <const> = 60        -- seconds in which a lock may be waiting for its owner's name
local CLOCK_SLACK <const> = 2     -- seconds
local TICKS <const> = 100         -- a second, of the start of a process
local LARGEST_PID <const> = 1 << 22

---@class mighost.OlderLock
---@field state "dead"|"alive"|"unknown"
---@field owner string what is known of its owner, one line
---@field hint string|nil when that is not known for good

---@class mighost.OlderEntry a folder in __transactions__ that is none of ours
---@field name string
---@field slugs table<string, string[]> the migrations that it holds, and in which parts
---@field slug string|nil one of them

---@class mighost.Older
---@field lock mighost.OlderLock|nil
---@field entries mighost.OlderEntry[] in byte order of their names
---@field problem string|nil why nothing can be said of them

---When a process started, in seconds since 1970; nil where that cannot be told.
local function started_at(ticks)
  local proc <close> = fs.open_dir("/proc")
  local up = proc and proc:read("uptime")
  local seconds = up and tonumber(up:match("^%S+"))
  return seconds and sys.now() - seconds + tonumber(ticks) / TICKS or nil
end

---Whether the process that an owner names is there, and is older than the lock.
local function judge_pid(owner)
  local ticks, _, name = sys.process_start(owner.pid)
  if not ticks then
    return name == "ESRCH" and "dead" or "unknown"
  end
  local made = type(owner.created_at) == "string" and time.parse(owner.created_at)
  local begun = made and started_at(ticks)
  return begun and begun > made + CLOCK_SLACK and "dead" or "alive"
end

local function describe_owner(owner)
  local words = { ("pid %d"):format(owner.pid) }
  for _, field in ipairs { "operation", "created_at" } do
    words[#words + 1] = type(owner[field]) == "string" and text.printable(owner[field]) or nil
  end
  return table.concat(words, ", ")
end

---What an owner's file says; nil where it names no process.
local function read_owner(root)
  local owner = json.read_table(root, OWNER, SMALL)
  local pid = owner and type(owner.pid) == "number" and math.tointeger(owner.pid)
  if not pid or pid < 1 or pid > LARGEST_PID then
    return nil
  end
  owner.pid = pid
  return owner
end

---A lock without an owner is of a tool that died before it wrote the name, unless it is quite new.
local function judge_nameless(found)
  local age = sys.now() - found.mtime
  if found.kind == "directory" and age >= NEWBORN then
    return { state = "dead", owner = ("it names no owner and is %d s old"):format(age // 1) }
  end
  return { state = "unknown", owner = "it names no owner",
    hint = found.kind == "directory" and ("it counts as dead in %d s"):format(
      math.ceil(NEWBORN - age)) or nil }
end

local function look_at_lock(root)
  local found = root:stat(LOCK, FOLLOW)
  if not found then
    return nil
  end
  local owner = read_owner(root)
  if not owner then
    return judge_nameless(found)
  end
  local elsewhere = owner.host or owner.hostname
  if elsewhere and elsewhere ~= sys.hostname() then
    return { state = "unknown",
      owner = ("%s, on %s"):format(describe_owner(owner), text.printable(tostring(elsewhere))) }
  end
  return { state = judge_pid(owner), owner = describe_owner(owner) }
end

---The migrations that a folder's parts say they are.
local function look_at_entry(root, name)
  local entry = { name = name, slugs = {} }
  local dir <close> = root:open_dir(name)
  for index, part in ipairs(dir and dir:list() or {}) do
    if index > PARTS then
      break
    end
    local manifest = part.kind == "directory"
      and json.read_table(dir, part.name .. "/manifest.json", SMALL)
    local slug = manifest and manifest.name
    if type(slug) == "string" then
      entry.slug = entry.slug or slug
      entry.slugs[slug] = entry.slugs[slug] or {}
      table.insert(entry.slugs[slug], part.name)
    end
  end
  return entry
end

local M = { ROLLBACK = ROLLBACK, ROOT = ROOT, LOCK = LOCK }

---What there is; nothing is changed.
---@param live_path string
---@return mighost.Older
function M.look(live_path)
  local found = { entries = {} }
  local live <close> = fs.open_dir(live_path)
  local is_there = live and live:stat(ROOT)
  if not is_there then
    return found
  end
  local root <close>, message = live:open_dir(ROOT)
  local entries
  if root then
    entries, message = root:list()
  end
  if not entries then
    found.problem = message
    return found
  end
  found.lock = look_at_lock(root)
  for _, entry in ipairs(entries) do
    local info = entry.name ~= LOCK and not entry.name:find(OURS) and root:stat(entry.name, FOLLOW)
    if info and info.kind == "directory" then
      table.insert(found.entries, look_at_entry(root, entry.name))
    end
  end
  return found
end

---Refuses to publish what the older tool may be publishing, or has not finished publishing.
---@param live_path string
---@param slug? string without it only what hinders any publication counts
---@return true|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.check(live_path, slug)
  local found = M.look(live_path)
  local path = ("%s/%s"):format(live_path, ROOT)
  if found.problem then
    return nil, ("nothing can be published beside %s: %s"):format(path, found.problem),
      "EINVALIDPATH", "mighost migration doctor --all"
  elseif found.lock then
    return nil, ("another tool holds %s/%s: %s"):format(path, LOCK, found.lock.owner), "EBUSY",
      REPAIR
  end
  for _, entry in ipairs(found.entries) do
    if slug and entry.slugs[slug] then
      return nil, ("%s/%s holds %s: a publication of another tool did not end"):format(path,
        text.printable(entry.name), slug), "EBUSY", REPAIR
    end
  end
  return true
end

return M
