--- A program that is not fenced in has a control group of its own, which ends as a whole.

local lfs = require "lfs"
local proc = require "host.proc"
local processes = require "spec.support.processes"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local SHOW <const> = "sed -n s/^0:://p /proc/self/cgroup; " -- the group a process is in
local GONE_WITHIN <const> = 2
local SIGKILL <const> = 9

--- The folder of the group that this process is in; nil where no group can be made in it.
local function own_folder()
  local folder = sh.run { argv = { "sh", "-c", [[
    root=$(sed -n 's,^[^/]* / \([^ ]*\) .* - cgroup2 .*,\1,p' /proc/self/mountinfo | head -n 1)
    own=$root$(sed -n 's/^0:://p' /proc/self/cgroup)
    test -n "$root" && mkdir "$own/spec-$$" && test -w "$own/spec-$$/cgroup.kill"
    status=$?
    rmdir "$own/spec-$$" 2>/dev/null
    printf %s "$own"
    exit $status]] } }
  return folder.exit == 0 and folder.stdout:gsub("/$", "") or nil
end

--- The groups of one process; other tests run at the same time.
local function group_names(folder, pid)
  local found = {}
  for name in lfs.dir(folder) do
    if name:find("^mighost%-" .. pid .. "%-") then
      table.insert(found, name)
    end
  end
  return found
end

describe("a program's control group", function()
  local folder = own_folder()
  local own = tostring(require("host.sys").pid())

  local function it_where_possible(what, test)
    it(what, function()
      if not folder then
        pending("no control groups that we may make")
      end
      test()
    end)
  end

  it_where_possible("is its own, and gone afterwards", function()
    local report = assert(proc.run { argv = { "sh", "-c", SHOW }, cwd = "/",
      sandbox = { mode = "off" } })
    assert.matches("/mighost%-" .. own .. "%-%x+\n$", report.stdout.head)
    assert.same({}, group_names(folder, own))
  end)

  it_where_possible("is not made for what is nobody's agent", function()
    local report = assert(proc.run { argv = { "sh", "-c", SHOW } })
    assert.is_nil(report.stdout.head:find("mighost-", 1, true))
  end)

  it_where_possible("is ended whole: also what is no descendant", function()
    local stranger = assert(io.popen("echo $$; exec sleep 60"))
    local id = stranger:read("l")
    local ok, why = pcall(proc.run, {
      argv = { "sh", "-c", "trap '' TERM; " .. SHOW .. "while :; do sleep 60; done" }, cwd = "/",
      sandbox = { mode = "off" }, grace = 0.1, timeout = 60,
      on_progress = function(now)
        local name = now.last_line:match("mighost%-[%x%-]+")
        if name then
          sh.check { argv = { "sh", "-c", 'echo "$0" >"$1"', id,
            ("%s/%s/cgroup.procs"):format(folder, name) } }
          error("moved", 0)
        end
      end,
    })
    assert.same({ false, "moved" }, { ok, why })
    assert.same({ nil, "signal", SIGKILL }, { stranger:close() })
    assert.same({}, group_names(folder, own))
  end)

  --- Starts mighost on a script that runs a program and says its own number and the program's.
  local function start_mighost(dir)
    local script = dir:write("script.lua", [[
      local proc, sys = require "host.proc", require "host.sys"
      print(sys.pid())
      io.stdout:flush()
      proc.run { argv = { "sh", "-c", "echo $PPID >\"$0\"; exec sleep 60", arg[1] }, cwd = "/",
        sandbox = { mode = "off" } }
    ]])
    local up = processes.fifo(dir, "up")
    local handle = assert(io.popen(("exec %s %s %s 2>/dev/null"):format(sh.quote(program.exe),
      sh.quote(script), sh.quote(up))))
    return handle, handle:read("l"), processes.read_line(up)
  end

  for _, killed in ipairs { "mighost", "its guardian" } do
    it_where_possible("is gone after " .. killed .. " was killed", function()
      local dir <close> = tmp.dir()
      local handle <close>, id, guardian = start_mighost(dir)
      assert.equal(1, #group_names(folder, id))
      processes.kill("KILL", killed == "mighost" and id or guardian)
      assert.is_true(processes.wait_until(GONE_WITHIN, function()
        return #group_names(folder, id) == 0
      end))
      handle:close()
    end)
  end
end)
