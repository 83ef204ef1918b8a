local attach = require "planning.attach"
local program = require "spec.support.program"
local tmp = require "spec.support.tmp"

--- Runs a shell text as an agent in a folder of its own; gives what attach.run gave and the folder.
local function run(body, keeps_stdout, spec)
  local dir <close> = tmp.dir()
  local adapter = {
    inherits_env = false,
    interactive = function(call)
      return spec or { argv = { "sh", "-c", body }, env = { GIVEN = call.prompt_file } }
    end,
  }
  local call = { agent = "talker", stage = "human-review", work_dir = dir.path,
    artifacts = dir.path, prompt_file = "/p" }
  local ok, message, name, report = attach.run(adapter, call, keeps_stdout)
  return { ok = ok, message = message, name = name, report = report, kept = dir:read("kept") }
end

describe("planning.attach", function()
  it("runs the agent in the work dir, with what it was given in the environment", function()
    local result = run('printf %s "$GIVEN" >kept', true)
    assert.is_true(result.ok)
    assert.equal("/p", result.kept)
    assert.equal(0, result.report.exit)
  end)

  it("builds the environment, as for any agent", function()
    local body = 'test -z "${LUA_INIT-}${MIGHOST_WITH-}" && printf yes >kept'
    assert.equal("yes", run(body, true).kept)
  end)

  it("keeps its words off stdout where that is not a terminal, or is for data", function()
    local dir <close> = tmp.dir()
    for _, keeps_stdout in ipairs { "true", "false" } do
      local script = dir:write("ask.lua", ([[
        local adapter = { interactive = function() return { argv = { "echo", "hello" } } end }
        assert(require("planning.attach").run(adapter, { work_dir = "/", sandbox = "off" }, %s))
      ]]):format(keeps_stdout))
      local result = program.run { args = { script } }
      assert.same({ 0, "", "hello\n" }, { result.exit, result.stdout, result.stderr })
    end
  end)

  it("says how it ended", function()
    for name, case in pairs {
      EEXITED = { "exit 3", "exited with status 3" },
      EAGENT = { "exit 127", "cannot be started: talker" },
    } do
      local result = run(case[1])
      assert.is_nil(result.ok)
      assert.equal(name, result.name)
      assert.is_truthy(result.message:find(case[2], 1, true), result.message)
      assert.is_table(result.report)
    end
    assert.matches("signal 9", run("kill -9 $$").message)
  end)

  it("says when there is nothing to start", function()
    for _, argv in ipairs { {}, { "" }, { 1 } } do
      assert.equal("EUSAGE", run("", nil, { argv = argv }).name)
    end
    for _, keeps_stdout in ipairs { true, false } do
      local result = run("", keeps_stdout, { argv = { "/nowhere/at/all" } })
      assert.equal("EAGENT", result.name)
      assert.matches("the agent talker for human%-review cannot be started", result.message)
    end
  end)

  it("tells an adapter that refuses from one that breaks", function()
    local call = { agent = "talker", stage = "human-review", work_dir = "/", artifacts = "/" }
    local function ask(interactive)
      return select(2, attach.run({ inherits_env = true, interactive = interactive }, call))
    end
    assert.equal("no program", ask(function()
      return nil, "no program"
    end))
    assert.matches("^the agent talker for human%-review: .*broken", ask(function()
      error("broken")
    end))
  end)
end)
