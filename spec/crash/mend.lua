--- The commands that mend, with a fault at each of their calls: `doctor --repair` of what a dead
--- step, a kept answer and the older tool left, and `migration undo`.  Afterwards `doctor --repair`
--- without a fault must leave nothing.

local places = require "spec.crash.place"
local program = require "spec.support.program"
local promises = require "spec.crash.promises"
local sh = require "spec.support.sh"

local SLUG <const> = places.slug
local DIE <const> = program.root .. "/spec/support/crash_plan.lua"
local DEAD <const> = 77
local REPAIR <const> = { "migration", "doctor", "--repair" }
local OLDER <const> = [[
  cd migrations && mkdir -p __transactions__/.lock __transactions__/older/staged &&
  echo '{"pid": 4194303}' >__transactions__/.lock/owner.json &&
  cp %s/manifest.json __transactions__/older/staged/ && mv %s __transactions__/older/rollback]]

local function plan(place, steps)
  place:must { "plan", "--with", "command", "--agent-command", places.agent, SLUG, "--target", "T",
    "--steps", tostring(steps) }
end

local function die(point)
  return function(place)
    plan(place, 2)
    local result = place:run { DIE, point, SLUG }
    assert(result.exit == DEAD, result.stderr)
  end
end

--- What is mended: how it comes about, the command, and where live may be afterwards.
local CASES <const> = {
  { name = "exchanged", prepare = die "exchange done", args = REPAIR },
  { name = "committed", prepare = die "commit done", args = REPAIR },
  { name = "answered", prepare = die "accept done", args = REPAIR },
  { name = "older", args = REPAIR, prepare = function(place)
    plan(place, 2)
    sh.check { argv = { "sh", "-c", OLDER:format(SLUG, SLUG) }, cwd = place.repo }
  end },
  { name = "undo", args = { "migration", "undo", SLUG }, prepare = function(place)
    plan(place, 3)
  end },
}

--- Everything of the older tool that was kept, wherever it is now.
local function count_kept(place)
  local found = sh.check { argv = { "sh", "-c",
    "find migrations/__transactions__ \"$0\" -name manifest.json -path '*staged*' | wc -l",
    place.home }, cwd = place.repo }
  return tonumber(found)
end

local function after(place, case, reference)
  local result = place:run(REPAIR)
  local problems = promises.soundness(place)
  if result.exit ~= 0 then
    table.insert(problems, "the next repair ended with " .. result.exit)
  end
  table.move(promises.leftovers(place), 1, 100, #problems + 1, problems)
  local live = promises.live(place)
  if live ~= reference.new and (live ~= reference.old or case.args == REPAIR) then
    table.insert(problems, "live is not what it must be:\n" .. live)
  end
  local history, broken = promises.history(place)
  local seen = {}
  for _, id in ipairs(history and history.ids or {}) do
    table.insert(problems, seen[id] and "published twice: " .. id or nil)
    seen[id] = true
  end
  table.insert(problems, broken)
  if result.exit == 0 and count_kept(place) ~= reference.kept then
    table.insert(problems, "what the older tool left is not kept")
  end
  return problems, result
end

--- One fault and what it left.
local function try(place, case, reference, fault)
  place:restore(case.name)
  local first, _, hits = place:hurt(case.args, { fault = fault })
  local problems = {}
  if first.stderr:find("internal error", 1, true) then
    table.insert(problems, "internal error")
  end
  local found, result = after(place, case, reference)
  table.move(found, 1, #found, #problems + 1, problems)
  if #problems > 0 then
    table.insert(problems, "  it said: " .. first.stdout .. first.stderr)
    table.insert(problems, "  then it said: " .. result.stdout .. result.stderr)
  end
  return problems, hits > 0
end

local M = {}

--- Sweeps every mending command with kills and failures; `every` takes a part of the calls.
---@param folder string
---@param share integer from 0
---@param shares integer
---@param report fun(text: string)
---@param every integer
---@return integer runs
---@return integer hits
function M.run(folder, share, shares, report, every)
  local runs, hits = 0, 0
  for _, case in ipairs(CASES) do
    local place <close> = places.new(("%s/mend-%s-%d"):format(folder, case.name, share))
    case.prepare(place)
    place:save(case.name)
    local reference = { old = promises.live(place) }
    local result, count = place:hurt(case.args, {})
    assert(result.exit == 0, result.stderr)
    reference.new, reference.kept = promises.live(place), count_kept(place)
    for n = 1, count do
      for index, kind in ipairs { "kill:%d", "fail:%d:EIO", "fail:%d:ENOSPC", "fail:%d:EINTR" } do
        local turn = n * 4 + index
        if turn % every == 0 and turn // every % shares == share then
          local fault = kind:format(n)
          local problems, hit = try(place, case, reference, fault)
          runs, hits = runs + 1, hits + (hit and 1 or 0)
          if #problems > 0 then
            report(("%s, %s\n    %s"):format(case.name, fault, table.concat(problems, "\n    ")))
          end
        end
      end
    end
  end
  return runs, hits
end

return M
