--- A person at work with git and files at every call of a command: nothing of theirs is
--- overwritten, committed by us or lost; and once they did what the message says, the next command
--- goes on.

local acts = require "spec.crash.acts"
local checks = require "spec.crash.people_checks"
local places = require "spec.crash.place"
local promises = require "spec.crash.promises"
local sh = require "spec.support.sh"
local sweep = require "spec.crash.sweep"

local SLUG <const> = places.slug
local MIGRATION <const> = "migrations/" .. SLUG
local TRIES <const> = 4 -- messages that a person follows, one after the other
local PLAN <const> = { "plan", "--with", "command", "--agent-command", places.agent, SLUG }

local function with(words, ...)
  local all = table.move(words, 1, #words, 1, {})
  return table.move({ ... }, 1, select("#", ...), #all + 1, all)
end

--- The plan as it is elsewhere too: the branch `other` has it with a file that a merge cannot join.
local function planned(steps)
  return function(place)
    local rewrite = MIGRATION .. "/approaches/rewrite.md"
    place:must(with(PLAN, "--target", "Do a thing"))
    place:git("switch", "-q", "-c", "other")
    place:write(rewrite, "# Rewrite\n\nAnother way.\n")
    place:git("commit", "-q", "-am", "Another way")
    place:git("switch", "-q", "main")
    place:write(rewrite, "# Rewrite\n\nOne more way.\n")
    place:git("commit", "-q", "-am", "One more way")
    place:must(with(PLAN, "--steps", tostring(steps)))
  end
end

---@type crash.Case[]
local CASES <const> = {
  { name = "step", prepare = planned(1), args = PLAN, stages = { "expand" },
    subjects = { "mighost: planning/mig/expand" }, said = "expand" },
  { name = "refine", prepare = planned(4), stages = { "revise" }, said = "revise",
    subjects = { "mighost: planning/mig/revise" },
    args = { "migration", "refine", SLUG, "--message", "Better", "--with", "command",
      "--agent-command", places.agent } },
  { name = "undo", prepare = planned(2), stages = {}, subjects = { "mighost: undo" },
    said = "undo", args = { "migration", "undo", SLUG } },
}

--- Does what a message says; false where it says nothing that can be done.
local function follow(place, act, message)
  local command = message:match("'(git [^\n']+)'")
  if not command and message:find("finish or abort it", 1, true) then
    command = act.undo
  elseif not command and message:find("is not as it was committed", 1, true) then
    command = act.changes and "git add -A $MIGRATION && git commit -qm 'By hand' -- $MIGRATION"
      or "git stash push --include-untracked -- " .. MIGRATION
  elseif not command and (message:find("next: mighost ", 1, true)
    or message:find("repeat the command", 1, true)) then
    command = act.undo and "{ " .. act.undo .. "; } || true" or "true"
  end
  if command and command:find("^git switch ") then -- git may want a stash first, and says so
    command = ("%s || { git stash push -q -u && %s; }"):format(command, command)
  end
  return command and sh.run { argv = { "sh", "-c", command }, cwd = place.repo,
    env = place:env { MIGRATION = MIGRATION } }.exit == 0
end

--- Repeats a command, doing what its messages say, until it succeeds.
local function repeat_it(problems, place, act, args, result)
  for _ = 1, TRIES do
    if result and result.exit ~= 0 then
      if not follow(place, act, result.stderr) then
        table.insert(problems, "no advice that helps: " .. result.stderr)
        return
      end
    end
    result = place:run(args)
    promises.check_words(problems, result)
    if result.exit == 0 then
      return
    end
  end
  table.insert(problems, "it never goes on: " .. result.stderr)
end

--- One act at one call, and what became of it.
---@return string[] problems
---@return boolean whether the person came to act
---@return boolean whether git let them
local function try(place, case, reference, act, n)
  place:restore(case.name)
  local script = acts.write(place, act)
  local result, _, hits = place:hurt(case.args, { fault = "person:" .. n },
    { MIGHOST_FAULT_PERSON = script })
  if hits == 0 then
    return {}, false, false
  end
  local problems, said = {}, checks.read(script .. ".said")
  checks.check_hurt(problems, place, reference, act, script, result)
  local after = {}
  local is_elsewhere = result.exit == 0 -- all of it on the branch that the person had switched to
    and checks.git(place, "symbolic-ref", "HEAD").stdout ~= "refs/heads/main\n"
  if result.exit ~= 0 then
    repeat_it(after, place, act, case.args, result)
  end
  sh.run { argv = { "sh", "-c", act.undo or "true" }, cwd = place.repo,
    env = place:env { MIGRATION = MIGRATION } }
  if result.exit == 0 or case.args ~= PLAN or not checks.is_on_main(place, case) then
    repeat_it(after, place, act, PLAN)
  end
  checks.check_refs(after, place, script)
  checks.check_end(after, place, case, reference, act, is_elsewhere)
  for _, problem in ipairs(after) do
    table.insert(problems, "then: " .. problem)
  end
  if #problems > 0 then
    table.insert(problems, "  it said: " .. result.stdout .. result.stderr)
    table.insert(problems, "  the person: " .. said)
  end
  return problems, true, not said:find("not done", 1, true)
end

--- Calls `visit(act, n)` for each act at each call, or at one in `every`, of a worker's share.
local function each(count, every, share, shares, visit)
  local turn = 0
  for _, act in ipairs(acts.list) do
    for n = 1, count do
      turn = turn + 1
      if turn % every == 0 and turn // every % shares == share then
        visit(act, n)
      end
    end
  end
end

local function prepare(place, case)
  place.is_confined = true -- else what a person does meanwhile counts as the agent's doing
  local reference = sweep.prepare(place, case)
  place:restore(case.name)
  reference.calls = checks.count_answers(place)
  return reference
end

local M = {}

--- Sweeps cases with all acts, each at every call or at one in `every`.
---@param folder string
---@param share integer from 0
---@param shares integer
---@param report fun(text: string)
---@param opts { only: string?, every: integer, cases: string }
---@return integer runs
---@return integer hits
function M.run(folder, share, shares, report, opts)
  local runs, hits, done = 0, 0, 0
  for _, case in ipairs(CASES) do
    if case.name:find(opts.cases) then
      local place <close> = places.new(("%s/people-%s-%d"):format(folder, case.name, share))
      local reference = prepare(place, case)
      each(reference.count, opts.every, share, shares, function(act, n)
        local name = case.name .. "-" .. act.name
        if name:find(opts.only or "") then
          local problems, hit, acted = try(place, case, reference, act, n)
          runs, hits, done = runs + 1, hits + (hit and 1 or 0), done + (acted and 1 or 0)
          if #problems > 0 then
            report(("%s, person:%d (%s)\n    %s"):format(name, n, reference.names[n] or "?",
              table.concat(problems, "\n    ")))
          end
        end
      end)
    end
  end
  if done * 2 < hits then
    report(("git refused the person %d times of %d"):format(hits - done, hits))
  end
  return runs, hits
end

return M
