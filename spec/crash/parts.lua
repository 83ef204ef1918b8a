--- The parts of a crash run by name: each takes (folder, share, shares, report, only) and returns
--- how many runs it made and in how many of them the fault happened; or such a function with the
--- number of processes that it takes.  `only` is a pattern of cases, where a part has cases.

local cases = require "spec.crash.cases"
local crowd = require "spec.crash.crowd"
local mend = require "spec.crash.mend"
local outside = require "spec.crash.outside"
local people = require "spec.crash.people"
local power = require "spec.crash.power"
local refusals = require "spec.crash.refusals"
local sweep = require "spec.crash.sweep"

local PUBLISHERS <const> = 4

--- A part that sweeps some cases, or all of them.
local function sweeping(kind, fields)
  return function(folder, share, shares, report, only)
    local runs, hits = 0, 0
    for _, case in ipairs(cases) do
      if case.name:find(only or fields.only or "") then
        local part = { case = case, kind = kind, publish = fields.publish, every = fields.every,
          rotate = fields.rotate, file = fields.file }
        local ran, hit = sweep.run(part, folder, share, shares, report)
        runs, hits = runs + ran, hits + hit
      end
    end
    return runs, hits
  end
end

--- Where the power is cut besides: with git's directory on a file system of its own, and in a step
--- that is rolled back.
local POWER <const> = {
  { name = "second-two-disks", device = "repo/.git" },
  { name = "second-rolled-back", fails = "open repo.lock" },
}

--- Steps, also without an exchange, and recoveries.
local function power_cases(pattern)
  local found = {}
  for _, case in ipairs(cases) do
    if case.name:find("^first$") or case.name:find("^second") or case.name:find("^recover") then
      table.insert(found, case)
    end
    for _, more in ipairs(case.name == "second" and POWER or {}) do
      table.insert(found, setmetatable(more, { __index = case }))
    end
  end
  return coroutine.wrap(function()
    for _, case in ipairs(found) do
      if case.name:find(pattern) then
        coroutine.yield(case)
      end
    end
  end)
end

--- A part that cuts the power.
local function cutting(fields)
  return function(folder, share, shares, report, only)
    local runs, hits = 0, 0
    for case in power_cases(only or fields.only) do
      local part = { case = case, randoms = fields.randoms,
        near = fields.near or case.pending ~= nil } -- a recovery is a long trace
      local ran, hit = power.run(part, folder, share, shares, report)
      runs, hits = runs + ran, hits + hit
    end
    return runs, hits
  end
end

--- A part in which a person acts.
local function crossing(fields)
  return function(folder, share, shares, report, only)
    return people.run(folder, share, shares, report,
      { every = fields.every, cases = fields.cases, only = only })
  end
end

--- A part that hurts the commands that mend.
local function mending(every)
  return function(folder, share, shares, report, only)
    return mend.run(folder, share, shares, report, every, only)
  end
end

--- A part of many processes at once, always as many.
local function crowding(seconds)
  return {
    workers = PUBLISHERS + 1,
    run = function(...)
      return crowd.run(seconds, ...)
    end,
  }
end

return {
  ["kill"] = sweeping("kill", { only = "^second$" }),
  ["fail"] = sweeping("fail", { only = "^second$", rotate = true }),
  ["sample-kill"] = sweeping("kill", { every = 11 }),
  ["sample-fail"] = sweeping("fail", { every = 13, rotate = true }),
  ["sample-from"] = sweeping("from", { only = "^second$", every = 4 }),
  ["sample-short"] = sweeping("short", { only = "^second$" }),
  ["power"] = cutting { only = "^second", randoms = 1, near = true },
  ["crowd"] = crowding(5),
  ["all-crowd"] = crowding(60),
  ["all-power"] = cutting { only = "", randoms = 6 },
  ["edit"] = sweeping("edit", { only = "^second$", publish = true, file = "manifest.json" }),
  ["edit-linked"] = sweeping("edit", { only = "^second$", publish = true,
    file = "approaches/rewrite.md" }),
  ["sample-two-renames"] = sweeping("kill", { only = "^second%-two%-renames$", publish = true,
    every = 3 }),
  ["refusals"] = refusals.run,
  ["all-outside"] = outside.run,
  ["outside"] = function(folder, share, shares, report)
    return outside.run(folder, share, shares, report, 5)
  end,
  ["all-mend"] = mending(1),
  ["mend"] = mending(73),
  ["all-people"] = crossing { every = 1, cases = "" },
  ["people"] = crossing { every = 41, cases = "^step$" },
  ["all-kill"] = sweeping("kill", {}),
  ["all-fail"] = sweeping("fail", {}),
  ["all-from"] = sweeping("from", {}),
  ["all-short"] = sweeping("short", {}),
}
