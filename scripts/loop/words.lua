--- Words of agents and of programs, made fit for a commit, a table or a file that others read.

local sys = require "host.sys"

local commit = require "planning.commit"
local secrets = require "planning.secrets"
local text = require "lib.text"

local ESCAPE_SEQUENCES <const> = { "\27%[[0-?]*[ -/]*[@-~]", "\27%][^\a\27]*\a?", "\27[@-Z\\^_]" }

---Where paths of this machine stand in texts, and what is written instead.
local function replaced_paths(project)
  local replaced = {
    [os.getenv("TMPDIR") or "/tmp"] = "<tmp>",
    [project.state_home] = "<state>",
    [project.root] = "<repo>",
  }
  replaced[project.worktree] = "<repo>"
  return replaced
end

local M = {}

---One short line: no secrets, no paths of this machine, no control characters.
---@param project mighost.Project
---@param words string
---@return string
function M.flatten(project, words)
  return commit.flatten(secrets.redact(words, secrets.of(sys.env())), replaced_paths(project))
end

---Several lines as they are, but without secrets, colours and whatever else moves a cursor.
---@param words string
---@return string
function M.clean(words)
  local plain = secrets.redact(words, secrets.of(sys.env()))
  for _, sequence in ipairs(ESCAPE_SEQUENCES) do
    plain = plain:gsub(sequence, "")
  end
  local lines = {}
  for index, line in ipairs(text.lines(text.to_utf8(plain))) do
    lines[index] = text.printable((line:gsub("\t", "  ")))
  end
  return table.concat(lines, "\n")
end

return M
