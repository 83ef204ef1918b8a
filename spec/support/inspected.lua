--- A project with scripts of its own, inspected in this process, for specs.

local inspect = require "planning.inspect"
local program = require "spec.support.program"
local project = require "spec.support.project"

local MARK <const> = "%-%-! ([%a-]+): ?([^\n]-)%f[\n\0]"

local M = {}

--- The files of a folder of fixtures by their path in it.
---@param folder string  below spec/fixtures
---@return table<string, string>
function M.fixtures(folder)
  local files = {}
  local root = ("%s/spec/fixtures/%s"):format(program.root, folder)
  local pipe <close> = assert(io.popen(("cd '%s' && find . -type f"):format(root)))
  for path in pipe:lines() do
    local file <close> = assert(io.open(root .. "/" .. path, "rb"))
    files[path:sub(3)] = file:read("a")
  end
  return files
end

--- Puts files into `.mighost/` of a project, trusts them and inspects it.
---@param p spec.Project
---@param files table<string, string>
---@param settings? string  members of config.json, each with a comma behind it
---@return mighost.Inspection
function M.inspect(p, files, settings)
  for path, text in pairs(files) do
    p.repo:write(".mighost/" .. path, text)
  end
  p.repo:write(".mighost/config.json", ('{ %s "live_migrations_dir": "migrations", '
    .. '"schema_version": 1 }'):format(settings or ""))
  local trusted = p:run { "trust", "--yes" }
  assert(trusted.exit == 0, trusted.stderr)
  local opened = p:open()
  if opened.team then -- the record of trust is this project's user's, whom this process is not
    opened.team.standing = { state = "trusted", by = "record", before = {} }
  end
  return assert(inspect.run(opened))
end

--- What is found in files of a team's alone.
---@param files table<string, string>
---@param settings? string
---@return mighost.Diagnostic[]
---@return mighost.Inspection
function M.find(files, settings)
  local p <close> = project.new()
  local inspection = M.inspect(p, files, settings)
  return inspection.diagnostics, inspection
end

--- What files say of themselves is wrong with them: `--! code: words` stands in the line.
---@param files table<string, string>
---@return { path: string, line: integer, code: string, words: string }[]
function M.marks(files)
  local marks = {}
  for path, text in pairs(files) do
    local number = 0
    for line in (text .. "\n"):gmatch("([^\n]*)\n") do
      number = number + 1
      for code, words in (line .. "\n"):gmatch(MARK) do
        table.insert(marks, { path = ".mighost/" .. path, line = number, code = code,
          words = words })
      end
    end
  end
  return marks
end

return M
