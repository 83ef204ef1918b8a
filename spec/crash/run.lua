--- Hurts mighost on purpose and holds it to its promises; README.md has the parts.
--- usage: mighost spec/crash/run.lua [--jobs N] [--first] PART[/CASE]...    ("all" is every part)
--- CASE is a pattern of the part's cases; with --first one process stops at the first problem.

local own = assert(require("host.sys").realpath(debug.getinfo(1, "S").source:sub(2)))
local root = own:match("^(.*)/spec/crash/run%.lua$")
package.path = package.path .. ";" .. root .. "/?.lua"

local parts = require "spec.crash.parts"
local places = require "spec.crash.place"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local sys = require "host.sys"

local function split(name)
  local part, only = name:match("^(.-)/(.+)$")
  return part or name, only
end

--- One worker: its share of a part, a line a problem on stdout, the numbers at the end.
local function work(name, folder, share, shares, is_first)
  local found, only = split(name)
  local part = parts[found]
  local run = type(part) == "table" and part.run or part
  local runs, hits = run(folder, share, shares, function(text)
    io.stdout:write("PROBLEM ", text:gsub("\n", "\r"), "\n")
    io.stdout:flush()
    if is_first then
      os.exit(1)
    end
  end, only)
  print(("DONE %d %d"):format(runs, hits))
  return 0
end

--- All workers of a part at once; returns whether nothing was found.
local function run_part(name, jobs, is_first)
  local part = parts[split(name)]
  jobs = type(part) == "table" and part.workers or jobs
  local folder = places.folder()
  local begun = sys.monotonic()
  local workers, runs, hits, problems, ended = {}, 0, 0, 0, 0
  for share = 0, jobs - 1 do
    table.insert(workers, assert(io.popen(("exec %s %s --worker %s %s %d %d %s"):format(
      sh.quote(program.exe), sh.quote(own), sh.quote(name), sh.quote(folder), share, jobs,
      is_first))))
  end
  for _, worker in ipairs(workers) do
    for line in worker:lines() do
      local problem = line:match("^PROBLEM (.*)$")
      local ran, hit = line:match("^DONE (%d+) (%d+)$")
      local note = line:match("^NOTE (.*)$")
      if note then
        print(note)
      elseif problem then
        problems = problems + 1
        print((problem:gsub("\r", "\n")))
      elseif ran then
        runs, hits, ended = runs + ran, hits + hit, ended + 1
      end
    end
    worker:close()
  end
  os.execute("rm -rf " .. sh.quote(folder))
  print(("%-24s %6d runs %6d faults %4d problems %7.1f s"):format(name, runs, hits, problems,
    sys.monotonic() - begun))
  io.stdout:flush()
  return problems == 0 and ended == jobs and runs > 0
end

local args = { ... }
if args[1] == "--worker" then
  return work(args[2], args[3], tonumber(args[4]), tonumber(args[5]), args[6] == "true")
end
local jobs, is_first = 2, false
if args[1] == "--jobs" then
  jobs = assert(tonumber(args[2]), "--jobs wants a number")
  args = table.move(args, 3, #args, 1, {})
end
if args[1] == "--first" then
  is_first, jobs = true, 1
  table.remove(args, 1)
end
if args[1] == "all" then
  args = {}
  for name in pairs(parts) do
    table.insert(args, name)
  end
  table.sort(args)
end
local good = #args > 0
for _, name in ipairs(args) do
  assert(parts[split(name)], "no such part: " .. name)
  good = run_part(name, jobs, is_first) and good
end
return good and 0 or 1
