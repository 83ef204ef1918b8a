--- The power goes at some call of a command: what the disk then holds must recover.

local disk = require "spec.crash.disk"
local places = require "spec.crash.place"
local promises = require "spec.crash.promises"
local sh = require "spec.support.sh"
local sweep = require "spec.crash.sweep"

local NEAR <const> = 2 -- calls before and after a sync

local M = {}

--- What may be left of the changes that no sync covered: given these, which of them.
local LOSSES <const> = {
  { name = "nothing unsynced", choose = function()
    return function()
      return false
    end
  end },
  { name = "names without data", choose = function()
    return function(change)
      return change.dirs ~= nil
    end
  end },
  { name = "data without names", choose = function()
    return function(change)
      return change.dirs == nil
    end
  end },
  { name = "all", choose = function()
    return function()
      return true
    end
  end },
}

--- A loss that keeps the first part of the names, and of the data any part.
local function random_loss(random)
  return { name = "a random part", choose = function(pending)
    local last, position = math.floor(random() * (#pending + 1)), 0
    return function(change)
      position = position + 1
      if change.dirs then
        return position <= last
      end
      return random() < 0.5
    end
  end }
end

--- Numbers that are the same in every run.
local function numbers(seed)
  local value = seed
  return function()
    value = (value * 1103515245 + 12345) % 2147483648
    return value / 2147483648
  end
end

--- Records the command of a case on a place that was prepared for it.
local function record(place, case)
  place:restore(case.name)
  local before = disk.scan(place.root)
  local trace = place.path .. "/trace"
  os.remove(trace)
  local args = type(case.args) == "function" and case.args(place) or case.args
  local result = place:hurt(args, { trace = trace, refuse = case.refuse }, case.env)
  assert(result.exit == 0, result.stderr)
  return before, disk.changes(before, trace)
end

--- Where the answer is durable, and where the step is acknowledged.
local function find_marks(changes)
  local marks = { answered = math.huge, said = math.huge }
  for index, change in ipairs(changes) do
    if change.op == "mkdir" and change.name:find("@") and index < marks.answered then
      marks.answered = index
    elseif change.op == "say" and index < marks.said then
      marks.said = index
    end
  end
  assert(marks.answered < marks.said and marks.said < math.huge, "the trace is incomplete")
  return marks
end

local function is_near_sync(changes, index)
  for near = index - NEAR, index + NEAR do
    local op = changes[near] and changes[near].op
    if op == "fsync" or op == "syncfs" then
      return true
    end
  end
  return false
end

--- Makes the place what the disk holds after the cut, and checks it.
local function check(place, case, reference, before, cut, marks, index)
  assert(os.execute("rm -rf " .. sh.quote(place.root)))
  disk.write(before, cut, place.root)
  local silent = { exit = -1, stdout = "", stderr = "" }
  local problems, seen = promises.after_fault(place, case, reference, silent)
  if index >= marks.said and seen.count ~= reference.grows then
    table.insert(problems, "acknowledged work is lost")
  end
  if index >= marks.answered and seen.count == 0 and not seen.answered[case.stages[1]] then
    table.insert(problems, "an accepted answer is lost")
  end
  local args = type(case.args) == "function" and case.args(place) or case.args
  local result = place:run(args, case.env)
  for _, problem in ipairs(promises.after_next(place, case, reference, result, seen)) do
    table.insert(problems, "then: " .. problem)
  end
  if #problems > 0 then
    table.insert(problems, "  then it said: " .. result.stdout .. result.stderr)
  end
  return problems
end

---@class crash.PowerPart
---@field case crash.Case
---@field randoms integer    random losses at each point
---@field near? boolean      only at calls near a sync

--- Cuts the power at the share's points; calls `report(problem text)`.
---@return integer runs
---@return integer hits
function M.run(part, folder, share, shares, report)
  local case = part.case
  local place <close> = places.new(("%s/power-%s-%d"):format(folder, case.name, share))
  local reference = sweep.prepare(place, case)
  local before, changes = record(place, case)
  local marks = find_marks(changes)
  local seen, runs = {}, 0
  disk.follow(changes, function(index, state, pending)
    if index % shares ~= share or part.near and not is_near_sync(changes, index) then
      return
    end
    local losses = table.move(LOSSES, 1, #LOSSES, 1, {})
    for n = 1, part.randoms do
      table.insert(losses, random_loss(numbers(index * 100 + n)))
    end
    for _, loss in ipairs(losses) do
      local cut = disk.cut(state, pending, loss.choose(pending))
      local phase = index >= marks.said and 2 or index >= marks.answered and 1 or 0
      local key = phase .. disk.describe(before, cut)
      if not seen[key] then
        seen[key] = true
        runs = runs + 1
        local problems = check(place, case, reference, before, cut, marks, index)
        if #problems > 0 then
          report(("%s, power cut after change %d (%s %s), left: %s\n    %s"):format(case.name,
            index, changes[index].op, changes[index].name or "", loss.name,
            table.concat(problems, "\n    ")))
        end
      end
    end
  end)
  return runs, runs
end

return M
