--- A scratch project set up by `mighost init`, with homes of its own and a scripted agent.

local git = require "spec.support.git"
local lfs = require "lfs"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tables = require "lib.tables"
local tmp = require "spec.support.tmp"

local PATIENCE <const> = "60" -- seconds, until a spec that waits in vain fails
local AGENT <const> = program.root .. "/spec/support/agents/planner.sh"

-- A confined agent can write there, whatever else it can.
local SHARED_MEMORY <const> = "/dev/shm"

local M = { agent = AGENT }

--- Whether agents can be confined in full here, and still tell specs what they do.
---@return boolean
function M.can_confine()
  return sys.sandbox() == "full" and lfs.attributes(SHARED_MEMORY, "mode") == "directory"
end

---@class spec.Project
---@field repo spec.Repo
---@field home spec.TmpDir  state and configuration of its user, and the log of the agent's calls
---@field outbox spec.TmpDir  where the scripted agent tells of its calls
---@field path string
local Project = {}
Project.__index = Project

--- A repository with one file and a committed `mighost init`.  Where agents are not confined, all
--- that changes while one works counts as its doing: who tests others at work confines it.
---@param opts? {confined?: boolean}
---@return spec.Project
function M.new(opts)
  local repo = git.repo()
  repo:write("README", "a project\n")
  repo:commit("Add a file")
  local is_confined = opts and opts.confined
  local home = tmp.dir()
  local project = setmetatable({ repo = repo, home = home, path = repo.path,
    is_confined = is_confined, outbox = is_confined and tmp.dir(SHARED_MEMORY) or home }, Project)
  local result = project:run { "init", "--commit" }
  assert(result.exit == 0, result.stderr)
  return project
end

--- A project of places that another process made.
---@param path string
---@param home string
---@return spec.Project
function M.attach(path, home)
  return setmetatable({ repo = git.attach(path), home = tmp.attach(home), path = path }, Project)
end

local function read_fifo(path)
  return (sh.check { argv = { "timeout", PATIENCE, "cat", path } }:gsub("%s+$", ""))
end

--- The environment of this project's user.  Scripted agents tell specs what they do through files
--- and FIFOs out of their reach, so they are not confined; spec/e2e/sandbox_spec.lua is about that.
---@param more? table<string, string|false>
---@return table<string, string|false>
function Project:env(more)
  return tables.copy({
    HOME = self.home.path,
    XDG_STATE_HOME = self.home:join("state"),
    XDG_CONFIG_HOME = self.home:join("config"),
    PLANNER_LOG = self.outbox:join("calls"),
    MIGHOST_SANDBOX = self.is_confined and "require" or "off",
    GIT_CONFIG_GLOBAL = "/dev/null", GIT_CONFIG_NOSYSTEM = "1", MIGHOST_WITH = false,
  }, more)
end

--- Runs mighost in the project.
---@param args string[]
---@param env? table<string, string|false>
---@return spec.Result
function Project:run(args, env)
  return program.run { args = args, cwd = self.path, env = self:env(env) }
end

local function with_agent(command, args, agent)
  local all = table.move(command, 1, #command, 1, {})
  table.move({ "--with", "command", "--agent-command", agent or AGENT }, 1, 4, #all + 1, all)
  return table.move(args, 1, #args, #all + 1, all)
end

--- Runs `mighost plan` with the scripted agent, or with another program.
---@param args string[]
---@param opts? {env?: table<string, string|false>, agent?: string}
---@return spec.Result
function Project:plan(args, opts)
  opts = opts or {}
  return self:run(with_agent({ "plan" }, args, opts.agent), opts.env)
end

--- The same for `mighost migration refine` and `mighost migration review`.
---@param args string[]
---@param opts? {env?: table<string, string|false>, agent?: string}
---@return spec.Result
function Project:refine(args, opts)
  opts = opts or {}
  return self:run(with_agent({ "migration", "refine" }, args, opts.agent), opts.env)
end

---@param args string[]
---@param opts? {env?: table<string, string|false>, agent?: string}
---@return spec.Result
function Project:review(args, opts)
  opts = opts or {}
  return self:run(with_agent({ "migration", "review" }, args, opts.agent), opts.env)
end

--- The project as mighost's modules see it, with this user's state directory.
---@return mighost.Project
function Project:open()
  local opened = assert(require("mighost").open { repo_root = self.path })
  opened.state_home = self.home:join("state/mighost")
  return opened
end

--- The command line of the scripted agent for use in this process.
---@param settings? table<string, string>  PLANNER_… variables
---@return string
function Project:agent_command(settings)
  local words = { "env", sh.quote("PLANNER_LOG=" .. self.outbox:join("calls")) }
  for name, value in pairs(settings or {}) do
    table.insert(words, sh.quote(name .. "=" .. value))
  end
  table.insert(words, AGENT)
  return table.concat(words, " ")
end

--- Writes a shell script to be used as an agent; returns its path.
---@param body string
---@return string
function Project:script(body)
  local path = self.home:write("agent.sh", "#!/bin/sh\ncat >/dev/null\n" .. body .. "\n")
  sh.check { argv = { "chmod", "+x", path } }
  return path
end

--- The agent's calls so far, "<stage> <visit>" each.
---@return string[]
function Project:calls()
  local calls = {}
  for line in (self.outbox:read("calls") or ""):gmatch("[^\n]+") do
    table.insert(calls, line)
  end
  return calls
end

--- How often the agent was called for a stage.
---@param stage string
---@return integer
function Project:count(stage)
  local count = 0
  for _, call in ipairs(self:calls()) do
    count = count + (call:match("^%S+") == stage and 1 or 0)
  end
  return count
end

--- The subjects of all commits, the oldest first.
---@return string[]
function Project:subjects()
  local subjects = {}
  for line in self.repo:git("log", "--reverse", "--format=%s"):gmatch("[^\n]+") do
    table.insert(subjects, line)
  end
  return subjects
end

--- Starts `mighost plan` in the background with its output in the home's `out` and `err`; `stop`
--- sends a signal, `wait` gives the exit code, as a shell sees it.
---@param args string[]
---@param env? table<string, string|false>
---@param command? string[]  words of another command with an agent
---@param agent? string  another program
---@return {stop: fun(signal: string), wait: fun(): integer, pid: fun(): string}
function Project:start(args, env, command, agent)
  local words = { "exec", "env" }
  for name, value in pairs(self:env(env)) do
    local word = value and sh.quote(name .. "=" .. value) or "-u " .. name
    table.insert(words, value and #words + 1 or 3, word) -- options come first
  end
  table.insert(words, sh.quote(program.exe))
  for _, word in ipairs(with_agent(command or { "plan" }, args, agent)) do
    table.insert(words, sh.quote(word))
  end
  local script = self.home:write("start.sh", ("cd %s || exit\necho $$ >%s\n%s >%s 2>%s\n"):format(
    sh.quote(self.path), sh.quote(self.home:join("pid")), table.concat(words, " "),
    sh.quote(self.home:join("out")), sh.quote(self.home:join("err"))))
  sh.check { argv = { "mkfifo", self.home:join("ended") } }
  assert(os.execute(("{ sh %s; echo $? >%s; } </dev/null >/dev/null 2>&1 &"):format(
    sh.quote(script), sh.quote(self.home:join("ended")))))
  return {
    pid = function()
      return (self.home:read("pid"):gsub("%s", ""))
    end,
    stop = function(signal)
      sh.check { argv = { "kill", "-" .. signal, (self.home:read("pid"):gsub("%s", "")) } }
    end,
    wait = function()
      local code = read_fifo(self.home:join("ended"))
      os.remove(self.home:join("ended"))
      return tonumber(code)
    end,
  }
end

--- Two FIFOs that hold the scripted agent at a stage: `arrived` waits until it is there, `release`
--- lets it go on.
---@param stage string
---@return {env: table<string, string>, arrived: fun(), release: fun()}
function Project:hold(stage)
  local base = self.outbox:join("hold")
  sh.check { argv = { "mkfifo", base .. ".up", base .. ".down" } }
  return {
    env = { PLANNER_FIFO = stage .. ":" .. base },
    arrived = function()
      assert(read_fifo(base .. ".up") == "ready")
    end,
    release = function()
      sh.check { argv = { "timeout", PATIENCE, "sh", "-c", 'echo go >"$0"', base .. ".down" } }
    end,
  }
end

--- What a command may leave: a clean work tree, a sound repository, no half-done transaction.
---@return string[] problems
function Project:problems()
  local found = {}
  local status = self.repo:status()
  if status ~= "" then
    table.insert(found, "git status: " .. status)
  end
  local fsck = sh.run { argv = { "git", "-C", self.path, "fsck", "--strict", "--no-dangling" } }
  if fsck.exit ~= 0 then
    table.insert(found, "git fsck: " .. fsck.stdout .. fsck.stderr)
  end
  for _, name in ipairs(self.repo.dir:exists("migrations/__transactions__")
    and self.repo.dir:names("migrations/__transactions__") or {}) do
    if name ~= ".gitignore" then
      table.insert(found, "left in __transactions__: " .. name)
    end
  end
  return found
end

--- A file of a migration.
---@param path string  relative to the live directory
---@return string?
function Project:read(path)
  return self.repo:read("migrations/" .. path)
end

--- Removes everything; a second call does nothing.
function Project:close()
  self.repo:close()
  self.home:close()
  self.outbox:close()
end

Project.__close = Project.close

return M
