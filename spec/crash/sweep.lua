--- One command, one fault, the next command: at every call that changes something.

local places = require "spec.crash.place"
local promises = require "spec.crash.promises"

local ERRNOS <const> = { "EIO", "ENOSPC", "EROFS", "EMFILE", "EACCES", "EINTR" }

local M = {}

local function args_of(place, case)
  return type(case.args) == "function" and case.args(place) or case.args
end

--- Runs the command without a fault and learns which calls it makes.
---@param place crash.Place
---@param case crash.Case
---@param trace? string a file: what the agent's programs do is counted too, and recorded there
---@return string[] names
---@return integer count
function M.list_calls(place, case, trace)
  local list = place.path .. "/list"
  local result, count = place:hurt(args_of(place, case), { list = list, refuse = case.refuse,
    trace = trace }, case.env)
  assert(result.exit == 0, result.stderr)
  local names = {}
  for line in io.lines(list) do
    table.insert(names, line)
  end
  os.remove(list)
  return names, count
end

--- The number of the last call that matches.
---@param names string[]
---@param pattern string
---@return integer
function M.find_call(names, pattern)
  local at
  for n, name in ipairs(names) do
    at = name:find(pattern) and n or at
  end
  return assert(at, "no call " .. pattern)
end

--- Lets a process die before the last call that matches.
---@param place crash.Place saved under the case's name, and again when this returns
---@param case crash.Case
function M.leave_pending(place, case)
  local at = M.find_call(M.list_calls(place, case), case.pending)
  place:restore(case.name)
  local result = place:hurt(args_of(place, case),
    { fault = "kill:" .. at, refuse = case.refuse }, case.env)
  assert(result.exit ~= 0, case.name .. " did not die")
  place:save(case.name)
end

--- Prepares a place for a case and learns what the command does when nothing goes wrong.
---@param place crash.Place
---@param case crash.Case
---@return crash.Reference
function M.prepare(place, case)
  case.prepare(place)
  place:save(case.name)
  local before = assert(promises.history(place))
  local reference = { trees = { promises.live(place) }, base = #before.subjects,
    calls = place:agent_calls() }
  for n = 1, #case.subjects do
    assert(place:run(args_of(place, case), case.env).exit == 0)
    reference.trees[n + 1] = promises.live(place)
  end
  place:restore(case.name)
  if case.pending then
    M.leave_pending(place, case)
  end
  reference.names, reference.count = M.list_calls(place, case)
  local history = assert(promises.history(place))
  reference.grows = #history.subjects - reference.base
  return reference
end

--- One fault and all that must hold afterwards; problems as texts.
---@return string[] problems
---@return boolean whether the fault happened
function M.try(place, case, reference, how)
  place:restore(case.name)
  local result, _, hits = place:hurt(args_of(place, case), how, case.env)
  local problems, seen = promises.after_fault(place, case, reference, result)
  local again = seen.count == reference.grows and case.next or args_of(place, case)
  local next_result = place:hurt(again, { refuse = case.refuse }, case.env)
  for _, problem in ipairs(promises.after_next(place, case, reference, next_result, seen)) do
    table.insert(problems, "then: " .. problem)
  end
  if #problems > 0 then
    table.insert(problems, "  it said: " .. result.stdout .. result.stderr)
    table.insert(problems, "  then it said: " .. next_result.stdout .. next_result.stderr)
  end
  return problems, hits > 0
end

local function is_publish(reference, n)
  return n > reference.accepted
end

--- The call with which the trees change places.
local function find_exchange(reference)
  local exchange = 0
  for n, name in ipairs(reference.names) do
    exchange = name:find("rename " .. places.slug .. "$") and n or exchange
  end
  return exchange
end

--- A person edits one file at some call: what was written is where the person left it or kept, and
--- in no commit of ours.
---@return string[] problems
---@return boolean whether the edit was made
function M.try_edit(place, case, reference, how, file)
  place:restore(case.name)
  local before = assert(promises.history(place))
  local path = ("%s/migrations/%s/%s"):format(place.repo, places.slug, file)
  local result, _, hits = place:hurt(args_of(place, case), how,
    { MIGHOST_FAULT_FILE = path })
  local problems = hits > 0 and promises.after_edit(place, before, result,
    tonumber(how.fault:match("%d+")) <= find_exchange(reference)) or {}
  if #problems > 0 then
    table.insert(problems, "  it said: " .. result.stdout .. result.stderr)
  end
  return problems, hits > 0
end

--- The call with which an answer is on record: from here on it is a publish.
local function find_accepted(reference)
  for n, name in ipairs(reference.names) do
    if name:find("rename accepted$") then
      return n
    end
  end
  return 0
end

--- The faults of one kind for a case: at every call, or in a part of it.
---@param kind string kill, killall, fail, from, short, or all
---@param reference crash.Reference
---@param opts {publish: boolean?, every: integer?, rotate: boolean?}
---@return string[]
function M.faults(kind, reference, opts)
  reference.accepted = find_accepted(reference)
  local faults = {}
  local function add(format, n, ...)
    table.insert(faults, format:format(n, ...))
  end
  if kind == "edit" then
    add("edit:%d", 0)
  end
  for n = 1, reference.count do
    local is_due = (not opts.publish or is_publish(reference, n)) and n % (opts.every or 1) == 0
    local name = reference.names[n] or ""
    if is_due and kind == "kill" then
      add("kill:%d", n)
      if name:find("^%d+ git ") then
        add("killall:%d", n)
      end
    elseif is_due and kind == "fail" then
      for index, errno in ipairs(ERRNOS) do
        if not opts.rotate or n % #ERRNOS + 1 == index then
          add("fail:%d:%s", n, errno)
        end
      end
    elseif is_due and kind == "edit" then
      add("edit:%d", n)
    elseif is_due and kind == "from" then
      add("from:%d:ENOSPC", n)
      add("from:%d:EROFS", n)
    elseif is_due and kind == "short" and name:find("write") then
      add("short:%d", n)
    end
  end
  return faults
end

---@class crash.Part
---@field case crash.Case
---@field kind string
---@field publish? boolean only calls after the answer is on record
---@field every? integer
---@field file? string of the migration, that a person edits
---@field rotate? boolean one errno a call, not each

--- Sweeps the share of one worker; calls `report(problem text)`.
---@param part crash.Part
---@param folder string
---@param share integer from 0
---@param shares integer
---@param report fun(text: string)
---@return integer runs
---@return integer hits
function M.run(part, folder, share, shares, report)
  local place <close> = places.new(("%s/%s-%s-%d"):format(folder, part.case.name, part.kind, share))
  local reference = M.prepare(place, part.case)
  local runs, hits = 0, 0
  for index, fault in ipairs(M.faults(part.kind, reference, part)) do
    if index % shares == share then
      local how = { fault = fault, refuse = part.case.refuse }
      local problems, hit
      if part.kind == "edit" then
        problems, hit = M.try_edit(place, part.case, reference, how, part.file)
      else
        problems, hit = M.try(place, part.case, reference, how)
      end
      runs, hits = runs + 1, hits + (hit and 1 or 0)
      if #problems > 0 then
        local n = tonumber(fault:match("%d+"))
        report(("%s, %s (%s)\n    %s"):format(part.case.name, fault, reference.names[n] or "?",
          table.concat(problems, "\n    ")))
      end
    end
  end
  return runs, hits
end

return M
