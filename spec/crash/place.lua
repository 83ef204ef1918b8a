--- A place for faults: one repository and one user's home at fixed paths, saved and put back as
--- often as needed, and commands run there with a fault.

local lfs = require "lfs"
local program = require "spec.support.program"
local sh = require "spec.support.sh"

local PATIENCE <const> = "60" -- seconds, until a command that hangs counts as a failure
local AGENT <const> = program.root .. "/spec/support/agents/planner.sh"
local COUNTER <const> = string.rep("\0", 16)

local M = { slug = "mig", agent = AGENT }

---@class crash.Place
---@field path string       everything of this place
---@field root string       what is saved and put back: repo/ and home/
---@field repo string
---@field home string
---@field library string    the faults
local Place = {}
Place.__index = Place

--- The library with the faults, which the build makes next to the programs that specs run.
function M.library()
  return (program.exe:gsub("/bin/[^/]*$", "")) .. "/spec/faults.so"
end

--- A folder for scratch places: in memory where that is possible, since most sweeps are not about
--- what a disk does.
function M.folder()
  local base = lfs.attributes("/dev/shm", "mode") == "directory" and "/dev/shm"
    or os.getenv("TMPDIR") or "/tmp"
  local pipe <close> = assert(io.popen("mktemp -d " .. sh.quote(base .. "/mighost-crash-XXXXXX")))
  return assert(pipe:read("l"), "no scratch folder")
end

--- Runs a shell command line that must succeed.
local function shell(line)
  assert(os.execute(line), line)
end

--- A new place in a folder, with a repository that `mighost init` has set up.
---@param path string
---@return crash.Place
function M.new(path)
  local place = setmetatable({
    path = path, root = path .. "/now", repo = path .. "/now/repo", home = path .. "/now/home",
    library = M.library(),
  }, Place)
  shell(("mkdir -p %s %s"):format(sh.quote(place.repo), sh.quote(place.home)))
  place:git("init", "-q", "-b", "main")
  place:git("config", "user.name", "Crash")
  place:git("config", "user.email", "crash@example.invalid")
  place:git("config", "gc.auto", "0")
  place:write("README", "a project\n")
  place:git("add", "-A")
  place:git("commit", "-q", "-m", "Start")
  place:must { "init", "--commit" }
  return place
end

--- The place that another process made, for one more at work in it.
---@param path string of that place
---@param own string a folder for what only this process needs; made here
---@return crash.Place
function M.attach(path, own)
  shell("mkdir -p " .. sh.quote(own))
  return setmetatable({
    path = own, root = path .. "/now", repo = path .. "/now/repo", home = path .. "/now/home",
    library = M.library(),
  }, Place)
end

--- Writes a file of the work tree.
function Place:write(rel, text)
  local file <close> = assert(io.open(self.repo .. "/" .. rel, "wb"))
  assert(file:write(text))
end

--- Runs git in the repository; raises unless it succeeds.
function Place:git(...)
  return (sh.check { argv = { "git", "-C", self.repo, ... }, env = self:env() }:gsub("\n$", ""))
end

--- The environment of this place's user.
function Place:env(more)
  local env = {
    HOME = self.home,
    XDG_STATE_HOME = self.home .. "/state",
    XDG_CONFIG_HOME = self.home .. "/config",
    PLANNER_LOG = self.is_confined and "/dev/null" or self.home .. "/calls",
    -- The agent keeps its log, and the library its count, out of its reach.
    MIGHOST_SANDBOX = self.is_confined and "auto" or "off",
    GIT_CONFIG_GLOBAL = "/dev/null", GIT_CONFIG_NOSYSTEM = "1", MIGHOST_WITH = false,
  }
  for name, value in pairs(more or {}) do
    env[name] = value
  end
  return env
end

--- Runs mighost in the repository to its end.
---@param args string[]
---@param env? table<string, string|false>
---@param before? string[] words in front of the program, e.g. strace
---@return spec.Result
function Place:run(args, env, before)
  local argv = { "timeout", "-k", "1", PATIENCE }
  table.move(before or {}, 1, #(before or {}), #argv + 1, argv)
  table.insert(argv, program.exe)
  table.move(args, 1, #args, #argv + 1, argv)
  return sh.run { argv = argv, cwd = self.repo, env = self:env(env) }
end

--- Runs a command that must succeed.
function Place:must(args, env)
  local result = self:run(args, env)
  assert(result.exit == 0, ("mighost %s: %s%s"):format(table.concat(args, " "), result.stdout,
    result.stderr))
  return result
end

---@class crash.Fault
---@field fault? string      MIGHOST_FAULT
---@field refuse? string     MIGHOST_FAULT_REFUSE
---@field trace? string      MIGHOST_FAULT_TRACE
---@field list? string       MIGHOST_FAULT_LIST
---@field device? string     MIGHOST_FAULT_DEVICE

--- Runs mighost with a fault; returns its result, how many calls were made and how many went wrong.
---@param args string[]
---@param how crash.Fault
---@param more? table<string, string|false>
---@return spec.Result, integer, integer
function Place:hurt(args, how, more)
  local counter = self.path .. "/count"
  local file = assert(io.open(counter, "wb"))
  assert(file:write(COUNTER))
  file:close()
  local env = {
    LD_PRELOAD = self.library, MIGHOST_FAULT_COUNT = counter, MIGHOST_FAULT = how.fault,
    MIGHOST_FAULT_REFUSE = how.refuse, MIGHOST_FAULT_TRACE = how.trace,
    MIGHOST_FAULT_LIST = how.list, MIGHOST_FAULT_DEVICE = how.device,
  }
  for name, value in pairs(more or {}) do
    env[name] = value
  end
  local result = self:run(args, env)
  local read <close> = assert(io.open(counter, "rb"))
  local calls, hits = ("i8i8"):unpack(read:read("a"))
  return result, calls, hits
end

--- Keeps the place as it is now, under a name.
function Place:save(name)
  local kept = sh.quote(self.path .. "/saved-" .. name)
  shell(("rm -rf %s && cp -a %s %s"):format(kept, sh.quote(self.root), kept))
end

--- Makes the place what it was when it was saved.  What an ended agent still writes may keep a
--- folder from going at the first try.
function Place:restore(name)
  local root = sh.quote(self.root)
  shell(("rm -rf %s 2>/dev/null || { sleep 1; rm -rf %s; }; cp -a %s %s"):format(root, root,
    sh.quote(self.path .. "/saved-" .. name), root))
end

--- How often the agent was called for each stage.
---@return table<string, integer>
function Place:agent_calls()
  local calls = {}
  local file <close> = io.open(self.home .. "/calls", "r")
  for line in file and file:lines() or function() end do
    local stage = line:match("^%S+")
    calls[stage] = (calls[stage] or 0) + 1
  end
  return calls
end

--- Removes everything.
function Place:close()
  shell(("rm -rf %s 2>/dev/null || { sleep 1; rm -rf %s; }"):format(sh.quote(self.path),
    sh.quote(self.path)))
end

Place.__close = Place.close

return M
