local lfs = require "lfs"
local mighost = require "mighost"
local project = require "spec.support.project"
local tables = require "lib.tables"

local function run(p, script, more)
  local request = tables.copy({ project = p:open(), argv = { "sh", "-c", script } }, more)
  return mighost.run(request)
end

describe("mighost.run", function()
  it("runs a program in the project's root and keeps its logs", function()
    local p <close> = project.new()
    local report = assert(run(p, "pwd; cat; echo oops >&2; exit 3", { stdin = "in\n",
      name = "lint" }))
    assert.equal(3, report.exit)
    assert.equal(p.path .. "\nin\n", report.stdout.head)
    assert.matches("/lint$", report.artifacts)
    local log <close> = io.open(report.artifacts .. "/stderr.log")
    assert.equal("oops\n", log:read("a"))
  end)

  it("builds its environment", function()
    local p <close> = project.new()
    local script = 'echo "$PATH" | wc -c; echo "${LUA_PATH-unset} ${MINE-unset}"'
    assert.matches("\nunset 1\n$", assert(run(p, script, { env = { MINE = "1" } })).stdout.head)
  end)

  it("ends it with all that it started", function()
    local p <close> = project.new()
    local report = assert(run(p, "sleep 100 & sleep 100", { timeout = 0.2 }))
    assert.equal("timeout", report.ended_by)
    assert.is_true(report.stragglers >= 1)
  end)

  it("keeps it to what it may write, where that is asked for", function()
    local p <close> = project.new()
    if mighost.version().landlock_abi == 0 then
      pending("no Landlock here")
      return
    end
    assert(run(p, "echo x >README.new; :", { sandbox = { mode = "auto", writes = {} } }))
    assert.is_nil(lfs.attributes(p.path .. "/README.new", "mode"))
    assert(run(p, "echo x >README.new; :"))
    assert.is_string(lfs.attributes(p.path .. "/README.new", "mode"))
  end)

  it("says why it cannot be started", function()
    local p <close> = project.new()
    local report, message, name = mighost.run { project = p:open(), argv = { "no-such-program" } }
    assert.is_nil(report)
    assert.is_string(message)
    assert.equal("ENOENT", name)
  end)
end)
