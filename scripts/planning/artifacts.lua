--- The evidence of runs: each has a folder in the state directory, with one for each agent call.

local fs = require "host.fs"
local sys = require "host.sys"
local tree = require "host.tree"

local folder = require "project.folder"
local json = require "lib.json"
local time = require "lib.time"

local KEPT <const> = 20
local ABOUT <const> = "run.json"
local READ <const> = { max = 1 << 20 }
local PRIVATE <const> = { durable = false, mode = 384 } -- 0600, for prompts and answers

---@class mighost.Evidence a folder of one call
---@field path string
local Evidence <const> = {}
Evidence.__index = Evidence

---Writes one file, which need not survive a power cut.
---@param name string
---@param text string
---@return true|nil
---@return string? message
---@return string? NAME
function Evidence:write(name, text)
  local dir <close>, message, code = fs.open_dir(self.path)
  if not dir then
    return nil, message, code
  end
  return dir:write(name, text, PRIVATE)
end

---@class mighost.About run.json: whose run it is and how it went
---@field root string the repository's root
---@field command string
---@field pid integer
---@field process_start string|nil with pid and boot_id it names one process for ever
---@field boot_id string|nil
---@field started string
---@field finished string|nil absent while it runs, and where the process died
---@field status string|nil "completed", "failed", …; likewise
---@field message string|nil why it failed
---@field commits integer|nil that it made

---@class mighost.Run
---@field id string
---@field path string
---@field about mighost.About
local Run <const> = {}
Run.__index = Run

local function present()
  local now = sys.now()
  return time.format(now, sys.utc_offset(now)), time.stamp(now, sys.utc_offset(now))
end

---Makes the folder of the next call of `step`: `planning/<step>`, `planning/<step>-2`, …
---@param step string
---@return mighost.Evidence|nil
---@return string? message
---@return string? NAME
function Run:evidence(step)
  local count = (self.calls[step] or 0) + 1
  self.calls[step] = count
  local name = count == 1 and step or ("%s-%d"):format(step, count)
  local path = ("%s/planning/%s"):format(self.path, name)
  local dir <close>, message, code = folder.open(path)
  if not dir then
    return nil, ("cannot keep the evidence of %s: %s"):format(step, message), code
  end
  return setmetatable({ path = path }, Evidence)
end

local function write_about(dir, about)
  return dir:write(ABOUT, json.encode(about) .. "\n", { durable = false })
end

---Notes how the run ended.
---@param status string
---@param message? string why it failed
---@return true|nil
---@return string? message
---@return string? NAME
function Run:finish(status, message)
  local dir <close>, why, name = fs.open_dir(self.path)
  if not dir then
    return nil, why, name
  end
  self.about.status, self.about.message, self.about.finished = status, message, (present())
  return write_about(dir, self.about)
end

---Names begin with the second in which a run began; within it the time itself counts.
local function is_older(a, b)
  local first, second = a.id:match("^[^-]*"), b.id:match("^[^-]*")
  if first ~= second then
    return first < second
  end
  first, second = tostring(a.about.started), tostring(b.about.started)
  return first < second or first == second and a.id < b.id
end

---The runs of a project, the oldest first.
local function runs_of(dir, root)
  local found = {}
  for _, entry in ipairs(dir:list() or {}) do
    local about = entry.kind == "directory"
      and json.read_table(dir, entry.name .. "/" .. ABOUT, READ)
    if about and about.root == root then
      found[#found + 1] = { id = entry.name, about = about }
    end
  end
  table.sort(found, is_older)
  return found
end

local M = { KEPT = KEPT }

---What became of one call, as it is kept with its evidence.
---@param call mighost.Call
---@param report table
---@return table
function M.describe_call(call, report)
  local function stream(captured)
    return captured and { bytes = captured.bytes, whole = captured.whole }
  end
  return {
    slug = call.slug, stage = call.stage, visit = call.visit, agent = call.agent,
    model = call.model, effort = call.effort,
    usage = report.usage, trouble = report.trouble,
    exit = report.exit, signal = report.signal, ended_by = report.ended_by,
    stragglers = report.stragglers, wall = report.wall, cpu = report.cpu,
    peak_kib = report.peak_kib, sandbox = report.sandbox,
    stdout = stream(report.stdout), stderr = stream(report.stderr),
  }
end

---The folder of one call, for what is to be kept of it.
---@param path string absolute; it exists
---@return mighost.Evidence
function M.at(path)
  return setmetatable({ path = path }, Evidence)
end

---Starts the evidence of a run.
---@param state_home string
---@param root string the repository's root
---@param command string
---@return mighost.Run|nil
---@return string? message
---@return string? NAME
function M.start(state_home, root, command)
  local now, stamp = present()
  local id = ("%s-%s"):format(stamp, sys.random_hex(3))
  local path = ("%s/runs/%s"):format(state_home, id)
  local dir <close>, message, name = folder.open(path)
  if not dir then
    return nil, ("cannot keep evidence in %s: %s"):format(state_home, message), name
  end
  local about = { root = root, command = command, started = now, pid = sys.pid(),
    process_start = sys.process_start(sys.pid()), boot_id = sys.boot_id() }
  local written, why, code = write_about(dir, about)
  if not written then
    return nil, why, code
  end
  return setmetatable({ id = id, path = path, about = about, calls = {} }, Run)
end

---Whether the process that made a run still runs.
---@param about mighost.About
---@return boolean
function M.is_alive(about)
  local pid = math.tointeger(about.pid)
  return about.finished == nil and about.boot_id == sys.boot_id() and pid ~= nil
    and about.process_start == (sys.process_start(pid) or false)
end

---The runs of a project that are kept, the newest first.
---@param state_home string
---@param root string
---@return { id: string, path: string, about: mighost.About }[]|nil
---@return string? message
---@return string? NAME
function M.list(state_home, root)
  local path = state_home .. "/runs"
  local dir <close>, message, name = folder.open_if_there(path)
  if dir == nil then
    return nil, message, name
  end
  local runs = {}
  for _, run in ipairs(dir and runs_of(dir, root) or {}) do
    run.path = path .. "/" .. run.id
    table.insert(runs, 1, run)
  end
  return runs
end

---Removes all but the newest runs of a project; one that still runs stays.
---@param state_home string
---@param root string
---@param kept? integer how many to keep; default 20
---@return string[] removed their names
function M.prune(state_home, root, kept)
  local removed = {}
  for index, run in ipairs(M.list(state_home, root) or {}) do
    if index > (kept or KEPT) and not M.is_alive(run.about) and tree.remove(run.path) then
      removed[#removed + 1] = run.id
    end
  end
  return removed
end

return M
