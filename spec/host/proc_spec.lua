--- host.proc: what a program is started with, what ends it, and what is told meanwhile.

local child = require "spec.support.child"
local leftovers = require "spec.support.leftovers"
local proc = require "host.proc"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"

local run <const>, shell <const> = child.run, child.shell

describe("host.proc", function()
  leftovers.check_each(before_each, after_each)

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
end)
