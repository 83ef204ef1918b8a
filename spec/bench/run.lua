--- Prints a table of ratios of medians, taken in one run; ends with 1 when one is over its limit.
--- usage: mighost spec/bench/run.lua [start] [list] [doctor] [script] [sandbox] [step] [publish]

local PARTS <const> = { "start", "list", "doctor", "script", "sandbox", "step", "publish" }
local MILLISECONDS <const> = 1000
local KIB_A_MIB <const> = 1024

local own = assert(require("host.sys").realpath(debug.getinfo(1, "S").source:sub(2)))
package.path = package.path .. ";" .. own:match("^(.*)/spec/bench/run%.lua$") .. "/?.lua"

local function print_row(row)
  local ratio = row.seconds / row.other
  local over = row.limit and ratio > row.limit
  print(("%-36s %9.2f ms   %-16s %9.2f ms   %6.2f  %s"):format(row.what,
    row.seconds * MILLISECONDS, row.against, row.other * MILLISECONDS, ratio,
    row.limit and ("at most %g%s"):format(row.limit, over and ": OVER" or "") or ""))
  if row.kib then
    local heavy = row.kib > row.kib_limit
    print(("%-36s %9.2f MiB  %43s%s"):format("  its memory", row.kib / KIB_A_MIB,
      ("at most %g"):format(row.kib_limit / KIB_A_MIB), heavy and ": OVER" or ""))
    over = over or heavy
  end
  io.stdout:flush()
  return not over
end

local wanted = { ... }
local good = true
for _, part in ipairs(#wanted > 0 and wanted or PARTS) do
  for _, row in ipairs(require("spec.bench." .. part)()) do
    good = print_row(row) and good
  end
end
return good and 0 or 1
