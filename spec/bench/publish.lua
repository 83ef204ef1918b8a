--- The publish of one changed file alone, from an accepted answer to the acknowledged commit, and
--- its clearing up, against what any tool has to do.

local measure = require "spec.bench.measure"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local COUNTS <const> = { 20, 1000, 10000 }
local ROUNDS <const> = 7
local FILE_BYTES <const> = 4096
local LIVE <const> = "migrations/measure"

--- Takes one step through host.publish in a process of its own; prints seconds of publishing and of
--- clearing up.
local PUBLISH <const> = [[
package.path = %q .. "/?.lua;" .. package.path
local sys = require "host.sys"
local sh = require "spec.support.sh"
local site = require("spec.support.site").attach(%q, %q)
local opened = site:open()
local lease = assert(opened:lease("measure", "bench"))
local snapshot = assert(opened:snapshot(lease))
local work = site:workspace(snapshot, { ["notes/00/changed.md"] = sys.random_hex(64) })
sh.check { argv = { "sync", "-f", work } }
local begun = sys.monotonic()
local tx = assert(opened:begin(lease, snapshot, { workspace = work, operation = "bench",
  message = "measure", token = sys.random_hex(16) }))
assert(tx:exchange())
assert(tx:commit())
local done = sys.monotonic()
assert(tx:finish())
print(done - begun, sys.monotonic() - done)
]]

--- The least that makes a whole new tree durable: a copy, or hard links and the one file.
local FLOORS <const> = {
  { name = "copy + syncfs", script = 'cp -a "$1" "$2" && sync -f "$2"' },
  { name = "hard links + syncfs", script = [[
    cp -al "$1" "$2" && rm -f "$2/notes/00/changed.md" && echo x >"$2/notes/00/changed.md" &&
    sync -f "$2"]] },
}

local function median(values)
  table.sort(values)
  return values[(#values + 1) // 2]
end

local function make_repo(count)
  local site = require("spec.support.site").new()
  for i = 1, count do
    local line = ("%07d\n"):format(i)
    site.repo:write(("%s/notes/%02d/%05d.md"):format(LIVE, i % 100, i),
      line:rep(FILE_BYTES // #line))
  end
  site.repo:commit("A migration")
  return site
end

local function time_publish(site, script)
  local publish, clear = {}, {}
  for _ = 1, ROUNDS do
    sh.check { argv = { "sync" } }
    local out = sh.check { argv = { program.exe, script }, cwd = site.path }
    local first, second = out:match("(%S+)%s+(%S+)")
    table.insert(publish, tonumber(first))
    table.insert(clear, tonumber(second))
    assert(os.execute("rm -rf " .. sh.quote(site.state.path) .. "/work-*"))
  end
  return median(publish), median(clear)
end

local function time_floor(site, floor)
  local copy = site.path .. "/.git/copy" -- on the same device, out of git's sight
  return measure.medians({
    { name = "floor", line = measure.line("sh", "-c", floor.script, "sh",
      site.path .. "/" .. LIVE, copy) },
  }, {
    rounds = ROUNDS,
    before = function()
      tmp.remove(copy)
      sh.check { argv = { "sync" } }
    end,
  })["floor"]
end

return function()
  local rows = {}
  for _, count in ipairs(COUNTS) do
    local site <close> = make_repo(count)
    local script = site.state:write("publish.lua",
      PUBLISH:format(program.root, site.path, site.state.path))
    local publish, clear = time_publish(site, script)
    local floors = {}
    for _, floor in ipairs(FLOORS) do
      floors[floor.name] = time_floor(site, floor)
      table.insert(rows, { what = ("publish one file of %d"):format(count), seconds = publish,
        against = floor.name, other = floors[floor.name] })
    end
    table.insert(rows, { what = ("clearing up after %d"):format(count), seconds = clear,
      against = FLOORS[1].name, other = floors[FLOORS[1].name] })
  end
  return rows
end
