--- What must hold whatever a person did with git and files while a command ran.

local acts = require "spec.crash.acts"
local promises = require "spec.crash.promises"
local sh = require "spec.support.sh"

local MIGRATION <const> = "migrations/" .. require("spec.crash.place").slug
local STALE <const> = 6

local M = {}

--- A file's text, "" where there is none.
function M.read(path)
  local file <close> = io.open(path, "rb")
  return file and file:read("a") or ""
end

--- What a person sees now, in the way of the act's own look.
local function look(place, script)
  local path = script .. ".now"
  sh.check { argv = { "rm", "-rf", path } }
  sh.check { argv = { "sh", script .. ".look", path }, cwd = place.repo, env = place:env() }
  return path
end

--- git, where it may well refuse.
function M.git(place, ...)
  return sh.run { argv = { "git", ... }, cwd = place.repo, env = place:env() }
end

--- Every commit that a person saw on a branch, or stashed, is still there.
---@param problems string[] grows
---@param place crash.Place
---@param script string of the act
function M.check_refs(problems, place, script)
  for line in io.lines(script .. ".seen/refs") do
    local id, ref = line:match("^(%x+) (.+)$")
    if M.git(place, "merge-base", "--is-ancestor", id, ref).exit ~= 0
      and not M.git(place, "reflog", "show", "--format=%H", ref).stdout:find(id, 1, true) then
      table.insert(problems, ("%s of %s is lost"):format(id, ref))
    end
  end
end

--- Files and index outside of the migration are as the person left them.
local function check_outside(problems, place, script)
  local now = look(place, script)
  for _, what in ipairs { "index", "files" } do
    if M.read(now .. "/" .. what) ~= M.read(script .. ".seen/" .. what) then
      table.insert(problems, ("%s outside of the migration: %s\nbecame %s"):format(what,
        M.read(script .. ".seen/" .. what), M.read(now .. "/" .. what)))
    end
  end
end

--- Our commits change nothing but the migration, and hold nothing of a person's.
local function check_commits(problems, place)
  local log = M.git(place, "log", "--all", "--reflog", "--grep=^Publish-Id: ", "-p", "-m",
    "--format=", "--", ".").stdout
  for path in log:gmatch("\ndiff %-%-git a/(%S+)") do
    if path:sub(1, #MIGRATION + 1) ~= MIGRATION .. "/" then
      table.insert(problems, "a commit of ours changes " .. path)
    end
  end
  for _, text in ipairs { acts.inside, acts.outside } do
    if log:find("\n%+[^\n]*" .. text) then
      table.insert(problems, "swept into a commit of ours: " .. text)
    end
  end
end

--- What was written in the migration is in a file, kept outside, or in what git's refs reach.
local function is_kept(place, text)
  local found = sh.run { argv = { "sh", "-c", [[
    grep -rqF --exclude-dir=.git --exclude-dir=work "$1" "$2" "$3"/state/mighost/projects && exit
    git -C "$2" rev-list --objects --all --indexed-objects | cut -d' ' -f1 |
      git -C "$2" cat-file --batch | grep -qaF "$1"]], "sh", text, place.repo, place.home },
    env = place:env() }
  return found.exit == 0
end

--- What was acknowledged is in history; a person who resets a branch takes it out of that again.
local function check_acknowledged(problems, place, act, result)
  local log = M.git(place, "log", "--branches", "--format=%h",
    act.rewinds and "--reflog" or "--branches").stdout
  for id in result.stdout:gmatch("%f[%w]%x%x%x%x%x%x%x%f[%W]") do
    if not ("\n" .. log):find("\n" .. id, 1, true) then
      table.insert(problems, "acknowledged and not in history: " .. id)
    end
  end
end

--- Live is a whole tree: old, new, as the person left it, or as it is committed.  A file that a
--- step leaves alone is shared by old and new, so what is appended to it is in both.
local function check_live(problems, place, reference, script)
  local live = promises.live(place)
  local plain = live:gsub("\n" .. acts.inside, "")
  local is_whole = plain == reference.trees[1] or plain == reference.trees[2]
    or live == promises.content(script .. ".seen/live")
  local dirty = M.git(place, "status", "--porcelain", "--untracked-files=all", "--ignored", "--",
    MIGRATION)
  if not is_whole and dirty.stdout ~= "" then
    table.insert(problems, "live is no tree of anybody's:\n" .. dirty.stdout)
  end
end

--- Whether the step is on the branch that it was for; a problem where it is there twice.
---@param place crash.Place
---@param case crash.Case
---@param problems? string[] grows
---@return boolean
function M.is_on_main(place, case, problems)
  local seen, found = {}, false
  for _, id in ipairs(assert(promises.history(place)).ids) do
    if seen[id] then
      table.insert(problems or {}, "published twice: " .. id)
    end
    seen[id] = true
  end
  for subject in M.git(place, "log", "main", "--format=%s").stdout:gmatch("[^\n]+") do
    found = found or subject:sub(1, #case.subjects[1]) == case.subjects[1]
  end
  return found
end

--- Right after the command: everybody's work is where it was.
---@param problems string[] grows
---@param place crash.Place
---@param reference crash.Reference
---@param act crash.Act
---@param script string
---@param result spec.Result
function M.check_hurt(problems, place, reference, act, script, result)
  promises.check_words(problems, result)
  local is_gone = act.removes and result.stderr:find("there is no migration", 1, true)
  if result.exit ~= 0 and result.exit ~= STALE and not is_gone then
    table.insert(problems, "ended with " .. tostring(result.exit))
  end
  M.check_refs(problems, place, script)
  check_outside(problems, place, script)
  check_commits(problems, place)
  check_acknowledged(problems, place, act, result)
  check_live(problems, place, reference, script)
  if act.inside and not is_kept(place, acts.inside) then
    table.insert(problems, "what was written in the migration is lost")
  end
  if act.staged and not M.read(script .. ".said"):find("not done", 1, true) and not M.git(place,
    "diff", "--cached", "HEAD", "--", MIGRATION).stdout:find(acts.inside, 1, true) then
    table.insert(problems, "what was staged in the migration is lost from the index")
  end
end

--- How often an agent was asked for each stage, by the evidence: a confined one keeps no log.
---@param place crash.Place
---@return table<string, integer>
function M.count_answers(place)
  local pipe <close> = io.popen("ls -d " .. sh.quote(place.home)
    .. "/state/mighost/runs/*/planning/* 2>/dev/null")
  local counts = {}
  for path in pipe:lines() do
    local stage = path:match("([^/]+)$"):gsub("%-%d+$", "")
    counts[stage] = (counts[stage] or 0) + 1
  end
  return counts
end

--- At last: nothing is left, and nothing was paid for twice.
---@param problems string[] grows
---@param place crash.Place
---@param case crash.Case
---@param reference crash.Reference
---@param act crash.Act
---@param is_elsewhere boolean all of the command was about another branch
function M.check_end(problems, place, case, reference, act, is_elsewhere)
  local dirty = M.git(place, "status", "--porcelain", "--untracked-files=all", "--",
    "migrations").stdout
  local fsck = M.git(place, "fsck", "--strict", "--no-dangling")
  if fsck.exit ~= 0 then
    table.insert(problems, "git fsck: " .. fsck.stdout .. fsck.stderr)
  end
  if dirty ~= "" then
    table.insert(problems, "not as committed: " .. dirty)
  end
  table.move(promises.leftovers(place), 1, 100, #problems + 1, problems)
  check_commits(problems, place)
  if not M.is_on_main(place, case, problems) and not act.changes and not is_elsewhere then
    table.insert(problems, "the step is not on its branch")
  end
  if act.inside and not is_kept(place, acts.inside) then
    table.insert(problems, "what was written in the migration is lost")
  end
  for _, stage in ipairs(act.changes and {} or case.stages) do
    local paid = (M.count_answers(place)[stage] or 0) - (reference.calls[stage] or 0)
    if paid > 1 then
      table.insert(problems, ("the agent was asked %d times for %s"):format(paid, stage))
    end
  end
end

return M
