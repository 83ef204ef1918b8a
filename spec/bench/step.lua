--- One accepted planning step, durable and committed, against plain tools that do the same.

local fixture = require "spec.bench.fixture"
local git = require "spec.support.git"
local measure = require "spec.bench.measure"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local COUNTS <const> = { 20, 1000, 10000 }
local FILE_BYTES <const> = 4096
--- A small step is what it costs to start: Lua, libgit2, the guardian and three git processes.
local LIMITS <const> = { [20] = 3, [1000] = 1, [10000] = 1 }
local SLUG <const> = "measure"
local LIVE <const> = "migrations/" .. SLUG

--- Answers at once: two approaches and a line.
local AGENT <const> = [[
mkdir -p "$MIGHOST_WORK_DIR/approaches"
echo "# Measure first" >"$MIGHOST_WORK_DIR/approaches/first.md"
echo "# Measure later" >"$MIGHOST_WORK_DIR/approaches/later.md"
echo done
]]

--- The same by hand: the tree copied, the agent run on the copy, what it said and did made durable,
--- put in place of the old tree, and committed durably.
local PLAIN <const> = [[
set -e
cp -a migrations/measure "$1"
mkdir -p "$1/.planning/stages"
MIGHOST_WORK_DIR=$1 sh "$2" >"$1/.planning/stages/approaches.stdout.md"
echo "{}" >"$1/.planning/state.json"
echo "{}" >"$1/manifest.json"
sync -f "$1"
mv migrations/measure "$1.old"
mv "$1" migrations/measure
git add migrations/measure
git -c core.fsync=all commit -q -m planning/measure/approaches
]]

--- The least that any tool must do.
local COPY <const> = [[
set -e
cp -a migrations/measure "$1"
sync -f "$1"
]]

--- A repository whose one migration holds `count` files of notes and has run no step yet.
local function make_repo(count)
  local repo = git.repo()
  assert(program.run({ args = { "init", "--commit" }, cwd = repo.path }).exit == 0)
  for i = 1, count do
    local line = ("%07d\n"):format(i)
    repo:write(("%s/notes/%02d/%05d.md"):format(LIVE, i % 100, i), line:rep(FILE_BYTES // #line))
  end
  repo:write(LIVE .. "/manifest.json", fixture.manifest(SLUG))
  repo:write(LIVE .. "/phase-1-measure.md", fixture.phase)
  repo:write(LIVE .. "/.planning/state.json", fixture.state(SLUG, true))
  repo:commit("Start a migration")
  return repo
end

local function commands(repo, tools)
  local inside = "cd " .. measure.line(repo.path) .. " && "
  local copy = tools:join("copy")
  local agent = tools:write("agent.sh", AGENT)
  return {
    { name = "step", line = inside .. measure.line("env", "XDG_STATE_HOME=" .. tools:join("state"),
      program.exe, "plan", SLUG, "--with", "command", "--agent-command", "sh " .. sh.quote(agent))
      .. " 2>" .. sh.quote(tools:join("stderr")) },
    { name = "plain tools",
      line = inside .. measure.line("sh", tools:write("plain.sh", PLAIN), copy, agent) },
    { name = "copy + syncfs",
      line = inside .. measure.line("sh", tools:write("copy.sh", COPY), copy) },
  }
end

local function measure_one(count)
  local tools <close> = tmp.dir()
  local repo <close> = make_repo(count)
  local base = repo:head()
  local medians = measure.medians(commands(repo, tools), {
    rounds = count < 10000 and 7 or 5,
    before = function() -- everything as it was, and nothing left for the next sync to write
      repo:git("reset", "-q", "--hard", base)
      repo:git("clean", "-fdq")
      tmp.remove(tools:join("copy"))
      tmp.remove(tools:join("copy.old"))
      sh.check { argv = { "sync" } }
    end,
  })
  local what = ("step in a migration of %d files"):format(count)
  return {
    { what = what, seconds = medians["step"], against = "plain tools",
      other = medians["plain tools"], limit = LIMITS[count] },
    { what = what, seconds = medians["step"], against = "copy + syncfs",
      other = medians["copy + syncfs"] },
  }
end

return function()
  local rows = {}
  for _, count in ipairs(COUNTS) do
    local more = measure_one(count)
    table.move(more, 1, #more, #rows + 1, rows)
  end
  return rows
end
