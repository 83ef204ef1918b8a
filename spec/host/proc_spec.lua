local leftovers = require "spec.support.leftovers"
local lfs = require "lfs"
local proc = require "host.proc"
local processes = require "spec.support.processes"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"

local MIB <const> = 1 << 20

local function run(options)
  local report, message = proc.run(options)
  assert.is_nil(message)
  return report
end

--- What a shell script prints.
local function shell(script, options)
  options = options or {}
  options.argv = { "sh", "-c", script }
  return run(options)
end

--- Runs a script in a mighost of its own, with a prelude that requires what it needs.
local function run_script(dir, text, args)
  local prelude = 'local proc, sys = require "host.proc", require "host.sys"\n'
  local script = dir:write("script.lua", prelude .. text)
  return program.run { args = { script, table.unpack(args or {}) } }
end

describe("host.proc", function()
  local before

  before_each(function()
    collectgarbage()
    before = leftovers.descriptors()
  end)

  after_each(function()
    assert.same({}, leftovers.since { descriptors = before })
  end)

  describe("starting", function()
    it("passes argv as it is, through no shell", function()
      local words = { "printf", "%s|", "a b", "$HOME", "*", "", "'\"", ";exit 3", "\255\n" }
      local report = run { argv = words }
      assert.equal("a b|$HOME|*||'\"|;exit 3|\255\n|", report.stdout.head)
      assert.equal(0, report.exit)
      assert.is_nil(report.signal)
      assert.is_nil(report.ended_by)
    end)

    it("enters the working directory, where a relative program is looked up too", function()
      local dir <close> = tmp.dir()
      local path = dir:write("here/hello", "#!/bin/sh\npwd\n")
      sh.check { argv = { "chmod", "+x", path } }
      assert.equal(dir:join("here") .. "\n",
        run({ argv = { "./hello" }, cwd = dir:join("here") }).stdout.head)
    end)

    it("inherits the environment, or has exactly the one that is given", function()
      assert.equal(os.getenv("PATH") .. "\n",
        run({ argv = { "printenv", "PATH" } }).stdout.head)
      assert.equal("A=1\n", run({ argv = { "/usr/bin/env" }, env = { A = "1" } }).stdout.head)
      assert.equal("", run({ argv = { "/usr/bin/env" }, env = {} }).stdout.head)
    end)

    it("looks a name up in the PATH that the program gets, absolute entries only", function()
      local dir <close> = tmp.dir()
      local first = dir:write("bin/mh-spec-tool", "#!/bin/sh\necho found\n")
      local second = dir:write("later/mh-spec-tool", "#!/bin/sh\necho later\n")
      sh.check { argv = { "chmod", "+x", first, second } }
      local path = "/nonexistent:" .. dir:join("bin") .. "/:" .. dir:join("later")
      assert.equal("found\n", run({ argv = { "mh-spec-tool" }, env = { PATH = path } }).stdout.head)
      local report, message, name = proc.run {
        argv = { "mh-spec-tool" }, cwd = dir:join("bin"), env = { PATH = ".::bin:" },
      }
      assert.is_nil(report)
      assert.equal("ENOENT", name)
      assert.equal("cannot run mh-spec-tool: not found in PATH", message)
    end)

    it("passes over a file along PATH that may not be run, and tells of it when it is the only one",
      function()
        local dir <close> = tmp.dir()
        dir:write("no/mh-spec-tool", "#!/bin/sh\n")
        dir:write("yes/mh-spec-tool", "#!/bin/sh\necho yes\n")
        sh.check { argv = { "chmod", "+x", dir:join("yes/mh-spec-tool") } }
        local env = { PATH = dir:join("no") .. ":" .. dir:join("yes") }
        assert.equal("yes\n", run({ argv = { "mh-spec-tool" }, env = env }).stdout.head)
        assert.equal("EACCES", select(3, proc.run { argv = { "mh-spec-tool" },
          env = { PATH = dir:join("no") .. ":/nonexistent" } }))
      end)

    it("tells a program that cannot be started from one that fails", function()
      local dir <close> = tmp.dir()
      local bare = dir:write("bare", "echo no interpreter line\n")
      local lost = dir:write("lost", "#!/nonexistent/interpreter\n")
      sh.check { argv = { "chmod", "+x", bare, lost } }
      local cases = {
        { { argv = { "mh-spec-missing" } }, "ENOENT", "cannot run mh%-spec%-missing: not found" },
        { { argv = { "/nonexistent/x" } }, "ENOENT", "cannot run /nonexistent/x: No such file" },
        { { argv = { "" } }, "ENOENT", "cannot run : not found" },
        { { argv = { "/" } }, "EACCES", "cannot run /: Permission denied" },
        { { argv = { dir:write("plain", "text") } }, "EACCES", "Permission denied" },
        { { argv = { bare } }, "ENOEXEC", "cannot run .*/bare: Exec format error" },
        { { argv = { lost } }, "ENOENT", "lost: the interpreter in its first line is missing" },
        { { argv = { "true", ("x"):rep(200000) } }, "E2BIG", "cannot run true: Argument list too" },
        { { argv = { "/bin/true" }, env = { A = ("x"):rep(200000) } }, "E2BIG", "list too long" },
        { { argv = { "true" }, cwd = "/nonexistent" }, "ENOENT", "in the directory /nonexistent" },
        { { argv = { "true" }, cwd = "/dev/null" }, "ENOTDIR", "in the directory /dev/null" },
      }
      for _, case in ipairs(cases) do
        local report, message, name = proc.run(case[1])
        assert.is_nil(report)
        assert.equal(case[2], name)
        assert.matches(case[3], message)
      end
      assert.equal(127, shell("mh-spec-missing 2>/dev/null").exit)
    end)

    it("tells an exit code from a signal", function()
      assert.equal(255, shell("exit 255").exit)
      local killed = shell("kill -9 $$")
      assert.equal(9, killed.signal)
      assert.is_nil(killed.exit)
      assert.is_nil(killed.ended_by)
    end)

    it("gives the program a session, default signals and no descriptor of mighost's", function()
      local file <close> = assert(io.open("/dev/null")) -- Lua opens without close-on-exec
      local stat = run { argv = { "cut", "-d", " ", "-f", "1,6", "/proc/self/stat" } }.stdout.head
      local id, session = stat:match("^(%d+) (%d+)\n$")
      assert.equal(id, session)
      assert.equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n",
        run({ argv = { "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status" } }).stdout.head)
      assert.equal("0\n1\n2\n3\n", run({ argv = { "ls", "/proc/self/fd" } }).stdout.head)
      assert.equal("file", io.type(file))
    end)

    it("measures wall and CPU time and the memory of all descendants", function()
      local report = shell(
        "(dd if=/dev/zero of=/dev/null bs=48M count=1 2>/dev/null); exec sleep 0.2")
      assert.is_true(report.wall >= 0.2 and report.wall < 10)
      assert.is_true(report.cpu > 0 and report.cpu < report.wall)
      assert.is_true(report.peak_kib > 48 * 1024)
      assert.equal(0, report.stragglers)
      assert.equal(0, report.survivors)
    end)

    it("refuses what makes no sense", function()
      local cases = {
        { "nope", "table expected" },
        { {}, "argv: expected a list" },
        { { argv = {} }, "argv: expected a list" },
        { { argv = { "a", 1 } }, "argv: expected a string" },
        { { argv = { "a\0b" } }, "argv: expected a string without NUL" },
        { { argv = { "true" }, time_out = 1 }, "unknown option 'time_out'" },
        { { argv = { "true" }, timeout = -1 }, "timeout: expected seconds" },
        { { argv = { "true" }, timeout = 0 / 0 }, "timeout: expected seconds" },
        { { argv = { "true" }, silence = "1" }, "silence: expected seconds" },
        { { argv = { "true" }, keep = -1 }, "keep: expected a number of bytes" },
        { { argv = { "true" }, cap = 1.5 }, "cap: expected a number of bytes" },
        { { argv = { "true" }, cwd = 1 }, "cwd: expected a string" },
        { { argv = { "true" }, stdin = 1 }, "stdin: expected a string" },
        { { argv = { "true" }, env = "A=1" }, "env: expected a table" },
        { { argv = { "true" }, env = { "A" } }, "env: expected a string" },
        { { argv = { "true" }, env = { ["A=B"] = "1" } }, "env: expected names" },
        { { argv = { "true" }, env = { [""] = "1" } }, "env: expected names" },
        { { argv = { "true" }, secrets = { A = true } }, "secrets: expected a string" },
        { { argv = { "true" }, on_progress = 1 }, "on_progress: expected a function" },
        { { argv = { "true" }, stdout = "/tmp/x", stderr = "/tmp/x" }, "two different files" },
        { { argv = { "true" }, tty = true, stdin = "x" }, "tty: nothing is captured" },
        { { argv = { "true" }, tty = true, silence = 1 }, "tty: nothing is captured" },
      }
      for _, case in ipairs(cases) do
        local ok, message = pcall(proc.run, case[1])
        assert.is_false(ok)
        assert.matches(case[2], message, 1, true)
      end
    end)
  end)

  describe("stdin", function()
    it("is empty without a text, and ends after it", function()
      assert.equal("", run({ argv = { "cat" } }).stdout.head)
      assert.equal("", run({ argv = { "cat" }, stdin = "" }).stdout.head)
      assert.equal("a\0b\255\n", run({ argv = { "cat" }, stdin = "a\0b\255\n" }).stdout.head)
    end)

    it("carries far more than a pipe holds while output comes back", function()
      local text = ("0123456789abcdef"):rep(MIB // 4)
      local report = run { argv = { "cat" }, stdin = text, keep = 8 * MIB }
      assert.equal(#text, report.stdout.bytes)
      assert.is_true(report.stdout.whole)
      assert.is_true(report.stdout.head == text)
    end)

    it("may be closed early or never read", function()
      local text = ("x"):rep(8 * MIB)
      assert.equal("xxx", run({ argv = { "head", "-c", "3" }, stdin = text }).stdout.head)
      assert.equal(0, run({ argv = { "true" }, stdin = text }).exit)
      assert.equal("bye\n", shell("exec <&-; echo bye", { stdin = text }).stdout.head)
    end)
  end)

  describe("output", function()
    it("goes to private log files as it was printed", function()
      local dir <close> = tmp.dir()
      dir:write("out", ("old"):rep(1000))
      sh.check { argv = { "chmod", "644", dir:join("out") } }
      local report = shell([[printf 'a\000b\377\r\n\303'; printf 'trouble' >&2]],
        { stdout = dir:join("out"), stderr = dir:join("err") })
      assert.equal("a\0b\255\r\n\195", dir:read("out"))
      assert.equal("trouble", dir:read("err"))
      assert.equal("a\0b\255\r\n\195", report.stdout.head)
      assert.same({ bytes = 7, head = "trouble", tail = "", whole = true }, report.stderr)
      assert.equal("rw-------", lfs.attributes(dir:join("out"), "permissions"))
      assert.equal("rw-------", lfs.attributes(dir:join("err"), "permissions"))
    end)

    it("is there while the program runs", function()
      local dir <close> = tmp.dir()
      local go = processes.fifo(dir, "go")
      local seen
      local report = shell('echo first; read word < "$GO"; echo $word', {
        env = { PATH = os.getenv("PATH"), GO = go }, stdout = dir:join("out"),
        on_progress = function(now)
          if not seen and now.bytes > 0 then
            seen = now
            seen.log = dir:read("out")
            local file <close> = assert(io.open(go, "w"))
            file:write("second\n")
          end
        end,
      })
      assert.equal("first\n", seen.log)
      assert.equal("first", seen.last_line)
      assert.equal(6, seen.bytes)
      assert.is_true(seen.elapsed >= 0.25)
      assert.equal("first\nsecond\n", report.stdout.head)
    end)

    it("refuses a log that cannot be made or is not a file, and starts nothing", function()
      local dir <close> = tmp.dir()
      local fifo = processes.fifo(dir, "fifo")
      dir:write("target", "kept")
      local cases = {
        { dir:join("missing/log"), "ENOENT" }, { dir.path, "EISDIR" }, { fifo, "ENXIO" },
        { dir:symlink("target", "link"), "ELOOP" }, { "/dev/null", "EINVAL" },
      }
      for _, case in ipairs(cases) do
        local report, message, name = proc.run {
          argv = { "touch", dir:join("ran") }, stderr = case[1],
        }
        assert.is_nil(report)
        assert.equal(case[2], name)
        assert.matches(case[1], message, 1, true)
      end
      assert.is_false(dir:exists("ran"))
      assert.equal("kept", dir:read("target"))
    end)

    it("keeps the first and the last half of what does not fit", function()
      local text = {}
      for i = 1, 4000 do
        text[i] = ("%d,"):format(i)
      end
      text = table.concat(text)
      for _, keep in ipairs { 0, 1, 2, 7, 4096, 8191, 8192, 8193, #text - 1, #text, #text + 1 } do
        for _, size in ipairs { 0, 1, 6, 7, 8, 4095, 4096, 4097, 8192, #text } do
          local printed = text:sub(1, size)
          local out = run({ argv = { "cat" }, stdin = printed, keep = keep }).stdout
          assert.equal(size, out.bytes)
          assert.equal(size <= keep, out.whole)
          if out.whole then
            assert.equal(printed, out.head)
            assert.equal("", out.tail)
          else
            assert.equal(printed:sub(1, keep - keep // 2), out.head)
            assert.equal(printed:sub(-(keep // 2)):sub(1, keep // 2), out.tail)
          end
        end
      end
    end)

    it("of 100 MiB is all in the log and costs bounded memory", function()
      local dir <close> = tmp.dir()
      local result = run_script(dir, [[
        local function peak()
          for line in io.lines("/proc/self/status") do
            local kib = line:match("^VmHWM:%s*(%d+)")
            if kib then return tonumber(kib) // 1024 end
          end
        end
        local idle = peak()
        local report = assert(proc.run {
          argv = { "sh", "-c", "head -c 104857600 /dev/zero; head -c 104857600 /dev/zero >&2" },
          stdout = arg[1], stderr = arg[2], secrets = { KEY = "not in there at all" },
        })
        print(report.exit, report.stdout.bytes, #report.stdout.head, #report.stdout.tail,
          report.stdout.whole, report.stderr.bytes, peak() - idle < 64)
      ]], { dir:join("out"), dir:join("err") })
      assert.equal("", result.stderr)
      assert.equal("0\t104857600\t4194304\t4194304\tfalse\t104857600\ttrue\n", result.stdout)
      assert.equal(100 * MIB, lfs.attributes(dir:join("out"), "size"))
      assert.equal(100 * MIB, lfs.attributes(dir:join("err"), "size"))
    end)

    it("over the cap ends the program; exactly the cap does not", function()
      local dir <close> = tmp.dir()
      local over = run { argv = { "yes" }, cap = 1000, stdout = dir:join("out"), keep = 4096 }
      assert.equal("output", over.ended_by)
      assert.equal(1000, over.stdout.bytes)
      assert.is_false(over.stdout.whole)
      assert.equal(("y\n"):rep(500), over.stdout.head)
      assert.equal(("y\n"):rep(500), dir:read("out"))
      assert.equal("output", shell("yes >&2", { cap = 10 }).ended_by)
      local exact = shell("printf 1234567890", { cap = 10 })
      assert.is_nil(exact.ended_by)
      assert.is_true(exact.stdout.whole)
    end)

    it("that cannot be written ends the program with the reason", function()
      local dir <close> = tmp.dir()
      dir:write("script.lua", [[
        local proc, sys = require "host.proc", require "host.sys"
        local from = sys.monotonic()
        print(proc.run { argv = { "sh", "-c", "yes | head -c 100000; sleep 60" }, grace = 1,
          stdout = arg[1] })
        print(sys.monotonic() - from < 30)
      ]])
      local result = sh.run { argv = { "sh", "-c", 'trap "" XFSZ; ulimit -f 8; exec "$0" "$@"',
        program.exe, dir:join("script.lua"), dir:join("out") } }
      assert.equal("", result.stderr)
      assert.equal(("nil\tcannot write the log file %s: File too large\tEFBIG\ntrue\n"):format(
        dir:join("out")), result.stdout)
    end)

    it("flooded by someone out of reach does not hang the call", function()
      local dir <close> = tmp.dir()
      local fifo = processes.fifo(dir, "go")
      -- A process of ours, not the program's: it opens the pipe through /proc and goes on writing.
      local other = assert(io.popen(([[
        read id < %s; exec 3>/proc/$id/fd/1; echo got it > %s
        exec yes >&3 2>/dev/null]]):format(fifo, fifo)))
      local report = shell('echo mine; echo $$ > "$GO"; read word < "$GO"; exit 4',
        { env = { GO = fifo }, cap = 1 << 40 })
      assert.equal(4, report.exit)
      assert.equal(0, report.stragglers)
      assert.matches("^mine\n", report.stdout.head)
      other:close()
    end)

    it("tells the last line that says something", function()
      local function last_line(text)
        local dir <close> = tmp.dir()
        processes.fifo(dir, "go")
        local seen
        run { argv = { "sh", "-c", 'cat; read word < "$0"', dir:join("go") }, stdin = text,
          on_progress = function(now)
            if not seen and now.bytes == #text then
              seen = now.last_line
              assert(io.open(dir:join("go"), "w")):close()
            end
          end }
        return seen
      end
      assert.equal("", last_line(""))
      assert.equal("two", last_line("one\ntwo\n\n  \r\n"))
      assert.equal("50%", last_line("10%\r50%"))
      assert.equal(("x"):rep(512), last_line(("x"):rep(100000)))
      assert.equal("end", last_line(("x"):rep(9 * MIB) .. "\nend\n"))
    end)
  end)

  describe("limits", function()
    it("of time and of silence are told apart", function()
      local slow = shell("while :; do echo tick; sleep 0.05; done", { timeout = 0.4, silence = 30 })
      assert.equal("timeout", slow.ended_by)
      assert.equal(15, slow.signal)
      assert.is_true(slow.wall >= 0.4 and slow.wall < 5)
      local silent = shell("echo once; exec sleep 60", { timeout = 60, silence = 0.3 })
      assert.equal("silence", silent.ended_by)
      assert.equal("once\n", silent.stdout.head)
      assert.is_true(silent.wall >= 0.3 and silent.wall < 5)
    end)

    it("count output on either stream as a sign of life", function()
      local report = shell("for i in 1 2 3 4 5 6 7; do echo $i >&2; sleep 0.2; done",
        { silence = 1 })
      assert.is_nil(report.ended_by)
      assert.equal(0, report.exit)
    end)

    it("end what ignores SIGTERM after the grace, and let others finish", function()
      local stubborn = shell("trap '' TERM; while :; do sleep 1; done",
        { timeout = 0.1, grace = 0.3 })
      assert.equal(9, stubborn.signal)
      assert.is_true(stubborn.wall >= 0.4 and stubborn.wall < 5)
      local polite = shell("trap 'echo bye; exit 4' TERM; while :; do sleep 0.01; done",
        { timeout = 0.2, grace = 30 })
      assert.equal("bye\n", polite.stdout.head)
      assert.equal(4, polite.exit)
      assert.equal("timeout", polite.ended_by)
      assert.is_true(polite.wall < 10)
    end)

    it("wake what is stopped, so that it too can finish", function()
      local report = shell("trap 'echo bye; exit 4' TERM; kill -STOP $$; while :; do :; done",
        { timeout = 0.2, grace = 30 })
      assert.equal("bye\n", report.stdout.head)
      assert.is_true(report.wall < 10)
    end)

    it("do not count once the program has ended", function()
      local report = shell("trap '' TERM; sh -c 'trap \"\" TERM; exec sleep 60' & exit 0",
        { timeout = 0.2, silence = 0.2, grace = 0.5 })
      assert.is_nil(report.ended_by)
      assert.equal(0, report.exit)
      assert.equal(1, report.stragglers)
    end)

    it("of nothing at all end it at once", function()
      assert.equal("timeout", run({ argv = { "sleep", "60" }, timeout = 0, grace = 0 }).ended_by)
    end)
  end)

  describe("on_progress", function()
    it("is called about four times a second", function()
      local times = {}
      run { argv = { "sleep", "1.1" }, on_progress = function(now)
        table.insert(times, now.elapsed)
      end }
      assert.is_true(#times >= 2 and #times <= 5)
      for i, time in ipairs(times) do
        assert.is_true(time >= i * 0.25)
      end
    end)

    it("may raise: the program is ended and the error goes on", function()
      local from = sys.monotonic()
      local ok, value = pcall(proc.run, { argv = { "sleep", "60" }, on_progress = function()
        error({ mine = true })
      end })
      assert.is_false(ok)
      assert.same({ mine = true }, value)
      assert.is_true(sys.monotonic() - from < 5)
    end)

    it("may run another program", function()
      local inner
      run { argv = { "sleep", "0.4" }, on_progress = function()
        inner = inner or shell("echo inner; sleep 60 & exit 3", { grace = 0.1 })
      end }
      assert.equal("inner\n", inner.stdout.head)
      assert.equal(3, inner.exit)
      assert.equal(1, inner.stragglers)
    end)
  end)

  describe("secrets", function()
    --- What should come out: at each place the longest value that stands there is replaced.
    local function redact(text, secrets)
      local out, at = {}, 1
      while at <= #text do
        local best, best_name
        for name, value in pairs(secrets) do
          if #value >= 8 and text:sub(at, at + #value - 1) == value
            and (not best or #value > #best or #value == #best and name < best_name) then
            best, best_name = value, name
          end
        end
        table.insert(out, best and "<redacted:" .. best_name .. ">" or text:sub(at, at))
        at = at + (best and #best or 1)
      end
      return table.concat(out)
    end

    it("never reach the log or the report", function()
      local dir <close> = tmp.dir()
      local report = shell("echo key=$API_KEY; echo $API_KEY$API_KEY >&2; echo $SHORT", {
        env = { API_KEY = "sk-0123456789", SHORT = "1234567" },
        secrets = { API_KEY = "sk-0123456789", SHORT = "1234567", EMPTY = "" },
        stdout = dir:join("out"), stderr = dir:join("err"),
      })
      assert.equal("key=<redacted:API_KEY>\n1234567\n", report.stdout.head)
      assert.equal("<redacted:API_KEY><redacted:API_KEY>\n", report.stderr.head)
      assert.equal(report.stdout.head, dir:read("out"))
      assert.equal(report.stderr.head, dir:read("err"))
      assert.equal(#report.stdout.head, report.stdout.bytes)
    end)

    it("are found when they are printed in two pieces", function()
      local dir <close> = tmp.dir()
      processes.fifo(dir, "go")
      local seen
      local report = run {
        argv = { "sh", "-c", [[printf 'a sk-0123'; read word < "$0"; printf '456789 b']],
          dir:join("go") },
        secrets = { KEY = "sk-0123456789" }, stdout = dir:join("out"),
        on_progress = function(now)
          if not seen and now.bytes > 0 then
            seen = dir:read("out")
            assert(io.open(dir:join("go"), "w")):close()
          end
        end,
      }
      assert.equal("a ", seen)
      assert.equal("a <redacted:KEY> b", report.stdout.head)
    end)

    it("do not show when the end cuts them", function()
      local secrets = { KEY = "sk-0123456789" }
      assert.equal("a <redacted:KEY>",
        shell("printf 'a sk-01234'", { secrets = secrets }).stdout.head)
      assert.equal("a sk-0123", shell("printf 'a sk-0123'", { secrets = secrets }).stdout.head)
    end)

    it("prefer the longest, and the first name of equal ones", function()
      local report = shell("printf 'abcdefgh abcdefghij abcdefghi.'", {
        secrets = { B = "abcdefgh", A = "abcdefgh", LONG = "abcdefghij" },
      })
      assert.equal("<redacted:A> <redacted:LONG> <redacted:A>i.", report.stdout.head)
    end)

    it("are found in any text however it is cut", function()
      local dir <close> = tmp.dir()
      math.randomseed(20260521)
      local letters = { "a", "b", "ab", "aab", "\n", "\0", "\255" }
      local function generate(size)
        local pieces = {}
        for i = 1, size do
          pieces[i] = letters[math.random(#letters)]
        end
        return table.concat(pieces)
      end
      for round = 1, 12 do
        local secrets, words = {}, {}
        for i = 1, math.random(5) do
          local value = generate(math.random(8, 40)):gsub("\0", "z")
          secrets["N" .. i], words[i] = value, value
        end
        local text = {}
        for i = 1, 300 do
          text[i] = math.random(3) == 1 and words[math.random(#words)] or generate(math.random(30))
        end
        text = table.concat(text) .. "|" -- no value ends so: the end itself is a test of its own
        local sizes = {}
        for i = 1, 60 do
          sizes[i] = math.random(1, 2 * #text // 60)
        end
        local path = dir:write("text", text)
        -- dd writes the pieces one by one, so that reads end anywhere.
        local script = { "exec 3<" .. sh.quote(path) }
        for _, size in ipairs(sizes) do
          table.insert(script, ("dd bs=%d count=1 status=none <&3"):format(size))
        end
        table.insert(script, "cat <&3")
        local report = shell(table.concat(script, "\n"), { secrets = secrets })
        local expected = redact(text, secrets)
        assert.is_true(report.stdout.head == expected, "round " .. round)
      end
    end)

    it("are found across the borders of large reads", function()
      local value = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz"
      local pieces = {}
      for i = 1, 3000 do
        pieces[i] = ("."):rep(i * 7919 % 1000) .. value
      end
      local text = table.concat(pieces)
      local out = run({ argv = { "cat" }, stdin = text, secrets = { K = value } }).stdout
      assert.is_true(out.whole)
      assert.is_true(out.head == text:gsub(value:gsub("%-", "%%-"), "<redacted:K>"))
    end)
  end)
end)
