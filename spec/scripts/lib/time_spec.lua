local sh = require "spec.support.sh"
local time = require "lib.time"
local generate = require "spec.support.generate"

describe("lib.time.format", function()
  it("writes milliseconds and the offset", function()
    assert.equal("2026-05-21T14:10:09.546-07:00", time.format(1779397809.5469, -7 * 3600))
    assert.equal("1970-01-01T05:45:00.000+05:45", time.format(0, 5 * 3600 + 45 * 60))
    assert.equal("1969-12-31T23:59:59.500+00:00", time.format(-0.5, 0))
    assert.equal("1970-01-01T00:00:00.000-03:30", time.format(12600, -12600))
  end)

  it("makes stamps for names", function()
    assert.equal("20260521T141009", time.stamp(1779397809.9, -7 * 3600))
  end)
end)

describe("lib.time.format and stamp", function()
  it("agree with the C library on every day of two centuries and on odd seconds", function()
    for day = -36525, 36525 do
      local epoch = day * 86400 + (day * 7919) % 86400
      assert(time.format(epoch, 0):sub(1, 19) == os.date("!%Y-%m-%dT%H:%M:%S", epoch), epoch)
      assert(time.stamp(epoch, -3600) == os.date("!%Y%m%dT%H%M%S", epoch - 3600), epoch)
    end
  end)
end)

describe("lib.time.parse", function()
  local moment = 1779397809

  local readings = {
    ["2026-05-21T14:10:09-07:00"] = moment,
    ["2026-05-21T14:10:09.5-07:00"] = moment + 0.5,
    ["2026-05-21T14:10:09,25-0700"] = moment + 0.25,
    ["2026-05-21 14:10:09-07"] = moment,
    ["2026-05-21t21:10:09z"] = moment,
    ["2026-05-21T21:10:09"] = moment,
    ["20260521T211009Z"] = moment,
    ["2026-05-21T21:10"] = moment - 9,
    ["2026-05-21T21"] = moment - 609,
    ["2026-05-21"] = 1779321600,
    ["20260521"] = 1779321600,
    ["2026-W21-4"] = 1779321600,
    ["2026W214"] = 1779321600,
    ["2026-141"] = 1779321600,
    ["2026141"] = 1779321600,
    ["2026-05-20T24:00"] = 1779321600,
    ["2020-W53-7"] = 1609632000,
    ["2021-W01-1"] = 1609718400,
    ["2000-02-29"] = 951782400,
    ["1970-01-01T00:00:60Z"] = 60,
    ["2026-05-21T14:10:09+23:59:59"] = moment - 7 * 3600 - 86399,
  }
  for iso, epoch in pairs(readings) do
    it("reads " .. iso, function()
      assert.equal(epoch, time.parse(iso))
    end)
  end

  for _, iso in ipairs {
    "", "x", "2026", "2026-05", "2026-5-21", "2026-13-01", "2026-00-01", "2026-02-29", "1900-02-29",
    "2026-05-32", "2026-W54-1", "2026-W53-8", "2021-W53-1", "2026-W00-1", "2026-366", "2026-000",
    "2026-05-21T", "2026-05-21T25:00", "2026-05-21T24:01", "2026-05-21T14:60",
    "2026-05-21T14:10:61",
    "2026-05-21T14:10:09-", "2026-05-21T14:10:09-25:00", "2026-05-21T14:10:09.Z",
    "2026-05-21T14.5",
    "2026-05-21T14:10:09 +01:00", " 2026-05-21", "2026-05-21\n", "2026-05-21X14:10",
    "2026-05-21T1:10", "tomorrow", "1779397809",
  } do
    it(("refuses %q"):format(iso), function()
      local epoch, message = time.parse(iso)
      assert.is_nil(epoch)
      assert.equal(("%q is not an ISO 8601 time"):format(iso), message)
    end)
  end

  it("reads what format writes, to the millisecond", function()
    for seed = 1, 500 do
      local random = generate.random(seed)
      local epoch = (random(8000000000) - 2000000000) + (random(1000) - 1) / 1000
      local offset = (random(57) - 29) * 1800
      local again = time.parse(time.format(epoch, offset))
      assert.is_true(math.abs(epoch - again) <= 0.0011, time.format(epoch, offset))
    end
  end)

  it("counts days as date does", function()
    for seed = 1, 12 do
      local random = generate.random(seed)
      local iso = ("%04d-%02d-%02d"):format(1900 + random(300), random(12), random(28))
      local expected = sh.check { argv = { "date", "-u", "-d", iso, "+%s" } }
      assert.equal(tonumber(expected), time.parse(iso), iso)
    end
  end)
end)
