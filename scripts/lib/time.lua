--- Points in time: seconds since 1970 on one side, ISO 8601 on the other.

local DAY <const> = 86400
local HOUR <const> = 3600
local MINUTE <const> = 60
local DAYS_AN_ERA <const> = 146097 -- of 400 years
local DAYS_TO_1970 <const> = 719468 -- from the first of March of the year 0

local function is_leap(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

local function days_in_month(year, month)
  if month == 2 then
    return is_leap(year) and 29 or 28
  end
  return (month == 4 or month == 6 or month == 9 or month == 11) and 30 or 31
end

---Days from 1970-01-01 to the first of January of a year.
local function days_before_year(year)
  local past = year - 1
  return 365 * (year - 1970) + past // 4 - past // 100 + past // 400 - 477
end

---Days since 1970-01-01, or nil where the calendar has no such day.
local function days_from_date(year, month, day)
  if month < 1 or month > 12 or day < 1 or day > days_in_month(year, month) then
    return nil
  end
  local days = days_before_year(year) + day - 1
  for past = 1, month - 1 do
    days = days + days_in_month(year, past)
  end
  return days
end

local function days_from_ordinal(year, day)
  if day < 1 or day > (is_leap(year) and 366 or 365) then
    return nil
  end
  return days_before_year(year) + day - 1
end

---The weekday of a day since 1970, Monday being 1 (1970-01-01 was a Thursday).
local function weekday(days)
  return (days + 3) % 7 + 1
end

local function days_from_week(year, week, day)
  local fourth = days_before_year(year) + 3 -- 4 January is always in week 1
  local first_monday = fourth - weekday(fourth) + 1
  local next_fourth = days_before_year(year + 1) + 3
  local days = first_monday + (week - 1) * 7 + day - 1
  local inside = days < next_fourth - weekday(next_fourth) + 1
  return week >= 1 and day >= 1 and day <= 7 and inside and days or nil
end

local DATES <const> = {
  { "^(%d%d%d%d)%-(%d%d)%-(%d%d)()", days_from_date },
  { "^(%d%d%d%d)%-W(%d%d)%-(%d)()", days_from_week },
  { "^(%d%d%d%d)%-(%d%d%d)()", days_from_ordinal },
  { "^(%d%d%d%d)(%d%d)(%d%d)()", days_from_date },
  { "^(%d%d%d%d)W(%d%d)(%d)()", days_from_week },
  { "^(%d%d%d%d)(%d%d%d)()", days_from_ordinal },
}

---Days since 1970 and the position after the date; nil where there is none.
local function parse_date(text)
  for _, form in ipairs(DATES) do
    local found = table.pack(text:match(form[1]))
    if found[1] then
      local after = table.remove(found)
      local numbers = {}
      for index, digits in ipairs(found) do
        numbers[index] = tonumber(digits)
      end
      return form[2](table.unpack(numbers)), after
    end
  end
end

---Hours, minutes and seconds in the extended or the basic form; nil where the text is neither.
local function split_clock(text)
  for _, form in ipairs { "^(%d%d):(%d%d):(%d%d)$", "^(%d%d)(%d%d)(%d%d)$", "^(%d%d):(%d%d)$",
    "^(%d%d)(%d%d)$", "^(%d%d)$" } do
    local hours, minutes, seconds = text:match(form)
    if hours then
      return tonumber(hours), tonumber(minutes or 0), tonumber(seconds or 0)
    end
  end
end

local function parse_clock(text)
  local whole, fraction = text:match("^(%d%d:?%d%d:?%d%d)[.,](%d+)$")
  local hours, minutes, seconds = split_clock(whole or text)
  if not hours or hours > 24 or minutes > 59 or seconds > 60 then
    return nil
  end
  local exact = hours * HOUR + minutes * MINUTE + seconds + (tonumber("0." .. (fraction or "0")))
  return exact <= DAY and exact or nil
end

---The time of day in seconds, less the offset from UTC; nil where it cannot be read.
local function parse_time(text)
  local clock, sign, offset = text:match("^([%d:.,]+)([+-])([%d:]+)$")
  if not clock then
    return parse_clock((text:gsub("[Zz]$", "")))
  end
  local hours, minutes, seconds = split_clock(offset)
  local since_midnight = parse_clock(clock)
  if not since_midnight or not hours or hours > 23 or minutes > 59 or seconds > 59 then
    return nil
  end
  local east = hours * HOUR + minutes * MINUTE + seconds
  return since_midnight - (sign == "+" and east or -east)
end

---Year, month and day of a day, counted in years that begin in March, which end with the leap day.
local function date_of(days)
  local shifted = days + DAYS_TO_1970
  local era = shifted // DAYS_AN_ERA
  local in_era = shifted % DAYS_AN_ERA
  local year = (in_era - in_era // 1460 + in_era // 36524 - in_era // 146096) // 365
  local in_year = in_era - (365 * year + year // 4 - year // 100)
  local month = (5 * in_year + 2) // 153
  local day = in_year - (153 * month + 2) // 5 + 1
  month = month < 10 and month + 3 or month - 9
  return year + era * 400 + (month <= 2 and 1 or 0), month, day
end

---Year, month, day, hours, minutes, seconds; not by os.date, which a team's scripts have not.
local function civil(epoch, offset)
  local seconds = math.floor(epoch) + offset
  local year, month, day = date_of(seconds // DAY)
  local rest = seconds % DAY
  return year, month, day, rest // HOUR, rest % HOUR // MINUTE, rest % MINUTE
end

local M = {}

---@param epoch number seconds since 1970
---@param offset integer seconds east of UTC
---@return string iso e.g. "2026-05-21T14:10:09.546-07:00"
function M.format(epoch, offset)
  local clock = ("%04d-%02d-%02dT%02d:%02d:%02d"):format(civil(epoch, offset))
  local milliseconds = math.floor((epoch - math.floor(epoch)) * 1000)
  local minutes = math.abs(offset) // MINUTE
  return ("%s.%03d%s%02d:%02d"):format(clock, milliseconds, offset < 0 and "-" or "+",
    minutes // 60, minutes % 60)
end

---Reads any ISO 8601 date, or date and time, with or without a fraction and an offset; a time
---without an offset is UTC.
---@param iso string
---@return number|nil epoch
---@return string|nil message
function M.parse(iso)
  local days, after = parse_date(iso)
  local seconds = 0
  if days and after <= #iso then
    local clock = iso:match("^[Tt ](.+)$", after)
    seconds = clock and parse_time(clock)
  end
  if not days or not seconds then
    return nil, ("%q is not an ISO 8601 time"):format(iso:sub(1, 64))
  end
  return days * DAY + seconds
end

---@param epoch number seconds since 1970
---@param offset integer seconds east of UTC
---@return string stamp for names, e.g. "20260521T141009"
function M.stamp(epoch, offset)
  return ("%04d%02d%02dT%02d%02d%02d"):format(civil(epoch, offset))
end

return M
