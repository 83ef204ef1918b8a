local leftovers = require "spec.support.leftovers"
local output = require "planning.output"
local tmp = require "spec.support.tmp"
local views = require "planning.jail_views"

local function report_over(dir, text)
  local path = dir:write("log", text)
  local out = output.open({ bytes = #text, head = "", whole = false }, path)
  return { exit = 3, stdout = out, stderr = out, files = { last = out } }
end

local function collect(next_batch)
  local sizes, lines = {}, {}
  for batch in next_batch do
    sizes[#sizes + 1] = #batch
    table.move(batch, 1, #batch, #lines + 1, lines)
  end
  return lines, sizes
end

describe("planning.jail_views", function()
  it("hands over what a report says, and functions to read its streams", function()
    local dir <close> = tmp.dir()
    local opened <close> = views.new()
    local seen = opened:report(report_over(dir, "a\nb\nc"))
    assert.equal(3, seen.exit)
    for _, stream in ipairs { seen.stdout, seen.stderr, seen.files.last } do
      assert.equal(5, stream.bytes)
      assert.equal("a\nb", stream.text(3))
      assert.equal("c", stream.last_line())
      assert.same({ "a", "b", "c" }, (collect(stream.open_lines())))
    end
    assert.equal("a\n", seen.stdout.read(2))
  end)

  it("gives lines in batches of a bounded size, a long line alone", function()
    local dir <close> = tmp.dir()
    local opened <close> = views.new()
    local lines = {}
    for index = 1, 3000 do
      lines[index] = ("x"):rep(index % 100)
    end
    lines[1000] = ("y"):rep(200000)
    lines[#lines] = "end"
    local seen = opened:report(report_over(dir, table.concat(lines, "\n")))
    local got, sizes = collect(seen.stdout.open_lines())
    assert.same(lines, got)
    assert.is_true(#sizes >= 3, #sizes)
    assert.same({}, (collect(opened:report(report_over(dir, "")).stdout.open_lines())))
  end)

  it("closes what was not read to its end", function()
    local dir <close> = tmp.dir()
    local before = leftovers.descriptors()
    do
      local opened <close> = views.new()
      local seen = opened:report(report_over(dir, ("line\n"):rep(1e5)))
      for _ = 1, 64 do
        seen.stdout.open_lines()()
      end
      assert.has_error(function() seen.stdout.open_lines() end,
        "lines() can be called 64 times at most")
    end
    assert.same(before, leftovers.descriptors())
  end)

  it("takes no size that is none", function()
    local dir <close> = tmp.dir()
    local opened <close> = views.new()
    local seen = opened:report(report_over(dir, "abc"))
    for _, size in ipairs { -1, 1.5, "1", {} } do
      assert.has_error(function() seen.stdout.text(size) end)
      assert.has_error(function() seen.stdout.read(size) end)
    end
    assert.equal("", seen.stdout.text(0))
    assert.equal("abc", seen.stdout.text(math.maxinteger))
  end)
end)
