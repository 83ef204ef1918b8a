--- The parts of a crash run by name: each takes (folder, share, shares, report) and returns how
--- many runs it made and in how many of them the fault happened.

local cases = require "spec.crash.cases"
local sweep = require "spec.crash.sweep"

local SECOND <const> = { second = true }

--- A part that sweeps some cases, or all of them.
local function sweeping(kind, fields)
  return function(folder, share, shares, report)
    local runs, hits = 0, 0
    for _, case in ipairs(cases) do
      if not fields.cases or fields.cases[case.name] then
        local part = { case = case, kind = kind, refuse = fields.refuse, publish = fields.publish,
          every = fields.every, rotate = fields.rotate }
        local ran, hit = sweep.run(part, folder, share, shares, report)
        runs, hits = runs + ran, hits + hit
      end
    end
    return runs, hits
  end
end

return {
  ["kill"] = sweeping("kill", { cases = SECOND }),
  ["fail"] = sweeping("fail", { cases = SECOND, rotate = true }),
  ["sample-kill"] = sweeping("kill", { every = 5 }),
  ["sample-fail"] = sweeping("fail", { every = 3, rotate = true }),
  ["sample-from"] = sweeping("from", { cases = SECOND, every = 4 }),
  ["sample-short"] = sweeping("short", { cases = SECOND }),
  ["all-kill"] = sweeping("kill", {}),
  ["all-fail"] = sweeping("fail", {}),
  ["all-from"] = sweeping("from", {}),
  ["all-short"] = sweeping("short", {}),
  ["two-renames-kill"] = sweeping("kill", { cases = SECOND, refuse = "exchange" }),
  ["two-renames-fail"] = sweeping("fail", { cases = SECOND, refuse = "exchange", rotate = true }),
}
