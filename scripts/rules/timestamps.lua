--- Every time in the manifest can be read, so that the schedule can be decided.

local time = require "lib.time"

local FIELDS <const> = { "created_at", "last_touch", "wake_up_on", "cooldown_until" }

---@type mighost.Rule
return {
  modes = { "planning-snapshot", "ready-publish", "execution-gate", "doctor" },
  check = function(m, report)
    for _, field in ipairs(FIELDS) do
      local value = m.manifest[field]
      if value and not time.parse(value) then
        report {
          severity = "error",
          code = "invalid-timestamp",
          message = ("'%s' is not an ISO 8601 time: %s"):format(field, value),
        }
      end
    end
  end,
}
