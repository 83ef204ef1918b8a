--- Which migrations are due now, and in which order.

local time = require "lib.time"

local ACTIVITY_LIMIT <const> = 7 * 24 * 3600
local TIMES <const> = { "created_at", "last_touch", "wake_up_on", "cooldown_until" }

---@class mighost.Scheduled
---@field slug string
---@field manifest mighost.Manifest

---@param manifest mighost.Manifest
---@return table<string, number>|nil times by field
---@return string|nil message
local function read_times(manifest)
  local times = {}
  for _, field in ipairs(TIMES) do
    if manifest[field] then
      local epoch, why = time.parse(manifest[field])
      if not epoch then
        return nil, field .. ": " .. why
      end
      times[field] = epoch
    end
  end
  return times
end

local M = { TIMES = TIMES }

---Whether a migration is due: its cooldown has passed, and so has the time it sleeps until,
---unless nothing has touched it for a week.
---@param manifest mighost.Manifest
---@param now number seconds since 1970
---@return boolean
---@return "cooling"|"asleep"|"invalid-timestamp"|nil reason why not
---@return string|nil message for people
function M.eligible(manifest, now)
  local times, why = read_times(manifest)
  if not times then
    return false, "invalid-timestamp", why
  end
  if times.cooldown_until and times.cooldown_until > now then
    return false, "cooling", "cooling down until " .. manifest.cooldown_until
  end
  local is_stale = now - times.last_touch >= ACTIVITY_LIMIT
  if times.wake_up_on and times.wake_up_on > now and not is_stale then
    return false, "asleep", "asleep until " .. manifest.wake_up_on
  end
  return true
end

---Sorts by `created_at`, the oldest first; equally old ones by slug, unreadable times last.
---@param list mighost.Scheduled[] is not changed
---@return mighost.Scheduled[]
function M.order(list)
  local keyed = {}
  for index, item in ipairs(list) do
    keyed[index] = { item = item, created = time.parse(item.manifest.created_at) or math.huge }
  end
  table.sort(keyed, function(a, b)
    if a.created ~= b.created then
      return a.created < b.created
    end
    return a.item.slug < b.item.slug
  end)
  for index, entry in ipairs(keyed) do
    keyed[index] = entry.item
  end
  return keyed
end

return M
