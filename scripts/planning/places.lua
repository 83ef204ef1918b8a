--- Where the program of a call may write: its work dir, the folder for its evidence, what its
--- adapter names, and a temporary folder of its own, which is gone after the call.  The kernel
--- holds it to that where it can; everywhere it may read.

local fs = require "host.fs"
local sys = require "host.sys"
local tree = require "host.tree"

local environment = require "planning.environment"
local folder = require "project.folder"
local tables = require "lib.tables"

local AUTO <const> = "auto"
local OFF <const> = "off"
local REQUIRE <const> = "require"
local FULL <const> = "full"
local NONE <const> = "none"
-- `git status` only reads then: without it, it writes the index, which a person may be using.
local READING <const> = { GIT_OPTIONAL_LOCKS = "0" }
local PRIVATE <const> = { mode = 448 } -- 0700
local TEMPORARY <const> = "/tmp"
local TOKEN_BYTES <const> = 8
local REFUSED <const> = { "ermission denied", "EACCES", "ead-only file system", "EROFS" }
-- Programs share memory through it; it holds nothing of theirs that lasts.
local SHARED_MEMORY <const> = "/dev/shm"

---@class mighost.Places
---@field mode "auto"|"require"|"off"
---@field temp string|nil the temporary folder of its own; nil where nothing confines it
---@field private call mighost.Call
local Places <const> = {}
Places.__index = Places

---Removes the temporary folder.  What cannot be removed stays for whoever clears such folders.
function Places:close()
  if self.temp then
    tree.remove(self.temp)
    self.temp = nil
  end
end
Places.__close = Places.close

---Whether `path` is `folder` or lies beneath it, wherever links lead.
local function is_within(path, above)
  local real, top = sys.realpath(path), sys.realpath(above)
  return real ~= nil and top ~= nil
    and (real == top or top == "/" or real:sub(1, #top + 1) == top .. "/")
end

---What the call must not reach, but could if it were allowed to write `path`.
local function opened_by(path, call)
  local guarded = call.live_dir and { call.repo_root, call.live_dir } or {}
  table.move(call.protect or {}, 1, #(call.protect or {}), #guarded + 1, guarded)
  for _, place in ipairs(guarded) do
    if is_within(place, path) then
      return place
    end
  end
  return nil
end

---Makes a folder that an adapter names, since the kernel's rules can name only what exists.  One
---that cannot be made is left out: the program could not make it either.
local function is_there(path, is_folder)
  if sys.realpath(path) then
    return true
  end
  local dir <close> = is_folder and folder.open(path) or nil
  return dir ~= nil
end

---Why an agent may not have a place that it names, else nil.
local function refuse(call, path)
  if type(path) ~= "string" or path:sub(1, 1) ~= "/" then
    return ("the agent %s wants to write in %s, not an absolute path"):format(call.agent, path)
  end
  local opened = opened_by(path, call)
  return opened and ("the agent %s wants to write in %s, which would open %s to it"):format(
    call.agent, path, opened)
end

---What every call may write, and what an adapter may name too.
local function given_places(call)
  return { [call.work_dir] = true, [call.artifacts] = true, [call.temp or call.work_dir] = true }
end

---The adapter's own folders and files, as far as they exist.
local function own_places(call, spec)
  local given, found = given_places(call), {}
  for _, field in ipairs { "writes", "updates" } do
    for _, path in ipairs(spec[field] or {}) do
      local problem = not given[path] and refuse(call, path)
      if problem then
        return nil, problem, "ECONFIG"
      elseif not given[path] and is_there(path, field == "writes") then
        found[#found + 1] = path
      end
    end
  end
  return found
end

---What to add when a program says that something was refused, else "".
---@param words string what it said
---@return string
function Places:hint(words)
  for _, sign in ipairs(REFUSED) do
    if self.mode ~= OFF and words:find(sign, 1, true) then
      return "; the sandbox keeps it to the folders that it may write in (--sandbox=off lifts that)"
    end
  end
  return ""
end

---What the host is told about a program.
---@param spec mighost.AgentCommand
---@return host.proc.Sandbox|nil
---@return string? message
---@return string? NAME
function Places:sandbox(spec)
  if self.mode == OFF then
    return { mode = OFF }
  end
  local call = self.call
  local writes, message, name = own_places(call, spec)
  if not writes then
    return nil, message, name
  end
  table.move({ call.work_dir, call.artifacts, self.temp }, 1, 3, #writes + 1, writes)
  if sys.realpath(SHARED_MEMORY) and not opened_by(SHARED_MEMORY, call)
    and not is_within(call.work_dir, SHARED_MEMORY) then
    writes[#writes + 1] = SHARED_MEMORY
  end
  return { mode = self.mode, writes = writes, protect = call.protect }
end

---A new folder that only the user can enter.  Its path is short: that of a socket has 107 bytes.
local function make_temporary()
  local base = os.getenv("TMPDIR") or ""
  if base:sub(1, 1) ~= "/" then
    base = TEMPORARY
  end
  local own = "mighost-" .. sys.random_hex(TOKEN_BYTES)
  local dir <close>, message, name = fs.open_dir(base)
  local made = dir
  if dir then
    made, message, name = dir:mkdir(own, PRIVATE)
  end
  return made and ("%s/%s"):format(base, own), message, name
end

local M = {}

---Whether a sandbox mode is available here; with a note when it protects less than its name says.
---@param mode "auto"|"require"|"off"
---@return true|nil
---@return string|nil note or message
---@return string? NAME
function M.check(mode)
  local level, abi = sys.sandbox()
  if mode == OFF or level == FULL then
    return true
  end
  local has = level == NONE and "this system has no Landlock"
    or ("this system has Landlock ABI %d, and full confinement takes 3 (Linux 6.2)"):format(abi)
  if mode == REQUIRE then
    return nil, "agents cannot be confined as required: " .. has, "EUNSUPPORTED"
  elseif level == NONE then
    return true, "agents are not confined: " .. has
  end
  return true, "agents are confined in part, they can still truncate files: " .. has
end

---Why a program may not be given the places that its adapter names; nil when it may.
---@param call mighost.Call
---@param spec mighost.AgentCommand
---@return string|nil
function M.problem(call, spec)
  local given = given_places(call)
  for _, field in ipairs { "writes", "updates" } do
    for _, path in ipairs(spec[field] or {}) do
      local problem = not given[path] and refuse(call, path)
      if problem then
        return problem
      end
    end
  end
end

---The folders that a call which writes in the work tree must leave as they are.
---@param project mighost.Project
---@return string[]
function M.protected(project)
  local paths, seen = {}, {}
  for _, path in ipairs { project.worktree .. "/.git", project.gitdir, project.common,
    project.live_path } do
    if not seen[path] and sys.realpath(path) then
      paths[#paths + 1], seen[path] = path, true
    end
  end
  return paths
end

---Makes the temporary folder, and fills in the call's `temp` and `env`.  A person at the terminal
---is confined by nothing.
---@param call mighost.Call
---@param adapter mighost.Agent
---@return mighost.Places|nil
---@return string? message
---@return string? NAME
function M.open(call, adapter)
  local places = setmetatable({
    mode = adapter.attached and OFF or call.sandbox or AUTO, call = call,
  }, Places)
  if places.mode ~= OFF then
    local message, name
    places.temp, message, name = make_temporary()
    if not places.temp then
      return nil, ("cannot make a temporary folder for the agent %s: %s"):format(call.agent,
        message), name
    end
  end
  call.temp = places.temp
  call.env = environment.build(tables.copy(sys.env(), { TMPDIR = places.temp }),
    tables.copy(READING, call.agent_env), adapter.inherits_env,
    environment.join(adapter.passes, call.pass_env))
  return places
end

return M
