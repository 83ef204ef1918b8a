--- host.proc: what a program reads, and what becomes of all that it prints.

local child = require "spec.support.child"
local leftovers = require "spec.support.leftovers"
local lfs = require "lfs"
local proc = require "host.proc"
local processes = require "spec.support.processes"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local MIB <const> = 1 << 20

local run <const>, shell <const> = child.run, child.shell

--- Runs a script in a mighost of its own, with a prelude that requires what it needs.
local function run_script(dir, text, args)
  local prelude = 'local proc, sys = require "host.proc", require "host.sys"\n'
  local script = dir:write("script.lua", prelude .. text)
  return program.run { args = { script, table.unpack(args or {}) } }
end

describe("host.proc", function()
  leftovers.check_each(before_each, after_each)

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
end)
