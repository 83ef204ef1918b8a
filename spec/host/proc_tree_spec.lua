--- Whatever a program leaves behind is ended with it: every hostile child in every way to end.

local leftovers = require "spec.support.leftovers"
local proc = require "host.proc"
local processes = require "spec.support.processes"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"

local GRACE <const> = 0.2
local GONE_WITHIN <const> = 2 -- seconds, after the grace where there is one
local SIGKILL <const> = 9

--- Each starts something in the background that says "ready" through the FIFO $READY.
local hostile = {
  ["double fork"] = [[( (echo ready > "$READY"; exec sleep 60) & )]],
  ["session of its own"] = [[setsid sh -c 'echo ready > "$READY"; exec sleep 60' &]],
  ["SIGTERM ignored"] = [[(trap '' TERM HUP INT; echo ready > "$READY"; exec sleep 60) &]],
  ["daemon"] = [[setsid sh -c 'cd /; exec <&- >/dev/null 2>&1; trap "" TERM HUP
    (echo ready > "$READY"; while :; do sleep 60; done) & exit' &]],
  ["storm of 200"] = [[i=0; while [ $i -lt 200 ]; do setsid sleep 60 & i=$((i+1)); done
    (echo ready > "$READY") &]],
  ["stdout held open"] = [[setsid sh -c '
    (trap "" TERM; echo ready > "$READY"; exec sleep 60) & exit' &]],
  ["stopped"] = [[sh -c 'kill -STOP $$; exec sleep 60' & id=$!
    until grep -q "^State:.T" /proc/$id/status; do :; done; (echo ready > "$READY") &]],
  ["renamed"] = [[sh -c 'trap "" TERM; echo kworker > /proc/$$/comm; echo ready > "$READY"
    while :; do sleep 60; done' &]],
  ["flood past SIGPIPE"] = [[sh -c 'trap "" PIPE TERM; echo ready > "$READY"
    while :; do echo flood; done' &]],
  ["chain of forks"] = [[(trap '' TERM; echo ready > "$READY"; hop() { (hop) & }; hop) &]],
}

-- How many are found running at least; each link of the chain ends by itself at once.
local FEWEST <const> = { ["storm of 200"] = 200, ["chain of forks"] = 0 }

local names = {}
for name in pairs(hostile) do
  table.insert(names, name)
end
table.sort(names)

--- A folder with the FIFO, and the environment of a marked run.
local function prepare()
  local dir = tmp.dir()
  local mark = processes.mark()
  local env = {
    PATH = os.getenv("PATH"), [processes.NAME] = mark,
    READY = processes.fifo(dir, "ready"), UP = processes.fifo(dir, "up"),
  }
  return dir, env, mark
end

local function script_of(name, ending)
  return hostile[name] .. '\nread word < "$READY"\n' .. ending
end

local function expect_none(mark)
  assert.same({}, processes.marked(mark))
  assert.same({}, leftovers.children())
end

--- Starts mighost on a script that runs a program; waits until that is up.
--- Returns the handle and mighost's id.
local function start_mighost(dir, env, shell_script, is_confined)
  local script = dir:write("script.lua", [[
    local proc, sys = require "host.proc", require "host.sys"
    local file <close> = assert(io.open(arg[1], "w"))
    file:write(sys.pid())
    file:close()
    proc.run { argv = { "sh", "-c", arg[2] }, grace = tonumber(arg[3]), cwd = arg[4],
      sandbox = arg[4] and { mode = "auto", writes = { arg[4] } } }
  ]])
  local words = { "exec env" }
  for name, value in pairs(env) do
    table.insert(words, sh.quote(name .. "=" .. value))
  end
  for _, word in ipairs { program.exe, script, dir:join("id"), shell_script, tostring(GRACE) } do
    table.insert(words, sh.quote(word))
  end
  table.insert(words, is_confined and sh.quote(dir.path) or "")
  table.insert(words, "2>" .. sh.quote(dir:join("stderr")))
  local handle = assert(io.popen(table.concat(words, " "), "r"))
  assert.equal("up", processes.read_line(env.UP))
  return handle, dir:read("id")
end

describe("host.proc leaves nothing behind", function()
  leftovers.check_each(before_each, after_each)

  for _, name in ipairs(names) do
    describe("of a " .. name, function()
      it("when the program ends by itself", function()
        local dir <close>, env, mark = prepare()
        local report = assert(proc.run { argv = { "sh", "-c", script_of(name, "exit 7") },
          env = env, grace = GRACE })
        expect_none(mark)
        assert.equal(7, report.exit)
        assert.is_nil(report.ended_by)
        assert.is_true(report.stragglers >= (FEWEST[name] or 1))
        assert.equal(0, report.survivors)
        assert.is_true(dir:exists("ready"))
      end)

      it("when it takes too long", function()
        local dir <close>, env, mark = prepare()
        local report = assert(proc.run { argv = { "sh", "-c", script_of(name, "exec sleep 60") },
          env = env, grace = GRACE, timeout = 0.4 })
        expect_none(mark)
        assert.equal("timeout", report.ended_by)
        assert.is_true(report.wall < 0.4 + GRACE + GONE_WITHIN)
        assert.is_true(dir:exists("ready"))
      end)

      it("when it is silent for too long", function()
        local dir <close>, env, mark = prepare()
        local is_loud = name == "flood past SIGPIPE"
        local report = assert(proc.run { argv = { "sh", "-c", script_of(name, "exec sleep 60") },
          env = env, grace = GRACE, silence = 0.4, timeout = is_loud and 1 or 60 })
        expect_none(mark)
        assert.equal(is_loud and "timeout" or "silence", report.ended_by)
        assert.is_true(dir:exists("ready"))
      end)

      it("when mighost is interrupted", function()
        local dir <close>, env, mark = prepare()
        local handle <close>, id = start_mighost(dir, env,
          script_of(name, 'echo up > "$UP"; exec sleep 60'))
        processes.kill("INT", id)
        local _, kind, code = handle:close()
        assert.equal("exit", kind)
        assert.equal(130, code)
        expect_none(mark)
      end)

      it("when it is confined and takes too long", function()
        local dir <close>, env, mark = prepare()
        local report = assert(proc.run { argv = { "sh", "-c", script_of(name, "exec sleep 60") },
          env = env, grace = GRACE, timeout = 0.4, cwd = dir.path,
          sandbox = { mode = "auto", writes = { dir.path } } })
        expect_none(mark)
        assert.equal("timeout", report.ended_by)
        assert.is_true(report.wall < 0.4 + GRACE + GONE_WITHIN)
        assert.equal(0, report.survivors)
        assert.is_true(report.stragglers >= math.min(1, FEWEST[name] or 1))
      end)

      it("when it is confined and mighost is killed", function()
        local dir <close>, env, mark = prepare()
        local handle <close>, id = start_mighost(dir, env,
          script_of(name, 'echo up > "$UP"; exec sleep 60'), true)
        processes.kill("KILL", id)
        assert.is_true(processes.wait_until(GONE_WITHIN, function()
          return #processes.marked(mark) == 0
        end))
        handle:close()
      end)

      it("when mighost is killed", function()
        local dir <close>, env, mark = prepare()
        local handle <close>, id = start_mighost(dir, env,
          script_of(name, 'echo up > "$UP"; exec sleep 60'))
        processes.kill("KILL", id)
        assert.is_true(processes.wait_until(GONE_WITHIN, function()
          return #processes.marked(mark) == 0
        end))
        local _, kind, code = handle:close()
        assert.equal("signal", kind)
        assert.equal(SIGKILL, code)
      end)
    end)
  end

  -- Every process forks as long as there are tickets; all are in sessions of their own and deaf.
  local BOMB <const> = [[python3 -c '
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
tickets, shut = os.pipe()
os.write(shut, b"." * 600)
os.close(shut)
while os.read(tickets, 1):
    if os.fork() == 0:
        os.setsid()
print("up", flush=True)
signal.pause()']]

  for _, mode in ipairs { "off", "auto" } do
    it("of a bomb in which every process forks, with the sandbox " .. mode, function()
      local dir <close>, env, mark = prepare()
      local other <close> = assert(io.popen("exec cat >/dev/null", "w")) -- of nobody's tree
      local before_end
      local ok, why = pcall(proc.run, {
        argv = { "sh", "-c", BOMB }, env = env, cwd = dir.path, grace = GRACE, timeout = 60,
        sandbox = { mode = mode },
        on_progress = function(now)
          if now.bytes >= 601 * #"up\n" then
            before_end = sys.monotonic()
            error("all of them are there", 0)
          end
        end,
      })
      assert.same({ false, "all of them are there" }, { ok, why })
      assert.is_true(sys.monotonic() - before_end < GRACE + GONE_WITHIN)
      assert.same({}, processes.marked(mark))
      assert.equal(1, #leftovers.children())
      assert.is_truthy(other:write("still there"))
    end)
  end

  it("when on_progress raises", function()
    local dir <close>, env, mark = prepare()
    local ok = pcall(proc.run, {
      argv = { "sh", "-c", script_of("daemon", "exec sleep 60") }, env = env, grace = GRACE,
      on_progress = function()
        error("enough")
      end,
    })
    assert.is_false(ok)
    expect_none(mark)
    assert.is_true(dir:exists("ready"))
  end)

  it("when mighost was interrupted before: then nothing starts", function()
    local dir <close> = tmp.dir()
    local script = dir:write("script.lua", [[
      local proc, sys = require "host.proc", require "host.sys"
      local ok, value = pcall(proc.run, { argv = { "sh", "-c", "kill -INT $0; exec sleep 60",
        tostring(sys.pid()) } })
      print(ok, value.name, proc.run { argv = { "touch", arg[1] } })
    ]])
    local result = program.run { args = { script, dir:join("ran") } }
    assert.equal("false\tEINTERRUPTED\tnil\tcannot start touch: interrupted\tEINTERRUPTED\n",
      result.stdout)
    assert.is_false(dir:exists("ran"))
  end)

  it("when a second signal ends mighost at once", function()
    local dir <close>, env, mark = prepare()
    local handle <close>, id = start_mighost(dir, env, [[
      trap 'echo asked > "$UP"' TERM; echo up > "$UP"; while :; do sleep 60; done]])
    processes.kill("TERM", id)
    assert.equal("asked", processes.read_line(env.UP))
    processes.kill("TERM", id)
    local _, kind, code = handle:close()
    assert.equal("exit", kind)
    assert.equal(143, code)
    assert.is_true(processes.wait_until(GONE_WITHIN, function()
      return #processes.marked(mark) == 0
    end))
  end)

  it("when everything called mighost is killed by name", function()
    local dir <close>, env, mark = prepare()
    local handle <close>, id = start_mighost(dir, env, script_of("daemon", [[
      cat /proc/$PPID/comm /proc/$PPID/cmdline | tr "\0\n" "  " > "$UP.name"
      echo up > "$UP"; exec sleep 60]]))
    assert.matches("^agent%-guardian agent%-guardian *$", dir:read("up.name"))
    processes.kill("KILL", id)
    assert.is_true(processes.wait_until(GONE_WITHIN, function()
      return #processes.marked(mark) == 0
    end))
    handle:close()
  end)

  it("when the program kills its guardian", function()
    local dir <close>, env, mark = prepare()
    local report, message, reason = proc.run {
      argv = { "sh", "-c", script_of("daemon", "kill -KILL $PPID; exec sleep 60") }, env = env,
    }
    expect_none(mark)
    assert.is_nil(report)
    assert.equal("EAGENT", reason)
    assert.matches("lost sh: its guardian was killed", message)
    assert.is_true(dir:exists("ready"))
  end)

  it("when the program stops its guardian", function()
    local dir <close>, env, mark = prepare()
    local report = assert(proc.run {
      argv = { "sh", "-c", script_of("double fork", "kill -STOP $PPID; exit 5") },
      env = env, grace = GRACE,
    })
    expect_none(mark)
    assert.equal(5, report.exit)
    assert.is_true(dir:exists("ready"))
  end)

  it("and spares children that are not the program's", function()
    local dir <close>, env = prepare()
    local other = assert(io.popen("exec sleep 60", "w"))
    local own = leftovers.children()
    assert.equal(1, #own)
    local report = proc.run { argv = { "sh", "-c", "kill -KILL $PPID; exec sleep 60" }, env = env }
    assert.is_nil(report)
    assert.same(own, leftovers.children())
    processes.kill("TERM", own[1])
    other:close()
    assert.is_true(dir:exists("ready"))
  end)

  it("and holds no lock, pipe or file of mighost's in the guardian", function()
    local dir <close>, env = prepare()
    local file <close> = assert(io.open(dir:write("lease", ""), "r"))
    local report = assert(proc.run { argv = { "sh", "-c", "ls -l /proc/$PPID/fd | grep -c lease" },
      env = env })
    assert.equal("0\n", report.stdout.head)
    assert.equal("file", io.type(file))
  end)

  it("after a hundred runs", function()
    local from = sys.monotonic()
    for i = 1, 100 do
      assert.equal(i % 256, proc.run({ argv = { "sh", "-c", "exit " .. i } }).exit)
    end
    assert.same({}, leftovers.children())
    assert.is_true(sys.monotonic() - from < 60)
  end)
end)
