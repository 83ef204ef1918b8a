--- The commands that mend, with a fault at each of their calls: `doctor --repair` of what a dead
--- step, a kept answer and the older tool left, and `migration undo`.  The next command without a
--- fault must leave nothing, and the next step of the plan must work.

local places = require "spec.crash.place"
local program = require "spec.support.program"
local promises = require "spec.crash.promises"
local sh = require "spec.support.sh"
local sweep = require "spec.crash.sweep"

local SLUG <const> = places.slug
local DIE <const> = program.root .. "/spec/support/crash_plan.lua"
local DEAD <const> = 77
local PLAN <const> = { "plan", "--with", "command", "--agent-command", places.agent, SLUG }
local REPAIR <const> = { "migration", "doctor", "--repair" }
local UNDO <const> = { "migration", "undo", SLUG }
local UNDO_TO <const> = { "migration", "undo", SLUG, "--to", "pick-best" }
local KINDS <const> = { "kill", "fail", "from", "short" }
local OLDER <const> = [[
  cd migrations && mkdir -p __transactions__/.lock __transactions__/older/staged &&
  echo '{"pid": 4194303}' >__transactions__/.lock/owner.json &&
  cp %s/manifest.json __transactions__/older/staged/ && mv %s __transactions__/older/rollback]]

local function plan(place, steps)
  local args = table.move(PLAN, 1, #PLAN, 1, {})
  table.move({ "--target", "T", "--steps", tostring(steps) }, 1, 4, #args + 1, args)
  place:must(args)
end

local function planned(steps)
  return function(place)
    plan(place, steps)
  end
end

--- A step that died at a point of its own choice.
local function dead(name, point, refuse)
  return { name = name, args = REPAIR, next = REPAIR, refuse = refuse, prepare = function(place)
    plan(place, 2)
    local result = place:hurt({ DIE, point, SLUG }, { refuse = refuse })
    assert(result.exit == DEAD, result.stderr)
  end }
end

--- A step that was killed before some call.
local function killed(name, pending)
  return { name = name, args = REPAIR, next = REPAIR, prepare = function(place)
    plan(place, 2)
    place:save(name)
    sweep.leave_pending(place, { name = name, pending = pending, args = PLAN })
  end }
end

---@class crash.Mending
---@field name string
---@field prepare fun(place: crash.Place)
---@field args string[]   the command that is hurt
---@field next string[]   what a person runs then
---@field refuse? string

---@type crash.Mending[]
local CASES <const> = {
  dead("begun", "begin done"),
  dead("answered", "accept done"),
  dead("exchanged", "exchange done"),
  dead("exchanged-two-renames", "exchange done", "exchange"),
  killed("locked", "open main$"),
  dead("committed", "commit done"),
  { name = "older", args = REPAIR, next = REPAIR, prepare = function(place)
    plan(place, 2)
    sh.check { argv = { "sh", "-c", OLDER:format(SLUG, SLUG) }, cwd = place.repo }
  end },
  { name = "undo", args = UNDO, next = REPAIR, prepare = planned(3) },
  { name = "undo-again", args = UNDO_TO, next = UNDO_TO, prepare = planned(3) },
  { name = "undo-two-renames", args = UNDO_TO, next = UNDO_TO, refuse = "exchange",
    prepare = planned(3) },
}

--- Everything of the older tool that was kept, wherever it is now.
local function count_kept(place)
  local found = sh.check { argv = { "sh", "-c",
    "find migrations/__transactions__ \"$0\" -name manifest.json -path '*staged*' | wc -l",
    place.home }, cwd = place.repo }
  return tonumber(found)
end

local function count_steps(place)
  local history = assert(promises.history(place))
  return #history.ids
end

--- What the command does when nothing goes wrong.
local function learn(place, case)
  case.prepare(place)
  place:save(case.name)
  local reference = { old = promises.live(place), old_steps = count_steps(place) }
  reference.calls = place:agent_calls()
  reference.names, reference.count = sweep.list_calls(place, case)
  reference.new, reference.new_steps = promises.live(place), count_steps(place)
  reference.kept = count_kept(place)
  return reference
end

local function add(problems, more)
  table.move(more, 1, #more, #problems + 1, problems)
end

--- Right after the fault: live is whole and agrees with HEAD, and what was said is true.
local function check_hurt(place, case, reference, result)
  local problems = {}
  promises.check_words(problems, result)
  local live, steps = promises.live(place), count_steps(place)
  if live ~= reference.old and live ~= reference.new
    and not (live == "absent" and case.refuse == "exchange") then
    table.insert(problems, "live is neither the old nor the new tree:\n" .. live)
  end
  if steps ~= reference.old_steps and steps ~= reference.new_steps then
    table.insert(problems, steps .. " steps in history")
  elseif steps == reference.new_steps and reference.new_steps > reference.old_steps
    and live ~= reference.new then
    table.insert(problems, "committed, and live is another tree:\n" .. live)
  end
  if result.exit == 0 and (live ~= reference.new or steps ~= reference.new_steps) then
    table.insert(problems, "acknowledged, and not so")
  end
  return problems
end

--- After the next command: mended, nothing left, nothing paid for again.
local function check_mended(place, case, reference, result)
  local problems = promises.soundness(place)
  promises.check_words(problems, result)
  if result.exit ~= 0 then
    table.insert(problems, "the next command ended with " .. result.exit)
  end
  add(problems, promises.leftovers(place))
  local live, steps = promises.live(place), count_steps(place)
  local is_undone = live == reference.old and steps == reference.old_steps
  if (live ~= reference.new or steps ~= reference.new_steps)
    and not (is_undone and case.args ~= case.next) then
    table.insert(problems, ("%d steps in history, and live is:\n%s"):format(steps, live))
  end
  if result.exit == 0 and count_kept(place) ~= reference.kept then
    table.insert(problems, "what the older tool left is not kept")
  end
  for stage, count in pairs(place:agent_calls()) do
    if count ~= reference.calls[stage] then
      table.insert(problems, "the agent was asked again for " .. stage)
    end
  end
  return problems
end

--- The plan goes on.
local function check_step(place)
  local steps = count_steps(place)
  local result = place:run(PLAN)
  local problems = promises.soundness(place)
  if result.exit ~= 0 or count_steps(place) ~= steps + 1 then
    table.insert(problems, "the next step: " .. result.stdout .. result.stderr)
  end
  add(problems, promises.leftovers(place))
  return problems
end

--- One fault, what it left, and what the next commands make of it.
local function try(place, case, reference, fault)
  place:restore(case.name)
  local first, _, hits = place:hurt(case.args, { fault = fault, refuse = case.refuse })
  local problems = check_hurt(place, case, reference, first)
  local second = place:hurt(case.next, { refuse = case.refuse })
  for _, problem in ipairs(check_mended(place, case, reference, second)) do
    table.insert(problems, "then: " .. problem)
  end
  for _, problem in ipairs(check_step(place)) do
    table.insert(problems, "at last: " .. problem)
  end
  if #problems > 0 then
    table.insert(problems, "  it said: " .. first.stdout .. first.stderr)
    table.insert(problems, "  then it said: " .. second.stdout .. second.stderr)
  end
  return problems, hits > 0
end

local M = {}

--- Sweeps one mending command with faults of all kinds.
---@return integer runs
---@return integer hits
local function run_case(case, place, mine, report)
  local runs, hits = 0, 0
  local reference = learn(place, case)
  for _, kind in ipairs(KINDS) do
    for _, fault in ipairs(sweep.faults(kind, reference, {})) do
      if mine() then
        local problems, hit = try(place, case, reference, fault)
        runs, hits = runs + 1, hits + (hit and 1 or 0)
        if #problems > 0 then
          local name = reference.names[tonumber(fault:match("%d+"))]
          report(("%s, %s (%s)\n    %s"):format(case.name, fault, name or "?",
            table.concat(problems, "\n    ")))
        end
      end
    end
  end
  return runs, hits
end

--- Sweeps the mending commands; `every` takes a part of the faults, `only` is a pattern of cases.
---@param folder string
---@param share integer from 0
---@param shares integer
---@param report fun(text: string)
---@param every integer
---@param only? string
---@return integer runs
---@return integer hits
function M.run(folder, share, shares, report, every, only)
  local runs, hits, turn = 0, 0, 0
  local function mine()
    turn = turn + 1
    return turn % every == 0 and turn // every % shares == share
  end
  for _, case in ipairs(CASES) do
    if case.name:find(only or "") then
      local place <close> = places.new(("%s/mend-%s-%d"):format(folder, case.name, share))
      local ran, hit = run_case(case, place, mine, report)
      runs, hits = runs + ran, hits + hit
    end
  end
  return runs, hits
end

return M
