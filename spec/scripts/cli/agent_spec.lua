local agent = require "cli.agent"
local cli = require "cli"

local function parse(...)
  local parser = cli.parser { name = "ask", summary = "Asks.", example = "mighost ask" }
  agent.add_choice(parser, "anyhow.")
  agent.add_effort(parser)
  agent.add_limits(parser)
  agent.add_recording(parser)
  return assert(cli.parse(parser, { ... }))
end

describe("cli.agent", function()
  it("hands on what was given, and only that", function()
    local request = agent.request(parse("--with", "command", "--agent-command", "a 'b c'",
      "--timeout", "7", "--effort", "low", "--strict"))
    assert.same({
      with = "command", agent_command = "a 'b c'", timeout = 7, effort = "low", strict = true,
      again = { "--with", "command", "--effort", "low", "--agent-command", "a 'b c'", "--strict",
        "--timeout", "7" },
    }, request)
    assert.same({ again = {} }, agent.request(parse()))
  end)

  it("gives the repository and the goal again, but nothing of what is only for show", function()
    assert.same({ "--to-end", "--repo-root", "a b" }, agent.again {
      to_end = true, repo_root = "a b", quiet = true, json = true, show_agent_logs = true,
    })
  end)

  it("takes the names of variables, as many as are given", function()
    local request = agent.request(parse("--pass-env", "MY_TOKEN", "--pass-env", "TEAM_*"))
    assert.same({ pass_env = { "MY_TOKEN", "TEAM_*" },
      again = { "--pass-env", "MY_TOKEN", "--pass-env", "TEAM_*" } }, request)
    for _, word in ipairs { "A_1", "_", "x*" } do
      assert.equal(word, agent.variable(word))
    end
    for _, word in ipairs { "", "1A", "A=B", "*", "A*B", "A B" } do
      local name, why = agent.variable(word)
      assert.is_nil(name)
      assert.matches("is not the name of an environment variable", why)
    end
  end)

  it("reads whole numbers above 0", function()
    assert.equal(12, agent.whole_number("12"))
    for _, word in ipairs { "0", "-1", "1.5", "x", "", "1e400" } do
      local number, message = agent.whole_number(word)
      assert.is_nil(number)
      assert.matches("is not a whole number above 0", message, 1, true)
    end
  end)

  it("reads how long something may go on, as far as that can be told to it", function()
    assert.equal(1000000000, agent.seconds "1000000000")
    for word, wanted in pairs {
      ["1000000001"] = "'1000000001' is more than 1000000000 seconds",
      ["9e15"] = "'9e15' is more than 1000000000 seconds",
      ["0"] = "'0' is not a whole number above 0",
    } do
      local number, message = agent.seconds(word)
      assert.is_nil(number)
      assert.equal(wanted, message)
    end
  end)

  it("reads for how long to wait, which may be not at all", function()
    assert.equal(0, agent.wait "0")
    assert.equal(1000000000, agent.wait "1000000000")
    assert.equal("'1000000001' is more than 1000000000 seconds", select(2, agent.wait "1000000001"))
    assert.equal("'x' is not a whole number from 0 up", select(2, agent.wait "x"))
    assert.same({ max_wait = 0, again = { "--max-wait", "0" } },
      agent.request(parse("--max-wait", "0")))
  end)

  it("reads counts from 0 up", function()
    assert.equal(0, agent.count "0")
    assert.equal(12, agent.count "12")
    for _, word in ipairs { "-1", "1.5", "x", "" } do
      local number, why = agent.count(word)
      assert.is_nil(number)
      assert.matches("is not a whole number from 0 up", why)
    end
  end)
end)
