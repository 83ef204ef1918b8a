--- What a confined program can change, and what it cannot: the kernel is asked, not the rules.

local leftovers = require "spec.support.leftovers"
local older_abi = require "spec.support.older_abi"
local proc = require "host.proc"
local processes = require "spec.support.processes"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"

local FULL_ABI <const> = 3
local SCOPES_ABI <const> = 6

local level, abi = sys.sandbox()
local mounts = sys.features().read_only_mounts

local PLACES <const> = { "in", "out", "tree/sub", "tree/.git" }

--- A folder with places in and out of reach, with one file each.
local function prepare()
  local dir = tmp.dir()
  for _, place in ipairs(PLACES) do
    dir:write(place .. "/old", "old")
    dir:mkdir(place .. "/folder")
  end
  dir:write("file", "old")
  return dir
end

local function run(dir, script, sandbox)
  sandbox = sandbox or {}
  sandbox.mode = sandbox.mode or "auto"
  sandbox.writes = sandbox.writes or { dir:join("in") }
  local report, message = proc.run { argv = { "sh", "-c", script }, cwd = dir.path,
    sandbox = sandbox }
  assert.is_nil(message)
  return report
end

--- Each is tried in a folder $D; it must succeed in one that may be written, and fail elsewhere.
local CHANGES <const> = {
  { "writes a file", "echo new > $D/old" },
  { "appends to a file", "echo new >> $D/old" },
  { "truncates a file", "truncate -s 0 $D/old", FULL_ABI },
  { "makes a file", "echo new > $D/new" },
  { "makes a folder", "mkdir $D/made" },
  { "removes a file", "rm -f $D/old" },
  { "removes a folder", "rmdir $D/folder" },
  { "renames a file", "mv $D/old $D/new" },
  { "renames a file into another folder", "mv $D/old $D/folder/old", 2 },
  { "links a file", "ln $D/old $D/new" },
  { "makes a symbolic link", "ln -s old $D/new" },
  { "makes a fifo", "mkfifo $D/fifo" },
  { "makes a socket", "python3 -c 'import os,socket,sys; os.chdir(sys.argv[1]); "
    .. "socket.socket(socket.AF_UNIX).bind(\"socket\")' $D" },
}

--- Each must fail wherever it is tried.
local NEVER <const> = {
  { "a link out of reach to write through", "ln -s ../out/old in/l; echo new >> in/l" },
  { "a folder behind a link", "ln -s ../out in/l; echo new > in/l/new" },
  { "a rename out of the place", "mv -T in/old out/new" },
  { "a rename into it from elsewhere", "mv out/old in/new" },
  { "a hard link out of it", "ln in/old out/new" },
  { "a hard link into it from elsewhere", "ln out/old in/new && echo new >> in/new" },
  { "an exchange", "mv --exchange in/old out/old" },
  { "dot-dot", "echo new > in/../out/old" },
  { "the working directory of another process", "echo new > /proc/$PPID/cwd/out/old" },
  { "the root of another process", "echo new > /proc/$PPID/root$PWD/out/old" },
  { "a descriptor opened for reading", "exec 3< out/old; echo new > /proc/self/fd/3" },
  { "memory of another process", "echo new > /proc/$PPID/mem" },
  { "a mount over it", "mount --bind in out && echo new > out/old" },
  { "a namespace of its own", "unshare -rm sh -c 'mount --bind in out && echo new > out/old'" },
  { "a device", "mknod in/device b 7 0" },
  { "chroot", "chroot . /bin/sh -c 'echo new > /out/old'" },
}

describe("a sandbox", function()
  leftovers.check_each(before_each, after_each)

  if level == "none" then
    pending("this system has no Landlock")
    return
  end

  for _, change in ipairs(CHANGES) do
    it("lets it be that one " .. change[1] .. ", in its place only", function()
      if abi < (change[3] or 1) then
        return pending("needs Landlock ABI " .. change[3])
      end
      local dir <close> = prepare()
      assert.equal(0, run(dir, "D=in; " .. change[2]).exit)
      local refused = run(dir, "D=out; " .. change[2])
      assert.not_equal(0, refused.exit)
      assert.matches("Permission denied", refused.stderr.head .. refused.stdout.head)
      assert.equal("old", dir:read("out/old"))
      assert.same({ "folder", "old" }, dir:names("out"))
    end)
  end

  for _, trick in ipairs(NEVER) do
    it("is not left by " .. trick[1], function()
      local dir <close> = prepare()
      run(dir, trick[2])
      assert.equal("old", dir:read("out/old"))
      assert.same({ "folder", "old" }, dir:names("out"))
      assert.is_false(dir:exists("in/device"))
    end)
  end

  it("holds everything that the program starts", function()
    local dir <close> = prepare()
    run(dir, "setsid sh -c '(echo new > out/old) & wait'; nohup sh -c 'echo new > out/new' &")
    assert.equal("old", dir:read("out/old"))
    assert.is_false(dir:exists("out/new"))
  end)

  it("leaves reading, running, and what every program needs", function()
    local dir <close> = prepare()
    local report = run(dir, [[
      set -e
      cat out/old; ls /etc >/dev/null; git --version >/dev/null
      echo x > /dev/null; head -c 1 /dev/zero >/dev/full 2>/dev/null || :
      echo x > /dev/stdout; echo x > /dev/stderr; exec 3> /proc/self/fd/1
      python3 -c 'import pty; pty.spawn(["tty"])'
      python3 -c 'import socket; a, b = socket.socketpair(); a.send(b"x")'
      sleep 60 & kill $!]])
    assert.equal("", report.stderr.head:gsub("^x\n$", ""))
    assert.equal(0, report.exit)
    assert.matches("^oldx\n/dev/pts/%d+\r?\n$", report.stdout.head)
    assert.equal(("full: Landlock ABI %d"):format(abi), report.sandbox)
  end)

  it("may name single files, as they are when it starts", function()
    local dir <close> = prepare()
    local report = run(dir, "echo new > file; rm -f file; echo new > other",
      { writes = { dir:join("file") } })
    assert.not_equal(0, report.exit)
    assert.equal("new\n", dir:read("file"))
    assert.is_false(dir:exists("other"))
  end)

  it("may name nothing at all", function()
    local dir <close> = prepare()
    assert.not_equal(0, run(dir, "echo new > in/old", { writes = {} }).exit)
    assert.equal("old", dir:read("in/old"))
  end)

  it("refuses a place that is not there, and starts nothing", function()
    local dir <close> = prepare()
    local report, message, name = proc.run { argv = { "touch", dir:join("in/ran") },
      cwd = dir.path, sandbox = { mode = "auto", writes = { dir:join("in"), dir:join("none") } } }
    assert.is_nil(report)
    assert.equal("ENOENT", name)
    assert.equal(("cannot start touch: cannot let it write in %s: No such file or directory")
      :format(dir:join("none")), message)
    assert.is_false(dir:exists("in/ran"))
  end)

  it("that is off changes nothing; without the option none is reported", function()
    local dir <close> = prepare()
    assert.equal("off", run(dir, "echo new > out/old", { mode = "off" }).sandbox)
    assert.equal("new\n", dir:read("out/old"))
    assert.is_nil(proc.run({ argv = { "true" }, cwd = dir.path }).sandbox)
  end)

  it("keeps it from signalling mighost and its guardian, which go on ending it", function()
    if abi < SCOPES_ABI then
      return pending("needs Landlock ABI " .. SCOPES_ABI)
    end
    local dir <close> = prepare()
    local report = run(dir, ([[kill -STOP $PPID; kill -KILL $PPID; kill -TERM %d
      (trap '' TERM; exec sleep 60) & exit 3]]):format(sys.pid()))
    assert.equal(3, report.exit)
    assert.equal(1, report.stragglers)
    assert.equal(0, report.survivors)
    assert.matches("kill: .*Operation not permitted", report.stderr.head)
  end)

  it("keeps it from abstract sockets of others", function()
    if abi < SCOPES_ABI then
      return pending("needs Landlock ABI " .. SCOPES_ABI)
    end
    local dir <close> = prepare()
    local client = [[python3 -c 'import socket,sys
s = socket.socket(socket.AF_UNIX); s.connect("\0" + sys.argv[1])' ]]
    local name = "mighost-spec-" .. sys.random_hex(8)
    local ready = processes.fifo(dir, "ready")
    local server <close> = assert(io.popen(([[exec python3 -c 'import socket,sys
s = socket.socket(socket.AF_UNIX); s.bind("\0" + sys.argv[1]); s.listen(2)
open(sys.argv[2], "w").write("up\n"); sys.stdin.read()' %s %s]]):format(name, ready), "w"))
    assert.equal("up", processes.read_line(ready))
    assert.equal(0, run(dir, client .. name, { mode = "off" }).exit)
    assert.matches("Operation not permitted", run(dir, client .. name).stderr.head)
    server:write("end")
  end)

  it("is refused where it is misspelt", function()
    local cases = {
      { 1, "sandbox: expected a table" },
      { {}, "sandbox.mode: expected 'auto', 'require' or 'off'" },
      { { mode = "on" }, "sandbox.mode: expected 'auto', 'require' or 'off'" },
      { { mode = "auto", writes = "/tmp" }, "sandbox.writes: expected a list of absolute paths" },
      { { mode = "auto", writes = { "tmp" } }, "sandbox.writes: expected absolute paths" },
      { { mode = "auto", writes = { "/tmp\0" } }, "sandbox.writes: expected absolute paths" },
      { { mode = "auto", protect = { 1 } }, "sandbox.protect: expected absolute paths" },
      { { mode = "auto", write = {} }, "sandbox: unknown field 'write'" },
    }
    for _, case in ipairs(cases) do
      local ok, message = pcall(proc.run, { argv = { "true" }, cwd = "/", sandbox = case[1] })
      assert.is_false(ok)
      assert.matches(case[2], message, 1, true)
    end
    local ok, message = pcall(proc.run, { argv = { "true" }, sandbox = { mode = "off" } })
    assert.is_false(ok)
    assert.matches("sandbox: needs cwd", message, 1, true)
  end)
end)

describe("folders mounted read-only", function()
  if not mounts then
    pending("this system makes no mount namespaces for its users")
    return
  end

  local function run_in_tree(dir, script, mode)
    return run(dir, script, { mode = mode, writes = { dir:join("tree") },
      protect = { dir:join("tree/.git"), dir:join("out") } })
  end

  it("lie in what may be written", function()
    local dir <close> = prepare()
    local report = run_in_tree(dir, "echo new > tree/sub/old; echo new > tree/.git/old")
    assert.matches("; mounted read%-only: 2$", report.sandbox)
    assert.matches("Read%-only file system", report.stderr.head)
    assert.equal("new\n", dir:read("tree/sub/old"))
    assert.equal("old", dir:read("tree/.git/old"))
  end)

  local TRICKS <const> = {
    "umount tree/.git; echo new > tree/.git/old",
    "mount -o remount,rw,bind tree/.git; echo new > tree/.git/old",
    "unshare -rm sh -c 'umount tree/.git; echo new > tree/.git/old'",
    "unshare -rm sh -c 'mount -o remount,rw,bind tree/.git; echo new > tree/.git/old'",
    "mv tree/.git tree/moved; echo new > tree/moved/old",
    "rm -rf tree/.git", "chmod 700 tree/.git/old && echo new > tree/.git/old",
    "ln tree/.git/old tree/sub/link; echo new > tree/sub/link",
  }
  for index, trick in ipairs(TRICKS) do
    it("stay so, trick " .. index, function()
      local dir <close> = prepare()
      run_in_tree(dir, trick)
      assert.equal("old", dir:read("tree/.git/old"))
    end)
  end

  it("are seen so by the program alone, and are gone with it", function()
    local dir <close> = prepare()
    run_in_tree(dir, "cat /proc/self/mountinfo > tree/sub/seen")
    assert.matches(dir:join("tree/.git"), dir:read("tree/sub/seen"), 1, true)
    local file <close> = assert(io.open("/proc/self/mountinfo"))
    assert.is_nil(file:read("a"):find(dir:join("tree/.git"), 1, true))
  end)

  it("leave the user who he is", function()
    local dir <close> = prepare()
    local report = run_in_tree(dir, "id -u; id -g; stat -c %u tree/sub/old; git init -q tree/sub")
    local own = sh.check { argv = { "sh", "-c", "id -u; id -g; id -u" } }
    assert.equal(own, report.stdout.head)
    assert.equal("", report.stderr.head)
  end)

  it("that are not there are told as the reason why there are none", function()
    local dir <close> = prepare()
    local report = run(dir, "echo new > in/old", { protect = { dir:join("none") } })
    assert.equal(0, report.exit)
    assert.matches("; nothing mounted read%-only: ENOENT$", report.sandbox)
  end)
end)

describe("an older Landlock", function()
  --- Runs a program confined, in a mighost that sees this version; its report as it is printed.
  local function run_under(version, dir, script, mode)
    local lines = dir:write("script.lua", [[
      local proc = require "host.proc"
      local report, message, name = proc.run { argv = { "sh", "-c", arg[2] }, cwd = arg[1],
        sandbox = { mode = arg[3], writes = { arg[1] .. "/in" } } }
      print(report and report.sandbox or name .. ": " .. message)
    ]])
    local result = program.run { args = { lines, dir.path, script, mode or "auto" },
      env = older_abi.env(version) }
    assert.equal("", result.stderr)
    return (result.stdout:gsub("\n$", ""))
  end

  for version = 1, 2 do
    it(("of ABI %d confines in part, and says so"):format(version), function()
      if abi < version then
        return pending("this system has Landlock ABI " .. abi)
      end
      local dir <close> = prepare()
      assert.equal(("partial: Landlock ABI %d"):format(version), run_under(version, dir,
        "echo new > out/old; echo new > in/old; truncate -s 1 out/folder/../old; rm out/old"))
      assert.equal("new\n", dir:read("in/old"))
      assert.is_true(dir:exists("out/old"))
      assert.equal(("EUNSUPPORTED: cannot start sh: cannot confine it fully: this system has "
        .. "Landlock ABI %d, it takes 3"):format(version),
        run_under(version, dir, "echo ran > in/ran", "require"))
      assert.is_false(dir:exists("in/ran"))
    end)
  end

  it("of ABI 3 to 5 confines fully", function()
    for version = 3, math.min(5, abi) do
      local dir <close> = prepare()
      assert.equal(("full: Landlock ABI %d"):format(version), run_under(version, dir,
        "echo new > out/old; truncate -s 0 out/old; echo new > in/old", "require"))
      assert.equal("old", dir:read("out/old"))
      assert.equal("new\n", dir:read("in/old"))
    end
  end)

  it("that is none leaves everything open, unless one is required", function()
    local dir <close> = prepare()
    assert.equal("none: this system has no Landlock", run_under(0, dir, "echo new > out/old"))
    assert.equal("new\n", dir:read("out/old"))
    assert.equal("EUNSUPPORTED: cannot start sh: cannot confine it: this system has no Landlock",
      run_under(0, dir, "echo ran > in/ran", "require"))
    assert.equal("off", run_under(0, dir, "true", "off"))
  end)
end)
