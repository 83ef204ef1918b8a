local manifest = require "migration.manifest"
local schedule = require "migration.schedule"
local time = require "lib.time"

local DAY <const> = 24 * 3600
local NOW <const> = time.parse("2026-03-10T12:00:00Z")

local function sample(changes)
  local read = manifest.new { slug = "x", now = time.format(NOW - DAY, 0) }
  for key, value in pairs(changes or {}) do
    read[key] = type(value) == "number" and time.format(NOW + value, 3600) or value
  end
  return read
end

describe("migration.schedule.eligible", function()
  it("lets a migration go on that nothing holds", function()
    assert.is_true(schedule.eligible(sample(), NOW))
  end)

  it("waits for the cooldown, to the moment", function()
    local is_eligible, reason, message = schedule.eligible(sample { cooldown_until = 1 }, NOW)
    assert.is_false(is_eligible)
    assert.equal("cooling", reason)
    assert.equal("cooling down until 2026-03-10T13:00:01.000+01:00", message)
    assert.is_true(schedule.eligible(sample { cooldown_until = 0 }, NOW))
  end)

  it("sleeps until it is to wake up, unless untouched for a week", function()
    assert.equal("asleep", select(2, schedule.eligible(sample { wake_up_on = 1 }, NOW)))
    assert.is_true(schedule.eligible(sample { wake_up_on = 0 }, NOW))
    assert.is_true(schedule.eligible(sample { wake_up_on = DAY, last_touch = -7 * DAY }, NOW))
    assert.is_false(schedule.eligible(sample { wake_up_on = DAY, last_touch = -7 * DAY + 1 }, NOW))
    assert.is_false(schedule.eligible(sample { cooldown_until = 1, last_touch = -8 * DAY }, NOW))
  end)

  it("takes a time without an offset as UTC", function()
    assert.is_true(schedule.eligible(sample { cooldown_until = "2026-03-10T12:00:00" }, NOW))
    assert.is_false(schedule.eligible(sample { cooldown_until = "2026-03-10T12:00:01" }, NOW))
  end)

  it("says which time cannot be read", function()
    for _, field in ipairs { "created_at", "last_touch", "wake_up_on", "cooldown_until" } do
      local is_eligible, reason, message = schedule.eligible(sample { [field] = "soon" }, NOW)
      assert.is_false(is_eligible)
      assert.equal("invalid-timestamp", reason)
      assert.equal(field .. ': "soon" is not an ISO 8601 time', message)
    end
  end)
end)

describe("migration.schedule.order", function()
  it("puts the oldest first, whatever the offset, and unreadable times last", function()
    local list = {
      { slug = "d", manifest = { created_at = "never" } },
      { slug = "c", manifest = { created_at = "2026-03-01T10:00:00+02:00" } },
      { slug = "a", manifest = { created_at = "2026-03-01T08:30:00Z" } },
      { slug = "b", manifest = { created_at = "2026-03-01T08:00:00Z" } },
    }
    local slugs = {}
    for index, item in ipairs(schedule.order(list)) do
      slugs[index] = item.slug
    end
    assert.same({ "b", "c", "a", "d" }, slugs)
    assert.equal("d", list[1].slug)
  end)
end)
