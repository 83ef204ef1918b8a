--- What must hold after a fault, and after the next plain command.

local lfs = require "lfs"
local sh = require "spec.support.sh"

local SLUG <const> = require("spec.crash.place").slug
local TIME <const> = "%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d[%d%.]*[%+%-Z][%d:]*"

local M = {}

local function read(path)
  local file <close> = io.open(path, "rb")
  return file and file:read("a")
end

local function add_files(found, path, prefix)
  for name in lfs.dir(path) do
    if name ~= "." and name ~= ".." then
      local whole = path .. "/" .. name
      if lfs.symlinkattributes(whole, "mode") == "directory" then
        table.insert(found, prefix .. name .. "/")
        add_files(found, whole, prefix .. name .. "/")
      else
        table.insert(found, ("%s%s\n%s"):format(prefix, name,
          (read(whole) or "unreadable"):gsub(TIME, "<time>")))
      end
    end
  end
end

--- All of a tree as one text, times of day left out; "absent" when there is none.
---@param path string
---@return string
function M.content(path)
  if lfs.symlinkattributes(path, "mode") ~= "directory" then
    return "absent"
  end
  local found = {}
  add_files(found, path, "")
  table.sort(found)
  return table.concat(found, "\n")
end

--- What is live now.
function M.live(place)
  return M.content(place.repo .. "/migrations/" .. SLUG)
end

---@class crash.History
---@field head string
---@field subjects string[]  of published steps, the oldest first
---@field ids string[]       their Publish-Ids

--- What the branch says.
---@return crash.History|nil
---@return string? problem
function M.history(place)
  local log = sh.run { argv = { "git", "-C", place.repo, "log", "--reverse",
    "--format=%H%x01%s%x01%(trailers:key=Publish-Id,valueonly,separator=%x2C)%x02" },
    env = place:env() }
  if log.exit ~= 0 then
    return nil, "git log: " .. log.stderr
  end
  local history = { subjects = {}, ids = {} }
  for oid, subject, id in log.stdout:gmatch("(%x+)\1([^\1]*)\1([^\2]*)\2") do
    history.head = oid
    if id ~= "" then
      table.insert(history.subjects, subject)
      table.insert(history.ids, id)
    end
  end
  return history
end

local function names(path)
  local found = {}
  if lfs.attributes(path, "mode") == "directory" then
    for name in lfs.dir(path) do
      if name ~= "." and name ~= ".." then
        table.insert(found, name)
      end
    end
  end
  return found
end

local function add_leftovers(problems, path, pattern)
  for _, name in ipairs(names(path)) do
    if name:find(pattern) and name ~= ".gitignore" then
      table.insert(problems, ("left: %s/%s"):format(path, name))
    end
  end
end

--- What nobody may find once the next command is through.
---@return string[] problems
function M.leftovers(place)
  local problems = {}
  local git = place.repo .. "/.git"
  add_leftovers(problems, place.repo .. "/migrations/__transactions__", ".")
  add_leftovers(problems, git .. "/mighost/journals", ".")
  add_leftovers(problems, git .. "/mighost/locks", ".")
  add_leftovers(problems, git .. "/objects", "^tmp_")
  add_leftovers(problems, git .. "/objects", "^mighost")
  for _, folder in ipairs { git, git .. "/refs/heads" } do -- our own locks are never removed
    add_leftovers(problems, folder, "%.lock$")
  end
  if (lfs.attributes(git .. "/mighost/ours", "nlink") or 1) ~= 1 then
    table.insert(problems, "left: a lock of git's that is ours")
  end
  return problems
end

--- The repository is sound and the work tree is just what is committed.
---@return string[] problems
function M.soundness(place)
  local problems = {}
  local check = sh.run { argv = { "sh", "-c", [[
    git fsck --strict --no-dangling || echo "git fsck: $?"
    git status --porcelain --untracked-files=all --ignored=no
    test -z "$(git diff --cached --name-only HEAD)" || echo "the index is not HEAD"
  ]] }, cwd = place.repo, env = place:env() }
  for line in (check.stdout .. check.stderr):gmatch("[^\n]+") do
    if not line:find("^Checking object") and not line:find("^notice: HEAD") then
      table.insert(problems, line)
    end
  end
  return problems
end

--- The stages whose judged answers are on disk and not published.
---@return table<string, boolean>
function M.answers(place)
  local pipe <close> = io.popen(("{ cd %s/state/mighost/projects && cat */%s/%s/*/accepted; } "
    .. "2>/dev/null"):format(sh.quote(place.home), "work", SLUG))
  local stages = {}
  for stage in pipe:read("a"):gmatch('"step":"([^"]*)"') do
    stages[stage] = true
  end
  return stages
end

--- Each publication is in history once.
local function check_once(problems, history)
  local seen = {}
  for index, id in ipairs(history.ids) do
    if seen[id] then
      table.insert(problems, "published twice: " .. history.subjects[index])
    end
    seen[id] = true
  end
end

--- What a command told its user that must not be said.
---@param problems string[] grows
---@param result spec.Result
function M.check_words(problems, result)
  if result.stderr:find("internal error", 1, true) or result.stderr:find("traceback", 1, true) then
    table.insert(problems, "internal error: " .. result.stderr)
  end
  if result.exit == 124 or result.exit == 125 then
    table.insert(problems, "did not end: " .. result.stderr)
  end
end

---@class crash.Reference what the command does without a fault
---@field trees string[]    live before, after the first step, and so on
---@field base integer      steps in history before
---@field grows integer     how many more there are afterwards
---@field calls table<string, integer> of the agent before
---@field names string[]    the calls that change something
---@field count integer     how many these are

---@class crash.Seen
---@field count? integer    steps in history that were not there before
---@field answered table<string, boolean> stages of which an answer is on record

--- Right after the fault: live is a whole tree, and what was said is true.
---@param place crash.Place
---@param case crash.Case
---@param reference crash.Reference
---@param result spec.Result
---@return string[] problems
---@return crash.Seen
function M.after_fault(place, case, reference, result)
  local problems = {}
  M.check_words(problems, result)
  local history, broken = M.history(place)
  if not history then
    return { broken }, { answered = {} }
  end
  local live = M.live(place)
  local count = #history.subjects - reference.base
  local between_renames = case.refuse == "exchange" and live == "absent"
  if count > reference.grows then
    table.insert(problems, "too many steps in history")
  elseif live ~= reference.trees[count + 1] and live ~= reference.trees[count + 2]
    and not between_renames then
    table.insert(problems, "live is neither the old nor the new tree:\n" .. live)
  end
  local said = result.exit == 0 or result.stdout:find(case.said, 1, true)
  if said and count < reference.grows then
    table.insert(problems, "acknowledged and not in history: " .. result.stdout)
  end
  return problems, { count = count, answered = M.answers(place) }
end

--- After a person's edit: it is in live or kept outside, whole, and in none of our commits.
---@param place crash.Place
---@param before crash.History
---@param result spec.Result
---@param is_early boolean before the exchange, which then must not stand
---@return string[] problems
function M.after_edit(place, before, result, is_early)
  local problems = {}
  M.check_words(problems, result)
  local found = sh.run { argv = { "sh", "-c",
    'grep -rl "edited by hand" "$1/migrations" "$2/state/mighost/projects"/*/set-aside', "sh",
    place.repo, place.home } }
  if found.stdout == "" then
    table.insert(problems, "the edit is lost")
  elseif is_early and not found.stdout:find("/migrations/" .. SLUG .. "/", 1, true) then
    table.insert(problems, "what was edited in time was published over")
  end
  local log = sh.run { argv = { "git", "-C", place.repo, "log", "-p", "--format=",
    before.head .. "..HEAD" }, env = place:env() }
  if log.stdout:find("edited by hand", 1, true) then
    table.insert(problems, "the edit was swept into a commit")
  end
  return problems
end

--- The agent was not asked again for what was on record.
local function check_paid(problems, place, case, reference, seen)
  local calls = place:agent_calls()
  for index, stage in ipairs(case.stages) do
    local paid = (calls[stage] or 0) - (reference.calls[stage] or 0)
    local once = seen.answered[stage] or index <= (seen.count or 0) or case.pending and index == 1
    if paid > (once and 1 or 2) then
      table.insert(problems, ("the agent was asked %d times for %s"):format(paid, stage))
    end
  end
end

local function check_history(problems, history, case, reference, seen)
  local count = #history.subjects - reference.base
  local least = case.pending and 1 or reference.grows -- an undone publish is the next step again
  if count < least or count > reference.grows + 1 then
    table.insert(problems, ("%d steps in history"):format(count))
  elseif count > reference.grows and seen.count ~= reference.grows and not next(seen.answered) then
    table.insert(problems, "a step more than was asked for")
  end
  for index = 1, math.min(count, reference.grows) do
    if history.subjects[reference.base + index] ~= case.subjects[index] then
      table.insert(problems, "history: " .. table.concat(history.subjects, " | "))
    end
  end
  return count
end

--- After the next plain command: everything is as if nothing had happened.
---@param place crash.Place
---@param case crash.Case
---@param reference crash.Reference
---@param result spec.Result of the next command
---@param seen crash.Seen
---@return string[] problems
function M.after_next(place, case, reference, result, seen)
  local problems = M.soundness(place)
  M.check_words(problems, result)
  if result.exit ~= 0 then
    table.insert(problems,
      ("the next command ended with %s: %s"):format(result.exit, result.stderr))
  end
  local history, broken = M.history(place)
  if not history then
    return { broken }
  end
  check_once(problems, history)
  local count = check_history(problems, history, case, reference, seen)
  if reference.trees[count + 1] and M.live(place) ~= reference.trees[count + 1] then
    table.insert(problems, "live is not the new tree")
  end
  check_paid(problems, place, case, reference, seen)
  table.move(M.leftovers(place), 1, 100, #problems + 1, problems)
  return problems
end

return M
