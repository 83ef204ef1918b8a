--- Agents that print far more than anybody wants to read: it costs disk up to the cap, no memory,
--- and the verdict is the right one.

local lfs = require "lfs"
local proc = require "host.proc"
local processes = require "spec.support.processes"
local program = require "spec.support.program"
local project = require "spec.support.project"
local sys = require "host.sys"

local GIB <const> = 1 << 30
local MIB <const> = 1 << 20

local function is_sanitized()
  local maps <close> = assert(io.open("/proc/self/maps"))
  return maps:read("a"):find("libasan", 1, true) ~= nil
end

-- A sanitizer's allocator keeps what was freed, up to 256 MiB and the shadow of it.
local KIB_ABOVE_IDLE <const> = (is_sanitized() and 512 or 64) * 1024

local ANSWER <const> = ("PLANNER_LOG=/dev/null exec %s </dev/null"):format(project.agent)

--- Runs mighost and measures the largest process that was in it.
local function measure(p, args, env)
  local all = sys.env()
  for name, value in pairs(p:env(env)) do
    all[name] = value or nil
  end
  return assert(proc.run {
    argv = { program.exe, table.unpack(args) }, cwd = p.path, env = all, timeout = 200,
  })
end

local function plan(p, script, more)
  return measure(p, { "plan", "alpha", "--target", "T", "--with", "command", "--agent-command",
    script, table.unpack(more or {}) }, { MIGHOST_SANDBOX = false })
end

local function log_size(report, name)
  local folder = report.stderr.head:match("evidence: ([^)]+)%)")
  return lfs.attributes(folder .. "/" .. name .. ".log", "size")
end

describe("an agent that prints", function()
  local p, idle

  setup(function()
    p = project.new()
    idle = measure(p, { "migration", "list" }).peak_kib
  end)

  teardown(function()
    p:close()
  end)

  local function expect_lean(report)
    assert.is_true(report.peak_kib - idle < KIB_ABOVE_IDLE,
      ("%d KiB above idle"):format(report.peak_kib - idle))
  end

  it("a gigabyte of NUL bytes in one line on stdout is refused, at the cost of its log", function()
    local report = plan(p, p:script(("exec head -c %d /dev/zero"):format(GIB)))
    assert.equal(1, report.exit)
    assert.matches("printed 1073741824 bytes; an answer has at most 8 MiB", report.stderr.head, 1,
      true)
    assert.equal(GIB, log_size(report, "stdout"))
    expect_lean(report)
  end)

  it("more than a gigabyte is ended there", function()
    local report = plan(p, p:script("exec cat /dev/zero >&2"))
    assert.equal(1, report.exit)
    assert.matches("printed more than 1024 MiB and was ended", report.stderr.head, 1, true)
    assert.equal(GIB, log_size(report, "stderr"))
    expect_lean(report)
  end)

  for what, words in pairs {
    ["one line"] = [[tr '\0' x]], ["invalid bytes"] = [[tr '\0' '\377']],
    ["short lines"] = [[tr '\0' '\n']], ["control characters"] = [[tr '\0' '\033']],
  } do
    it(("much of %s on stderr is heard out, and its answer counts"):format(what), function()
      local own <close> = project.new()
      local report = plan(own, own:script(("head -c %d /dev/zero | %s >&2; %s"):format(100 * MIB,
        words, ANSWER)))
      assert.equal(0, report.exit, report.stderr.head)
      assert.equal(100 * MIB, log_size(report, "stderr"))
      expect_lean(report)
    end)

    it(("much of %s on stdout is refused"):format(what), function()
      local report = plan(p, p:script(("head -c %d /dev/zero | %s"):format(100 * MIB, words)))
      assert.equal(1, report.exit)
      assert.matches("printed 104857600 bytes; an answer has at most 8 MiB", report.stderr.head, 1,
        true)
      assert.equal(100 * MIB, log_size(report, "stdout"))
      expect_lean(report)
    end)
  end

  it("a huge line before its result, as claude may, is believed about the result", function()
    local own <close> = project.new()
    own:script(([[
      printf '{"type":"assistant","x":"'; head -c %d /dev/zero | tr '\0' x; echo '"}'
      mkdir approaches 2>/dev/null
      for i in a b; do mkdir -p "$W/approaches"; echo "# $i" >"$W/approaches/$i.md"; done
      printf '{"type":"result","is_error":false,"num_turns":1,"result":"Two: a and b"}\n'
    ]]):format(100 * MIB))
    local bin = own.home:mkdir("bin")
    assert(os.rename(own.home:join("agent.sh"), bin .. "/claude"))
    local script = own.home:read("bin/claude"):gsub("cat >/dev/null\n",
      'W=$(sed -n "s/^Staged work dir: //p" | head -n 1)\n', 1)
    own.home:write("bin/claude", script)
    local report = measure(own, { "plan", "alpha", "--target", "T", "--with", "claude", "--model",
      "m" }, { PATH = bin .. ":" .. os.getenv("PATH"), MIGHOST_SANDBOX = false })
    assert.equal(0, report.exit, report.stderr.head)
    expect_lean(report)
  end)

  it("slowly is not silent, and nothing until its end is nothing bad", function()
    local own <close> = project.new()
    local slow = own:script("for i in 1 2 3 4 5 6; do sleep 0.4; printf . >&2; done\n" .. ANSWER)
    local report = plan(own, slow, { "--silence-timeout", "1" })
    assert.equal(0, report.exit, report.stderr.head)
    report = plan(own, own:script("sleep 2.2; " .. ANSWER), { "--silence-timeout", "60" })
    assert.equal(0, report.exit, report.stderr.head)
    report = plan(own, own:script("sleep 60"), { "--silence-timeout", "1" })
    assert.equal(11, report.exit)
  end)

  it("through a grandchild after its own end is heard for the grace", function()
    local mark, dir = processes.mark(), p.home
    local fifo = processes.fifo(dir, "late")
    local env = { PATH = os.getenv("PATH"), FIFO = fifo, [processes.NAME] = mark }
    local report = assert(proc.run { env = env, grace = 2, argv = { "sh", "-c", [[
      (trap 'echo late; exit' TERM; echo up > "$FIFO"; while :; do sleep 0.1; done) &
      read -r _ < "$FIFO"; echo early; exit 4]] } })
    assert.equal(4, report.exit)
    assert.equal("early\nlate\n", report.stdout.head)
    assert.same({}, processes.marked(mark))
  end)
end)
