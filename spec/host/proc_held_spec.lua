--- host.proc with a lock that outlives mighost, and what runs although mighost is to end.

local fs = require "host.fs"
local lock = require "host.lock"
local proc = require "host.proc"
local processes = require "spec.support.processes"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

--- A mighost that holds a lock while it runs a program that says when it is there and does not
--- want to end; `more` are further options of the run.
local function holder(dir, more)
  processes.fifo(dir, "up")
  local script = dir:write("hold.lua", ([[
    local fs, lock, proc = require "host.fs", require "host.lock", require "host.proc"
    local dir = assert(fs.open_dir(%q))
    local taken = assert(lock.take(dir, "lock", "held by a spec"))
    proc.run { argv = { "sh", "-c", "trap '' TERM; echo $PPID >up; while :; do read x <up; done" },
      cwd = %q, %s }
  ]]):format(dir.path, dir.path, more))
  assert(os.execute(("%s=%s sh -c 'echo $$ >%s; exec %s %s' >/dev/null 2>&1 &"):format(
    processes.NAME, dir.mark, sh.quote(dir:join("pid")), sh.quote(program.exe),
    sh.quote(script))))
  processes.read_line(dir:join("up"))
  return (dir:read("pid"):gsub("%s", ""))
end

local function scratch()
  local dir = tmp.dir()
  dir.mark = processes.mark()
  return dir
end

describe("host.proc's held lock", function()
  it("is free after a kill only when nothing that ran under it is left", function()
    local dir <close> = scratch()
    processes.kill("KILL", holder(dir, "held = taken"))
    local opened <close> = assert(fs.open_dir(dir.path))
    local taken <close> = assert(lock.take(opened, "lock", "spec", { wait = 30 }))
    assert(taken:verify())
    -- The guardian, whose exit gives the lock back, is the last that can still be seen.
    local mine = processes.wait_until(1, function()
      return #processes.marked(dir.mark) == 0
    end)
    assert.is_true(mine)
  end)

  it("is free at the latest with the last descendant without it", function()
    local dir <close> = scratch()
    local pid = holder(dir, "grace = 0.1")
    local opened <close> = assert(fs.open_dir(dir.path))
    assert.matches("held by a spec", lock.holder(opened, "lock"))
    processes.kill("KILL", pid)
    assert(lock.take(opened, "lock", "spec", { wait = 30 })):drop()
    assert.is_true(processes.wait_until(20, function()
      return #processes.marked(dir.mark) == 0
    end))
  end)

  it("is given back by its drop although the program goes on", function()
    local dir <close> = tmp.dir()
    local opened <close> = assert(fs.open_dir(dir.path))
    local taken = assert(lock.take(opened, "lock", "spec"))
    local seen
    assert(proc.run {
      argv = { "sh", "-c", "echo; sleep 0.6" },
      held = taken,
      on_progress = function()
        taken:drop()
        seen = lock.holder(opened, "lock")
      end,
    })
    assert.is_false(seen)
  end)

  it("must be one that is held", function()
    local dir <close> = tmp.dir()
    local opened <close> = assert(fs.open_dir(dir.path))
    local taken = assert(lock.take(opened, "lock", "spec"))
    taken:drop()
    for _, wrong in ipairs { taken, opened, 3 } do
      assert.has_error(function()
        proc.run { argv = { "true" }, held = wrong }
      end, "bad argument #1 to 'run' (held: expected a lock that is held)")
    end
  end)
end)

describe("host.proc's finishing", function()
  it("starts and ends a program although mighost got a signal", function()
    local dir <close> = tmp.dir()
    local script = dir:write("end.lua", ([[
      local proc = require "host.proc"
      local function note(text)
        local file <close> = assert(io.open(%q, "a"))
        file:write(text, "\n")
      end
      local finish <close> = setmetatable({}, { __close = function()
        note(select(3, proc.run { argv = { "true" } }))
        local report = proc.run { argv = { "sh", "-c", "sleep 0.3; echo done" }, finishing = true }
        note(report.stdout.head .. tostring(report.ended_by))
      end })
      proc.run { argv = { "sh", "-c", "kill -TERM $1; sleep 20", "sh", tostring(%s) } }
      note "not reached"
    ]]):format(dir:join("notes"), [[require("host.sys").pid()]]))
    local result = program.run { args = { script } }
    assert.equal(143, result.exit)
    assert.equal("EINTERRUPTED\ndone\nnil\n", dir:read("notes"))
  end)
end)
