--- What commands over all migrations cost in system calls: so many a migration, however many there
--- are. Counted, not timed, so that it holds on any machine; spec/bench has the times.

local fixture = require "spec.bench.fixture"
local git = require "spec.support.git"
local program = require "spec.support.program"
local sh = require "spec.support.sh"

local FEW <const>, MANY <const> = 10, 110
local OUTPUTS <const> = #fixture.steps

local has_strace = sh.run({ argv = { "strace", "-V" } }).exit == 0

--- How often the program calls the system; memory it takes in pieces of its own choice, so calls
--- for that do not count.
local function count_calls(repo, args)
  local summary = repo.path .. "/.git/strace"
  local result = sh.run {
    argv = { "strace", "-f", "-c", "-o", summary, "-e", "trace=!%memory", program.exe,
      table.unpack(args) },
    cwd = repo.path,
    env = { ASAN_OPTIONS = "detect_leaks=0" }, -- which strace makes impossible
  }
  assert.equal(0, result.exit, result.stderr)
  local total = repo:read(".git/strace"):match("%s(%d+)%s+%d*%s*total%s*$")
  return assert(math.tointeger(total), "strace printed no total")
end

--- The calls that each of so many more migrations adds.
local function calls_each(args, add)
  local repo <close> = git.repo()
  assert.equal(0, program.run({ args = { "init" }, cwd = repo.path }).exit)
  for number = 1, FEW do
    add(repo, number)
  end
  local before = count_calls(repo, args)
  for number = FEW + 1, MANY do
    add(repo, number)
  end
  return (count_calls(repo, args) - before) / (MANY - FEW)
end

local function check(what, args, add, most)
  it(what, function()
    if not has_strace then
      pending("strace is not installed")
      return
    end
    local calls = calls_each(args, add)
    assert.is_true(calls > 1 and calls <= most, ("%.2f calls a migration"):format(calls))
  end)
end

describe("system calls of", function()
  local list, doctor = { "migration", "list" }, { "migration", "doctor", "--all" }

  check("list are at most 14 a migration", list, fixture.add_new, 14)
  check("list are at most one more for each accepted output", list, fixture.add_planning,
    14 + OUTPUTS)
  check("list of what is ready are at most 14", list, fixture.add_ready, 14)
  check("doctor are at most 24 a migration in planning", doctor, fixture.add_planning, 24)
  check("doctor are at most 24 a migration that is ready", doctor, fixture.add_ready, 24)
end)
