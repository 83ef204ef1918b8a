--- A publish alone, from an accepted answer to the acknowledged commit, and its clearing up: of one
--- changed file among many, and of many new ones; against what any tool must do, and plain tools
--- that do the same.

local measure = require "spec.bench.measure"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"

local COUNTS <const> = { 20, 1000, 10000 }
local ROUNDS <const> = { [20] = 7, [1000] = 5, [10000] = 3 }
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
local work = site:workspace(snapshot, {})
sh.check { argv = { "sh", "-c", %q, "sh", work, sys.random_hex(64) } }
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

--- What is published: a change to the tree "$1" with the new text "$2".
local CHANGES <const> = {
  { what = "one file of %d", limit = 1, script = 'echo "$2" >"$1/notes/01/00001.md"' },
  { what = "%d new files", script = 'find "$1/notes" -type f -exec sed -i "1s/.*/$2/" {} +' },
}

--- The least that makes a whole new tree durable: a copy of the tree "$1", or hard links.
local FLOORS <const> = {
  { name = "copy + syncfs", script = 'cp -a "$1" "$2" && sync -f "$2"' },
  { name = "hard links + syncfs", script = 'cp -al "$1" "$2" && sync -f "$2"' },
}

--- The same by hand, once the new tree is there: a copy of it put in place and committed durably.
local PLAIN <const> = [[
set -e
cp -a "$2.work" "$2"
sync -f "$2"
mv "$1" "$2.old"
mv "$2" "$1"
git add "$1"
git -c core.fsync=all commit -q -m measure
]]

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

local function time_publish(site, script, rounds)
  local publish, clear = {}, {}
  for _ = 1, rounds do
    sh.check { argv = { "sync" } }
    local out = sh.check { argv = { program.exe, script }, cwd = site.path }
    local first, second = out:match("(%S+)%s+(%S+)")
    table.insert(publish, tonumber(first))
    table.insert(clear, tonumber(second))
    assert(os.execute("rm -rf " .. sh.quote(site.state.path) .. "/work-*"))
  end
  return median(publish), median(clear)
end

--- Times the floors and the plain tools; each begins with nothing to write on the disk.
local function time_others(site, change, rounds)
  local live, copy = site.path .. "/" .. LIVE, site.path .. "/.git/copy" -- on the same device
  local commands = { { name = "plain tools", line = "cd " .. sh.quote(site.path) .. " && "
    .. measure.line("sh", "-c", PLAIN, "sh", live, copy) } }
  for _, floor in ipairs(FLOORS) do
    table.insert(commands, { name = floor.name,
      line = measure.line("sh", "-c", floor.script, "sh", live, copy) })
  end
  return measure.medians(commands, {
    rounds = rounds,
    before = function(name)
      for _, suffix in ipairs { "", ".old", ".work" } do
        tmp.remove(copy .. suffix)
      end
      if name == "plain tools" then
        sh.check { argv = { "cp", "-a", live, copy .. ".work" } }
        sh.check { argv = { "sh", "-c", change.script, "sh", copy .. ".work",
          sys.random_hex(64) } }
      end
      sh.check { argv = { "sync" } }
    end,
  })
end

local function measure_one(count, change, rows)
  local site <close> = make_repo(count)
  local script = site.state:write("publish.lua",
    PUBLISH:format(program.root, site.path, site.state.path, change.script))
  local publish, clear = time_publish(site, script, ROUNDS[count])
  local others = time_others(site, change, ROUNDS[count])
  local what = change.what:format(count)
  for _, name in ipairs { "plain tools", "copy + syncfs", "hard links + syncfs" } do
    table.insert(rows, { what = "publish " .. what, seconds = publish, against = name,
      other = others[name], limit = name == "plain tools" and change.limit or nil })
  end
  table.insert(rows, { what = "clearing up after " .. what, seconds = clear,
    against = "plain tools", other = others["plain tools"] })
end

return function()
  local rows = {}
  for _, count in ipairs(COUNTS) do
    for _, change in ipairs(CHANGES) do
      measure_one(count, change, rows)
    end
  end
  return rows
end
