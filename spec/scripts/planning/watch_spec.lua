local project = require "spec.support.project"
local tmp = require "spec.support.tmp"
local watching = require "planning.watch"

local CALL <const> = { agent = "test", stage = "expand" }

local function watch(p, kind)
  return { project = p:open(), kind = kind or "planning" }
end

--- A call whose program does this.
local function run(p, dir, act, more)
  local call = { agent = CALL.agent, stage = CALL.stage, work_dir = dir.path, artifacts = dir.path }
  return watching.run(watch(p), call, (more or {}).spec or {}, (more or {}).hidden or {}, act)
end

describe("planning.watch", function()
  it("gives the report as it is where nothing was touched, or nobody looks", function()
    local p <close> = project.new()
    local dir <close> = tmp.dir()
    local report = { exit = 0 }
    assert.equal(report, (run(p, dir, function()
      return report
    end)))
    assert.is_nil(watching.verdict(report))
    assert.equal(report, (watching.run(nil, CALL, {}, {}, function()
      p.repo:write("README", "x\n")
      return report
    end)))
    assert.is_nil(report.escaped)
  end)

  it("tells what was touched, whose doing it was, and keeps all of it as evidence", function()
    local p <close> = project.new()
    local dir <close> = tmp.dir()
    local report = assert(run(p, dir, function()
      p.repo:write("value-of-a-secret", "x\n")
      p.repo:write(".git/hooks/pre-push", "evil\n")
      return { exit = 0 }
    end, { hidden = { NAME = "value-of-a-secret" } }))
    local message, name = watching.verdict(report)
    assert.equal("EESCAPED", name)
    assert.equal("the agent test for expand reached beyond its work dir: hooks: "
      .. ".git/hooks/pre-push added (put back); files: <redacted:NAME> added", message)
    assert.matches("^hooks: .*pre%-push added %(put back%)\nfiles: ", dir:read "escaped.txt")
    assert.equal("evil\n", dir:read "escaped/1-pre-push")
    assert.is_nil(p.repo:read ".git/hooks/pre-push")
    assert.is_nil(dir:read("escaped.txt"):find("value-of-a-secret", 1, true))
  end)

  it("lets an agent write what its adapter names, and puts its settings back", function()
    local p <close> = project.new()
    local dir <close> = tmp.dir()
    local state <close> = tmp.dir()
    state:write("settings.json", "{}")
    local spec = { writes = { p.path .. "/own" }, updates = { p.path .. "/own.json" },
      settings = { state:join "settings.json" } }
    p.repo.dir:mkdir "own"
    local report = run(p, dir, function()
      p.repo:write("own/cache", "x")
      p.repo:write("own.json", "x")
      return { exit = 0, sandbox = "full: Landlock" }
    end, { spec = spec })
    assert.is_nil(report.escaped)
    report = run(p, dir, function()
      state:write("settings.json", "evil")
      p.repo:write("README", "by a person\n")
      return { exit = 0, sandbox = "full: Landlock" }
    end, { spec = spec })
    assert.matches("work dir: the agent's settings: .*settings.json changed %(put back%)$",
      report.escaped.message)
    assert.equal("{}", state:read "settings.json")
  end)

  it("puts back what a program changed that was cut off", function()
    local p <close> = project.new()
    local dir <close> = tmp.dir()
    local before = p.repo:read ".git/config"
    assert.has_error(function()
      run(p, dir, function()
        p.repo:write(".git/config", "evil\n")
        error "interrupted"
      end)
    end)
    assert.equal(before, p.repo:read ".git/config")
    local report = run(p, dir, function()
      p.repo:write(".git/config", "evil\n")
      return { ended_by = "interrupt" }
    end)
    assert.equal("EINTERRUPTED", select(2, watching.verdict(report)))
  end)

  it("passes on that a program was not started", function()
    local p <close> = project.new()
    local dir <close> = tmp.dir()
    local report, message, name, is_ours = run(p, dir, function()
      return nil, "no such program", "ENOENT"
    end)
    assert.same({ false, "no such program", "ENOENT", false },
      { report or false, message, name, is_ours or false })
    tmp.remove(p.path .. "/.git")
    report, message, name, is_ours = watching.run({ project = { worktree = p.path,
      common = p.path .. "/.git", gitdir = p.path .. "/.git", live_path = p.path,
      config_home = dir.path, state_home = dir.path }, kind = "planning" },
      { agent = "a", stage = "s", work_dir = dir.path, artifacts = dir.path }, {}, {}, error)
    assert.is_nil(report)
    assert.matches("cannot note what is there before the agent starts", message)
    assert.equal("ENOENT", name)
    assert.is_true(is_ours)
  end)
end)
