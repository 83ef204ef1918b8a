--- Commands over many migrations against `cat` of the files that they must read.

local git = require "spec.support.git"
local measure = require "spec.bench.measure"
local proc = require "host.proc"
local program = require "spec.support.program"

local COUNTS <const> = { 10, 100, 1000, 5000 }
local MEMORY_LIMIT_KIB <const> = 64 * 1024

local M = {}

---@class bench.Many
---@field what string          names the rows
---@field args string[]        of mighost
---@field limit number         the most it may take, in times of `cat`
---@field lines fun(count: integer): integer  how many lines it prints of so many migrations
---@field add fun(repo: spec.Repo, number: integer): string[]  writes one; the files to be read

local function measure_one(repo, many, count, paths)
  local names = repo:write("paths", table.concat(paths, "\0"))
  local cat = "cat of its files"
  local medians = measure.medians({
    { name = cat, line = "xargs -0 -n 100000 -s 2000000 -a " .. measure.line(names) .. " cat" },
    { name = many.what,
      line = "cd " .. measure.line(repo.path) .. " && "
        .. measure.line(program.exe, table.unpack(many.args)) },
  }, { rounds = count < 1000 and 15 or 7 })
  local argv = table.move(many.args, 1, #many.args, 2, { program.exe })
  local report = assert(proc.run { argv = argv, cwd = repo.path })
  local _, lines = report.stdout.head:gsub("\n", "")
  assert(report.exit == 0 and lines == many.lines(count), many.what .. " is not complete")
  return { what = ("%s of %d migrations"):format(many.what, count), seconds = medians[many.what],
    against = cat, other = medians[cat], limit = many.limit, kib = report.peak_kib,
    kib_limit = MEMORY_LIMIT_KIB }
end

--- A row for each number of migrations.
---@param many bench.Many
---@return table[] rows
function M.rows(many)
  local repo <close> = git.repo()
  assert(program.run({ args = { "init" }, cwd = repo.path }).exit == 0)
  local rows, paths, done = {}, {}, 0
  for _, count in ipairs(COUNTS) do
    for number = done + 1, count do
      local more = many.add(repo, number)
      table.move(more, 1, #more, #paths + 1, paths)
    end
    done = count
    table.insert(rows, measure_one(repo, many, count, paths))
  end
  return rows
end

return M
