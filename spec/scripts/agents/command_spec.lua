local registry = require "planning.registry"
local tables = require "lib.tables"

local function call(more)
  return tables.copy({
    role = "planning.review", stage = "review", visit = 2, slug = "alpha", work_dir = "/w",
    live_dir = "/l", repo_root = "/r", artifacts = "/a", prompt = "the prompt", effort = "high",
    agent_command = "agent --flag 'two words'",
  }, more)
end

local function report(more)
  return tables.copy({
    exit = 0,
    stdout = { text = function() return "said" end, last_line = function() return "said" end },
    stderr = { last_line = function() return nil end },
  }, more)
end

describe("the agent command", function()
  local agent = assert(registry.new():agent "command")

  it("splits its command as a shell does, and gives the prompt on standard input", function()
    local spec = agent.command(call())
    assert.same({ "agent", "--flag", "two words" }, spec.argv)
    assert.equal("the prompt", spec.stdin)
    assert.same({ "/w", "/a" }, spec.writes)
  end)

  it("tells the program all about the call", function()
    local env = agent.command(call { model = "m" }).env
    assert.same({ "review", "2", "alpha", "/w", "/l", "/r", "/a", "m", "high", "planning.review" },
      { env.MIGHOST_STAGE, env.MIGHOST_VISIT, env.MIGHOST_SLUG, env.MIGHOST_WORK_DIR,
        env.MIGHOST_LIVE_DIR, env.MIGHOST_REPO_ROOT, env.MIGHOST_ARTIFACTS, env.MIGHOST_MODEL,
        env.MIGHOST_EFFORT, env.MIGHOST_ROLE })
    assert.is_true(agent.inherits_env)
  end)

  it("needs a command that can be split", function()
    for _, command in ipairs { false, "", "  ", "agent 'x" } do
      local spec, why = agent.command(call { agent_command = command })
      assert.is_nil(spec)
      assert.matches("%-%-agent%-command", why)
    end
  end)

  it("takes what was printed as the answer, unless the program failed", function()
    assert.same({ text = "said" }, agent.answer(report()))
    assert.same({ nil, "exited with status 3: said", "broken", n = 3 },
      table.pack(agent.answer(report { exit = 3 })))
    local silent = { last_line = function() return nil end }
    assert.same({ nil, "was ended by signal 9", "broken", n = 3 },
      table.pack(agent.answer(report { exit = false, signal = 9, stdout = silent })))
    local told = { last_line = function() return "sorry" end }
    assert.same({ nil, "exited with status 4: sorry", "broken", n = 3 },
      table.pack(agent.answer(report { exit = 4, stderr = told })))
  end)
end)
