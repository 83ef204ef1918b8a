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

--- Of the names those that are not dropped, as if directories reached the disk in any order and
--- only the names of one keep theirs: with a name goes all that comes later in its directories.
local function unordered(pending, is_dropped, keeps_data)
  local lost, kept = {}, {}
  for _, change in ipairs(pending) do
    local goes = change.dirs and is_dropped(change)
    for _, dir in ipairs(change.dirs or {}) do
      goes = goes or lost[dir]
    end
    for _, dir in ipairs(goes and change.dirs or {}) do
      lost[dir] = true
    end
    kept[change] = not goes
  end
  return function(change)
    return kept[change] and (change.dirs ~= nil or keeps_data())
  end
end

local function yes()
  return true
end

local function touches(change, dir)
  return change.dirs[1] == dir or change.dirs[2] == dir
end

--- For each directory two losses: of its names alone, and of all others.
local function directory_losses(pending)
  local losses, known = {}, {}
  for _, change in ipairs(pending) do
    for _, dir in ipairs(change.dirs or {}) do
      if not known[dir] then
        known[dir] = true
        table.insert(losses, { name = "all but names beside " .. change.name, choose = function()
          return unordered(pending, function(other)
            return touches(other, dir)
          end, yes)
        end })
        table.insert(losses, { name = "names beside " .. change.name, choose = function()
          return unordered(pending, function(other)
            return not touches(other, dir)
          end, yes)
        end })
      end
    end
  end
  return losses
end

--- For each rename, but of objects, of which there are many: the loss of it and of all that comes
--- later in its directories.
local function rename_losses(pending)
  local losses = {}
  for _, change in ipairs(pending) do
    if change.op == "rename" and not change.name:find("^%x+$") then
      table.insert(losses, { name = "all but from the rename of " .. change.name .. " on",
        choose = function()
          return unordered(pending, function(other)
            return other == change
          end, yes)
        end })
    end
  end
  return losses
end

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

--- A loss of any names, and of any data.
local function unordered_loss(random)
  return { name = "a random part, names unordered", choose = function(pending)
    local share = random()
    return unordered(pending, function()
      return random() < share
    end, function()
      return random() < 0.5
    end)
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

local function args_of(place, case)
  return type(case.args) == "function" and case.args(place) or case.args
end

--- What is particular to where a case runs.
local function surroundings(place, case)
  return { refuse = case.refuse, device = case.device and place.root .. "/" .. case.device }
end

--- The number of a call in a run that is recorded, in which the agent's calls count too.
local function find_recorded(place, case, trace)
  place:restore(case.name)
  local names = sweep.list_calls(place, case, trace)
  place:restore(case.name)
  return sweep.find_call(names, case.fails)
end

--- Records the command of a case on a place that was prepared for it.
local function record(place, case)
  local trace = place.path .. "/trace"
  local how = surroundings(place, case)
  if case.fails then
    how.fault = ("fail:%d:EIO"):format(find_recorded(place, case, trace))
  end
  place:restore(case.name)
  local before = disk.scan(place.root, how.device)
  os.remove(trace)
  how.trace = trace
  local result = place:hurt(args_of(place, case), how, case.env)
  assert((result.exit == 0) == (case.fails == nil), result.stderr)
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
  return marks
end

local function is_near_sync(changes, index)
  if index == #changes then
    return true
  end
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
  local result = place:hurt(args_of(place, case), surroundings(place, case), case.env)
  for _, problem in ipairs(promises.after_next(place, case, reference, result, seen)) do
    table.insert(problems, "then: " .. problem)
  end
  if #problems > 0 then
    table.insert(problems, "  then it said: " .. result.stdout .. result.stderr)
  end
  return problems
end

---@class crash.PowerCase: crash.Case
---@field fails? string    the call that fails with EIO while the command is recorded
---@field device? string   what is on a file system of its own

---@class crash.PowerPart
---@field case crash.PowerCase
---@field randoms integer    random losses of each kind at each point
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
  assert(marks.answered < #changes and (marks.said < #changes) == (case.fails == nil),
    "the trace is incomplete")
  local seen, runs = {}, 0
  disk.follow(changes, function(index, state, pending)
    if index % shares ~= share or part.near and not is_near_sync(changes, index) then
      return
    end
    local losses = directory_losses(pending)
    table.move(LOSSES, 1, #LOSSES, #losses + 1, losses)
    local renames = rename_losses(pending)
    table.move(renames, 1, #renames, #losses + 1, losses)
    for n = 1, part.randoms do
      table.insert(losses, random_loss(numbers(index * 100 + n)))
      table.insert(losses, unordered_loss(numbers(index * 100 + n)))
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
