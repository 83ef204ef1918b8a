--- The plan that mighost is shipped with, as a recording: where it is, making it anew, comparing.

local lfs = require "lfs"
local program = require "spec.support.program"
local sh = require "spec.support.sh"

local AGENT <const> = program.root .. "/spec/support/agents/recorded.lua"

local M = {}

M.path = program.root .. "/stages/recordings/confine-planning-agents"

---What the plan is about.
M.target = "Confine planning agents with Landlock"

---The stages in the order in which they were asked.
M.steps = { "approaches", "pick-best", "expand", "review", "revise", "review-2", "final-review" }

---Plans from the recording's answers and files as if an agent gave them, and records that.
---@param scratch spec.Project
---@param folder string absolute; the new recording
---@return spec.Result
function M.record(scratch, folder)
  local agent = ("%s %s %s"):format(sh.quote(program.exe), sh.quote(AGENT), sh.quote(M.path))
  return scratch:plan({ "--target", M.target, "--to-end", "--record", folder }, { agent = agent })
end

local function add_files(found, folder, rel)
  for name in lfs.dir(folder .. "/" .. rel) do
    local path = rel .. "/" .. name
    local mode = not name:find("^%.%.?$") and lfs.attributes(folder .. "/" .. path, "mode")
    if mode == "directory" then
      add_files(found, folder, path)
    elseif mode == "file" then
      found[path:sub(3)] = true
    end
  end
end

---The files of a recording, as keys, relative to it.
---@param folder string
---@return table<string, true>
function M.files(folder)
  local found = {}
  add_files(found, folder, ".")
  return found
end

---A file's bytes; of call.json without the times of the run.
function M.read(folder, path)
  local file <close> = io.open(folder .. "/" .. path, "rb")
  local text = file and file:read("a")
  return text and path:find("call%.json$") and text:gsub('"wall": *[%d.e+-]+', '"wall": 0') or text
end

---The paths that differ between the shipped recording and another one.
---@param folder string
---@return string[] paths sorted
function M.differences(folder)
  local all = M.files(folder)
  for path in pairs(M.files(M.path)) do
    all[path] = true
  end
  local changed = {}
  for path in pairs(all) do
    if M.read(folder, path) ~= M.read(M.path, path) then
      changed[#changed + 1] = path
    end
  end
  table.sort(changed)
  return changed
end

---Puts another recording in the place of the shipped one.
---@param folder string
function M.replace(folder)
  sh.check { argv = { "rm", "-rf", M.path } }
  sh.check { argv = { "cp", "-R", folder, M.path } }
end

return M
