--- A scratch project with code, a validation command and migrations to be carried out, and the
--- context that the loop's modules get:
---   local site <close> = loop.new()
---   site:migration("move", { "one", "two" })
---   local outcome = phase.tick(site:context { agent = "echo new >code.txt" }, {})

local evidence = require "loop.evidence"
local manifest = require "migration.manifest"
local pipelines = require "planning.pipeline"
local project = require "spec.support.project"
local registry = require "planning.registry"
local sh = require "spec.support.sh"
local states = require "planning.state"
local tables = require "lib.tables"
local text = require "lib.text"

local PHASE <const> =
  "# A phase\n\n## Precondition\n\nTests are green.\n\n## Definition of Done\n\nIt is done.\n"
local PATIENCE <const> = "60" -- seconds, until a spec that waits in vain fails
local STEPS <const> = {
  { "approaches", "completed" }, { "pick-best", "completed" }, { "expand", "completed" },
  { "review", "clear" }, { "final-review", "approve-auto" },
}

---@class spec.Loop
---@field inner spec.Project
---@field repo spec.Repo
---@field home spec.TmpDir
---@field path string
---@field events table[] what was reported to people
local Loop = {}
Loop.__index = Loop

local M = { PHASE = PHASE, MOMENT = "2026-03-01T00:15:00.000+00:00" }

--- Everything that can be seen of the work tree and of git: two equal ones are byte for byte equal.
---@param path string
---@return string
function M.picture(path)
  return sh.check { cwd = path, argv = { "sh", "-c", [[
    find . -path ./.git -prune -o -printf '%p %y %m %l\n' | LC_ALL=C sort
    find . -path ./.git -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    dir=$(git rev-parse --absolute-git-dir)
    cat "$dir/HEAD"; sha256sum <"$dir/index"
    git for-each-ref; git stash list; cat "$dir/info/"* 2>/dev/null
    ls "$dir" | grep -v -e '^mighost$' -e ORIG_HEAD -e COMMIT_EDITMSG -e FETCH_HEAD -e '^logs$' \
      -e packed-refs
    git ls-files -s -v
  ]] }, env = { GIT_CONFIG_GLOBAL = "/dev/null", GIT_OPTIONAL_LOCKS = "0" } }
end

--- A project whose validation is green as long as code.txt has no line "broken".
---@return spec.Loop
function M.new()
  local inner = project.new()
  inner.repo:write("code.txt", "old\n")
  inner.repo:write(".gitignore", "/build/\n")
  inner.repo:commit("Add code")
  return setmetatable({ inner = inner, repo = inner.repo, home = inner.home, path = inner.path,
    events = {} }, Loop)
end

local function state_of(slug, write)
  local state = assert(states.new { target = "Move it", now = M.MOMENT,
    pipeline = assert(pipelines.built_in()) })
  for _, step in ipairs(STEPS) do
    local path = (".planning/stages/%s.stdout.md"):format(step[1])
    write(path, step[1] .. "\n")
    state = assert(states.accept(state, { name = step[1], outcome = step[2],
      completed_at = M.MOMENT, stdout = ("migrations/%s/%s"):format(slug, path), agent = "replay",
      reason = "it holds together" }))
  end
  return states.encode(state)
end

--- Commits a migration that is ready, with a file for each phase.
---@param slug string
---@param names string[]  of the phases
---@param changes? table  of the manifest; `efforts` are the phases' own
function Loop:migration(slug, names, changes)
  local function write(path, content)
    self.repo:write(("migrations/%s/%s"):format(slug, path), content)
  end
  local made = manifest.new { slug = slug, now = M.MOMENT }
  made.status = "ready"
  for index, name in ipairs(names) do
    local file = ("phase-%d-%s.md"):format(index, name)
    made.phases[index] = { name = name, file = file, precondition = "Tests are green.",
      done = false, required_effort = (changes and changes.efforts or {})[index], extra = {} }
    write(file, PHASE)
  end
  made.current_phase = names[1]
  for key, value in pairs(changes or {}) do
    made[key] = key ~= "efforts" and value or nil
  end
  write("plan.md", "# Plan\n")
  write(manifest.FILE, assert(manifest.encode(made)))
  write(states.FILE, assert(state_of(slug, write)))
  self.repo:commit("Plan " .. slug)
end

--- The manifest as it is published.
---@param slug string
---@return mighost.Manifest
function Loop:manifest(slug)
  return assert(manifest.decode(assert(self.repo:read(
    ("migrations/%s/manifest.json"):format(slug)))))
end

--- Writes a shell script to be used as an agent; $MIGHOST_ROLE tells what it is asked for, and
--- a ready-check is answered with yes unless the body does so itself.
---@param body string
---@return string command
function Loop:agent(body)
  local path = self.home:write("agent.sh", ([[
#!/bin/sh
set -eu
cat >"$MIGHOST_ARTIFACTS/got.md"
echo "$MIGHOST_ROLE" >>%s
if [ "$MIGHOST_ROLE" = phase.ready-check ] && ! grep -q 'ready:' "$0.body"; then
  echo "ready: yes"
  exit
fi
. "$0.body"
]]):format(sh.quote(self.home:join("calls"))))
  self.home:write("agent.sh.body", body .. "\n")
  sh.check { argv = { "chmod", "+x", path } }
  return path
end

--- The roles that the agent was asked in, in order.
---@return string[]
function Loop:calls()
  return text.lines(self.home:read("calls") or "")
end

--- The project as mighost's modules see it.
---@return mighost.Project
function Loop:open()
  return self.inner:open()
end

local VALIDATION <const> = [[
if grep -q broken code.txt; then echo "code.txt is broken" >&2; exit 1; fi]]

---@class spec.LoopOptions
---@field agent? string         body of the agent's script
---@field validation? string    body of the validation's script; default: code.txt is not broken
---@field settings? table       replaces single settings
---@field now? fun(): number
---@field keep_agent? boolean   the settings name one already

--- What a run hands to the loop's modules.
---@param opts? spec.LoopOptions
---@return table
function Loop:context(opts)
  opts = opts or {}
  local opened = self:open()
  local settings = tables.copy({
    with = "command", agent_command = not opts.keep_agent and self:agent(opts.agent or "true"),
    default_effort = "low", max_allowed_effort = "xhigh", timeout = 60, silence = 60,
    validation = { "sh", "-c", opts.validation or VALIDATION },
    validation_text = "sh check.sh", validation_timeout = 60,
    max_attempts = 1, prefix = "mighost", sandbox = "off", max_wait = 0,
  }, opts.settings)
  return {
    project = opened, reg = registry.new(opened), settings = settings,
    run = assert(evidence.open(opened, { command = "run",
      place = self.home:join("state/mighost/projects/spec") })),
    report = function(event)
      self.events[#self.events + 1] = event
    end,
    now = opts.now or require("host.sys").now,
  }
end

local CHILD <const> = [[
package.path = %q .. "/?.lua;" .. package.path
local loop = require "spec.support.loop"
local site = loop.attach(%q, %q)
local json = require "lib.json"
local kept = assert(json.decode(site.home:read(%q)))
local ctx = site:context { settings = kept, keep_agent = true }
ctx.report = function(event)
  if event.kind ~= "progress" then
    io.stderr:write(event.kind, " ", tostring(event.text or ""), "\n")
  end
end
local kind = %q
for _, found in ipairs(assert(require("loop.resume").run(ctx))) do
  print(found.action, found.stage)
end
local outcome, message, name = nil, nil, nil
if kind == "phase" then
  outcome, message, name = require("loop.phase").tick(ctx, { attempt = 1 })
elseif kind == "attempt" then
  outcome, message, name = require("loop.attempt").run(ctx,
    { description = "tidy code.txt", files = { "code.txt" } }, { attempt = 1 })
else
  return 0
end
print(outcome and outcome.decision or name, outcome and outcome.summary or message)
return outcome and 0 or 1
]]

--- A site of places that another process made.
---@param path string
---@param home string
---@return spec.Loop
function M.attach(path, home)
  local inner = project.attach(path, home)
  return setmetatable({ inner = inner, repo = inner.repo, home = inner.home, path = path,
    events = {} }, Loop)
end

--- Starts what `kind` says in a process of its own: it settles what an interrupted run left, then
--- does one phase tick or attempt.
---@param kind "phase"|"attempt"|"resume"
---@param opts? spec.LoopOptions
---@param path? string  of a linked work tree
---@return { kill: fun(), wait: fun(): integer, out: fun(): string, err: fun(): string }
function Loop:start(kind, opts, path)
  self.started = (self.started or 0) + 1
  local base = ("run-%d"):format(self.started)
  self.home:write(base .. ".json", require("lib.json").encode(self:context(opts).settings))
  local script = self.home:write(base .. ".lua", CHILD:format(require("spec.support.program").root,
    path or self.path, self.home.path, base .. ".json", kind))
  local ended = self.home:join(base .. ".ended")
  sh.check { argv = { "mkfifo", ended } }
  local words = {}
  for name, value in pairs(self.inner:env()) do
    if value then
      table.insert(words, sh.quote(name .. "=" .. value))
    end
  end
  local line = ("{ sh -c 'echo $$ >%s; exec env %s %s %s' >%s 2>%s; echo $? >%s; }"):format(
    self.home:join(base .. ".pid"), table.concat(words, " "):gsub("'", "'\\''"),
    require("spec.support.program").exe, script, self.home:join(base .. ".out"),
    self.home:join(base .. ".err"), ended)
  assert(os.execute(line .. " </dev/null >/dev/null 2>&1 &"))
  return {
    kill = function(signal)
      sh.check { argv = { "kill", "-" .. (signal or "KILL"),
        (self.home:read(base .. ".pid"):gsub("%s", "")) } }
    end,
    wait = function()
      return tonumber((sh.check { argv = { "timeout", PATIENCE, "cat", ended } }:gsub("%s", "")))
    end,
    out = function()
      return self.home:read(base .. ".out")
    end,
    err = function()
      return self.home:read(base .. ".err")
    end,
  }
end

--- An action that is under way, with nothing done yet.
---@return mighost.Action
function Loop:begin()
  return assert(require("loop.action").begin(self:context(), { kind = "refactor",
    target = "tidy" }))
end

--- Does in the work tree what an agent might do.
---@param script string for the shell, which ends at the first failure
---@param path? string default: the project's root
function Loop:shell(script, path)
  sh.check { argv = { "sh", "-euc", script }, cwd = path or self.path,
    env = require("spec.support.git").env }
end

--- The first event of a kind.
---@param kind string
---@return table?
function Loop:event(kind)
  for _, event in ipairs(self.events) do
    if event.kind == kind then
      return event
    end
  end
end

--- Two FIFOs by which a script waits for the spec: `hold` is shell text that says it is there and
--- waits; `arrived` waits for that, `release` lets it go on.
---@param name string
---@return { hold: string, arrived: fun(), release: fun() }
function Loop:gate(name)
  local base = self.home:join(name)
  sh.check { argv = { "mkfifo", base .. ".up", base .. ".down" } }
  return {
    hold = ("echo ready >%s; read -r _ <%s || true"):format(sh.quote(base .. ".up"),
      sh.quote(base .. ".down")),
    arrived = function()
      sh.check { argv = { "timeout", PATIENCE, "cat", base .. ".up" } }
    end,
    release = function()
      sh.check { argv = { "timeout", PATIENCE, "sh", "-c", 'echo go >"$0"', base .. ".down" } }
    end,
  }
end

--- Removes everything; a second call does nothing.
function Loop:close()
  self.inner:close()
end

Loop.__close = Loop.close

return M
