--- Faults from outside, by strace: at the system calls themselves, so that nothing which goes round
--- the C library's functions is left out.

local cases = require "spec.crash.cases"
local places = require "spec.crash.place"
local promises = require "spec.crash.promises"
local sh = require "spec.support.sh"
local sweep = require "spec.crash.sweep"

local CALLS <const> = {
  "renameat2", "rename", "linkat", "link", "mkdirat", "mkdir", "unlinkat", "unlink", "fsync",
  "syncfs", "write", "pwrite64", "fchmod", "ftruncate",
}
local FAULTS <const> = { "signal=KILL", "error=EIO", "error=ENOSPC" }

local M = {}

--- How often each call is made by the command.
local function count_calls(place, case)
  place:restore(case.name)
  local log = place.path .. "/strace"
  place:run(case.args, nil, { "strace", "-f", "-qq", "-o", log, "-e", "trace="
    .. table.concat(CALLS, ",") })
  local counts = {}
  for line in io.lines(log) do
    local call = line:match("^%d+ +([%l%d]+)%(")
    if call then
      counts[call] = (counts[call] or 0) + 1
    end
  end
  return counts
end

local function try(place, case, reference, fault)
  place:restore(case.name)
  local result = place:run(case.args, nil, { "strace", "-f", "-qq", "--seccomp-bpf", "-o",
    "/dev/null", "-e", "trace=" .. fault:match("^[^:]+"), "-e", "inject=" .. fault })
  local problems, seen = promises.after_fault(place, case, reference, result)
  local next_result = place:run(case.args)
  for _, problem in ipairs(promises.after_next(place, case, reference, next_result, seen)) do
    table.insert(problems, "then: " .. problem)
  end
  if #problems > 0 then
    table.insert(problems, "  it said: " .. result.stdout .. result.stderr)
  end
  return problems
end

local function list_faults(counts, every)
  local faults = {}
  for _, call in ipairs(CALLS) do
    for n = 1, counts[call] or 0 do
      for index, fault in ipairs(FAULTS) do
        if every == 1 or (n + index) % every == 0 then
          table.insert(faults, ("%s:%s:when=%d"):format(call, fault, n))
        end
      end
    end
  end
  return faults
end

--- Sweeps the second step; every `every`-th fault, or each.
function M.run(folder, share, shares, report, every)
  if sh.run({ argv = { "strace", "-V" } }).exit ~= 0 then
    report("strace is not installed (sh vendor/bootstrap.sh test installs it)")
    return 0, 0
  end
  local case
  for _, one in ipairs(cases) do
    case = one.name == "second" and one or case
  end
  local place <close> = places.new(("%s/outside-%d"):format(folder, share))
  local reference = sweep.prepare(place, case)
  local runs = 0
  for index, fault in ipairs(list_faults(count_calls(place, case), every or 1)) do
    if index % shares == share then
      local problems = try(place, case, reference, fault)
      runs = runs + 1
      if #problems > 0 then
        report(("%s\n    %s"):format(fault, table.concat(problems, "\n    ")))
      end
    end
  end
  return runs, runs
end

return M
