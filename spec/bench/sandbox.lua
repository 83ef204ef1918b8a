--- What confining a program costs: the same program, free, confined, and with folders mounted
--- read-only, in turns.

local proc = require "host.proc"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"

local ROUNDS <const> = 15
local COUNT <const> = 10
local CONFINED_LIMIT <const> = 1.5
local MOUNTED_LIMIT <const> = 3

local function time(options)
  local before = sys.monotonic()
  for _ = 1, COUNT do
    assert(assert(proc.run(options)).exit == 0)
  end
  return (sys.monotonic() - before) / COUNT
end

local function median(times)
  table.sort(times)
  return times[ROUNDS // 2 + 1]
end

return function()
  local dir <close> = tmp.dir()
  dir:mkdir("kept")
  local ways = {
    { argv = { "true" }, cwd = dir.path },
    { argv = { "true" }, cwd = dir.path, sandbox = { mode = "auto", writes = { dir.path } } },
    { argv = { "true" }, cwd = dir.path,
      sandbox = { mode = "auto", writes = { dir.path }, protect = { dir:join("kept") } } },
  }
  local times = { {}, {}, {} }
  for round = 1, ROUNDS do
    for index, options in ipairs(ways) do
      times[index][round] = time(options)
    end
  end
  local free = median(times[1])
  return {
    { what = "a confined program", seconds = median(times[2]), against = "a free one",
      other = free, limit = CONFINED_LIMIT },
    { what = "the same, a folder read-only", seconds = median(times[3]), against = "a free one",
      other = free, limit = MOUNTED_LIMIT },
  }
end
