local lfs = require "lfs"
local older_abi = require "spec.support.older_abi"
local places = require "planning.places"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tables = require "lib.tables"
local tmp = require "spec.support.tmp"

local ADAPTER <const> = { inherits_env = false, passes = { "OWN_*" } }

local function prepare()
  local dir = tmp.dir()
  for _, name in ipairs { "work", "artifacts", "repo/live", "home" } do
    dir:mkdir(name)
  end
  return dir
end

local function call_in(dir, more)
  return tables.copy({
    agent = "test", stage = "expand",
    work_dir = dir:join("work"), artifacts = dir:join("artifacts"),
    repo_root = dir:join("repo"), live_dir = dir:join("repo/live"),
  }, more)
end

local function sandbox_of(call, spec)
  local place <close> = assert(places.open(call, ADAPTER))
  return place:sandbox(spec)
end

describe("planning.places", function()
  it("makes a temporary folder for the call alone, in its environment, and removes it", function()
    local dir <close> = prepare()
    local call = call_in(dir)
    local place = assert(places.open(call, ADAPTER))
    assert.equal(call.temp, place.temp)
    assert.equal(call.temp, call.env.TMPDIR)
    assert.equal(os.getenv("PATH"), call.env.PATH)
    assert.matches((os.getenv("TMPDIR") or "/tmp") .. "/mighost%-%x+$", call.temp)
    assert.equal("rwx------", lfs.attributes(call.temp, "permissions"))
    sh.check { argv = { "sh", "-c", 'mkdir -p "$0/a/b"; echo >"$0/a/b/c"; chmod 0 "$0/a"',
      call.temp } }
    place:close()
    place:close()
    assert.is_nil(lfs.attributes(call.temp))
  end)

  it("lets a call write in its work dir, its evidence and its temporary folder", function()
    local dir <close> = prepare()
    local call = call_in(dir)
    local sandbox = sandbox_of(call, { writes = { call.work_dir, call.artifacts } })
    assert.same({ call.work_dir, call.artifacts, call.temp, "/dev/shm" }, sandbox.writes)
    assert.equal("auto", sandbox.mode)
    assert.is_nil(sandbox.protect)
  end)

  it("adds what the adapter names: folders are made, files must be there", function()
    local dir <close> = prepare()
    dir:write("home/.file", "")
    local sandbox = sandbox_of(call_in(dir), {
      writes = { dir:join("home/.agent/state"), "/proc/nobody/can/make/this" },
      updates = { dir:join("home/.file"), dir:join("home/.missing") },
    })
    assert.same({ dir:join("home/.agent/state"), dir:join("home/.file") },
      { sandbox.writes[1], sandbox.writes[2] })
    assert.equal(dir:join("work"), sandbox.writes[3])
    assert.same({}, dir:names("home/.agent/state"))
    assert.is_false(dir:exists("home/.missing"))
  end)

  it("refuses an adapter's folder that holds the repository or what is protected", function()
    local dir <close> = prepare()
    dir:symlink("repo", "link")
    dir:mkdir("git")
    local protect = { dir:join("git") }
    for _, path in ipairs { dir.path, dir:join("repo"), dir:join("repo/live"), dir:join("link"),
      dir:join("home/../repo"), dir:join("git"), "/" } do
      local sandbox, message, name =
        sandbox_of(call_in(dir, { protect = protect }), { writes = { path } })
      assert.is_nil(sandbox, path)
      assert.equal("ECONFIG", name)
      assert.matches("the agent test wants to write in " .. path, message, 1, true)
      assert.matches("which would open " .. dir.path, message, 1, true)
    end
    assert.equal("the agent test wants to write in state, not an absolute path",
      select(2, sandbox_of(call_in(dir), { updates = { "state" } })))
  end)

  it("hands on what is to stay as it is in a work tree", function()
    local dir <close> = prepare()
    local protect = { dir:join("repo/live") }
    local sandbox = sandbox_of(call_in(dir, { work_dir = dir:join("repo"), protect = protect }),
      { writes = { dir:join("repo") } })
    assert.equal(protect, sandbox.protect)
    assert.equal(dir:join("repo"), sandbox.writes[1])
  end)

  it("does not open shared memory where the project lies in it", function()
    if not lfs.attributes("/dev/shm") then
      return pending("there is no /dev/shm")
    end
    local base = "/dev/shm/mighost-spec-" .. sys.random_hex(8)
    for _, name in ipairs { "", "/live", "/work" } do
      assert(lfs.mkdir(base .. name))
    end
    local dir <close> = prepare()
    local sandbox = sandbox_of(call_in(dir, { repo_root = base, live_dir = base .. "/live" }), {})
    local of_work = sandbox_of(call_in(dir, { work_dir = base .. "/work" }), {})
    tmp.remove(base)
    for _, writes in ipairs { sandbox.writes, of_work.writes } do
      assert.is_nil(table.concat(writes, "\n"):find("/dev/shm$"))
    end
  end)

  it("confines nothing when it is off, and no person at the terminal", function()
    local dir <close> = prepare()
    for _, case in ipairs { { { sandbox = "off" }, ADAPTER },
      { { sandbox = "require" }, { attached = true, inherits_env = false } } } do
      local call = call_in(dir, case[1])
      local place <close> = assert(places.open(call, case[2]))
      assert.is_nil(call.temp)
      assert.equal(os.getenv("TMPDIR"), call.env.TMPDIR)
      assert.same({ mode = "off" }, place:sandbox { writes = { "/" } })
    end
  end)

  it("says what may be behind a refusal", function()
    local dir <close> = prepare()
    for _, words in ipairs { "x: Permission denied", "EACCES: permission denied, open 'x'",
      "x: Read-only file system" } do
      local place <close> = assert(places.open(call_in(dir), ADAPTER))
      assert.matches("%-%-sandbox=off", place:hint(words))
      local open <close> = assert(places.open(call_in(dir, { sandbox = "off" }), ADAPTER))
      assert.equal("", open:hint(words))
      assert.equal("", place:hint("exited with status 1"))
    end
  end)

  it("tells why there is no temporary folder", function()
    local dir <close> = prepare()
    local script = dir:write("script.lua", [[
      print(require("planning.places").open({ agent = "test" }, {}))
    ]])
    local result = program.run { args = { script }, env = { TMPDIR = dir:join("none") } }
    assert.matches("^nil\tcannot make a temporary folder for the agent test: .*\tENOENT\n$",
      result.stdout)
  end)

  it("passes over a TMPDIR that is not absolute", function()
    local dir <close> = prepare()
    local script = dir:write("script.lua", [[
      local place <close> = require("planning.places").open({ agent = "test" }, {})
      print(place.temp)
    ]])
    local result = program.run { args = { script }, env = { TMPDIR = "relative" } }
    assert.matches("^/tmp/mighost%-%x+\n$", result.stdout)
  end)

  it("names what a call in the work tree must leave alone", function()
    local dir <close> = prepare()
    local repo = dir:join("repo")
    sh.check { argv = { "git", "init", "-q", repo } }
    local project = { worktree = repo, gitdir = repo .. "/.git", common = repo .. "/.git",
      live_path = repo .. "/live" }
    assert.same({ repo .. "/.git", repo .. "/live" }, places.protected(project))
    project.live_path = repo .. "/none"
    assert.same({ repo .. "/.git" }, places.protected(project))
  end)

  it("says what a system gives, for each mode", function()
    local dir <close> = tmp.dir()
    local script = dir:write("script.lua", [[
      for _, mode in ipairs { "auto", "require", "off" } do
        print(require("planning.places").check(mode))
      end
    ]])
    local _, abi = sys.sandbox()
    local expected = {
      [0] = "true\tagents are not confined: this system has no Landlock\n"
        .. "nil\tagents cannot be confined as required: this system has no Landlock\tEUNSUPPORTED\n"
        .. "true\n",
      [2] = "true\tagents are confined in part, they can still truncate files: this system has "
        .. "Landlock ABI 2, and full confinement takes 3 (Linux 6.2)\n"
        .. "nil\tagents cannot be confined as required: this system has Landlock ABI 2, and full "
        .. "confinement takes 3 (Linux 6.2)\tEUNSUPPORTED\ntrue\n",
      [3] = "true\ntrue\ntrue\n",
    }
    for version, text in pairs(expected) do
      if version <= abi then
        local result = program.run { args = { script }, env = older_abi.env(version) }
        assert.equal(text, result.stdout)
      end
    end
  end)
end)
