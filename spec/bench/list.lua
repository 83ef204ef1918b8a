--- `list` of many migrations against `cat` of the files that it reads.

local fixture = require "spec.bench.fixture"
local git = require "spec.support.git"
local measure = require "spec.bench.measure"
local proc = require "host.proc"
local program = require "spec.support.program"

local COUNTS <const> = { 10, 100, 1000, 5000 }
local LIMIT <const> = 8
local MEMORY_LIMIT_KIB <const> = 64 * 1024

--- Adds migrations from..to and returns the paths that a list of them reads.
local function add_migrations(repo, from, to, paths)
  for i = from, to do
    local slug = ("measure-%05d"):format(i)
    local folder = "migrations/" .. slug
    table.insert(paths, repo:write(folder .. "/manifest.json", fixture.manifest(slug)))
    table.insert(paths, repo:write(folder .. "/.planning/state.json", fixture.state(slug)))
    for _, step in ipairs(fixture.steps) do
      repo:write(("%s/.planning/stages/%s.stdout.md"):format(folder, step), "accepted\n")
    end
  end
end

local function measure_one(repo, count, paths)
  local names = repo:write("paths", table.concat(paths, "\0"))
  local cat, list = "cat of its files", "list"
  local medians = measure.medians({
    { name = cat, line = "xargs -0 -n 100000 -s 2000000 -a " .. measure.line(names) .. " cat" },
    { name = list,
      line = "cd " .. measure.line(repo.path) .. " && "
        .. measure.line(program.exe, "migration", "list") },
  }, { rounds = count < 1000 and 15 or 7 })
  local report = assert(proc.run { argv = { program.exe, "migration", "list" }, cwd = repo.path })
  local _, rows = report.stdout.head:gsub("\n", "")
  assert(report.exit == 0 and rows == count + 1, "the list is not complete")
  return { what = ("list of %d migrations"):format(count), seconds = medians[list], against = cat,
    other = medians[cat], limit = LIMIT, kib = report.peak_kib, kib_limit = MEMORY_LIMIT_KIB }
end

return function()
  local repo <close> = git.repo()
  assert(program.run({ args = { "init" }, cwd = repo.path }).exit == 0)
  local rows, paths, done = {}, {}, 0
  for _, count in ipairs(COUNTS) do
    add_migrations(repo, done + 1, count, paths)
    done = count
    table.insert(rows, measure_one(repo, count, paths))
  end
  return rows
end
