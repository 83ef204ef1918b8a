local guard = require "planning.guard"
local jailed = require "spec.support.jailed"
local results = require "planning.jail_results"

local function command(...)
  return results.of_command(table.pack(...))
end

local function answer(...)
  return results.of_answer(table.pack(...))
end

describe("planning.jail_results", function()
  it("takes a command, or nil and the reason", function()
    assert.is_nil(command { argv = { "sh" } })
    assert.is_nil(command {
      argv = { "sh", "" }, env = { A = "", B = "x=y" }, stdin = "a\0b", writes = { "/a" },
      files = { last = "/a/b" }, updates = { "/c" },
      settings = { "/d", { path = "/e", keys = { { "servers" }, { "*", "x" } } } },
    })
    assert.is_nil(command(nil, "there is none"))
  end)

  it("takes an answer, or nil, the reason, the kind and what is known", function()
    assert.is_nil(answer { text = "" })
    assert.is_nil(answer { text = "x", usage = { input_tokens = 1, cost_usd = 0.5 } })
    assert.is_nil(answer(nil, "why"))
    assert.is_nil(answer(nil, "why", "auth", { usage = { total_tokens = 1 }, retry_at = 1.5e9 }))
  end)

  it("says what is wrong with any other command", function()
    for wanted, value in pairs {
      ["the command must be a table, not a string"] = "sh",
      ["the command: field 'argv' is missing"] = {},
      ["the command: unknown field 'args'"] = { argv = { "x" }, args = {} },
      ["field 'argv' must be a list of strings"] = { argv = { 1 } },
      ["argv%[2%] must be a string without NUL"] = { argv = { "x", "a\0b" } },
      ["field 'env' must be"] = { argv = { "x" }, env = 5 },
      ["env%[A%] must be a string"] = { argv = { "x" }, env = { A = 1 } },
      ["env has a variable"] = { argv = { "x" }, env = { ["A=B"] = "c" } },
      ["settings must be absolute paths"] = { argv = { "x" }, settings = { "a" } },
      ["settings must be absolute paths, or"] = { argv = { "x" }, settings = { { path = 1 } } },
      ["settings have keys that are not a list"] = { argv = { "x" },
        settings = { { path = "/a", keys = { "k" } } } },
      ["field 'stdin' must be a string"] = { argv = { "x" }, stdin = {} },
      ["writes%[1%] must be"] = { argv = { "x" }, writes = { "\0" } },
      ["updates%[2%] must be a string without NUL"] = { argv = { "x" }, updates = { "/a", "/\0" } },
      ["files%[a%] must be"] = { argv = { "x" }, files = { a = {} } },
    } do
      assert.matches(wanted, command(value))
    end
    assert.matches("nil must come with the reason, a string, not a nil", command(nil))
    assert.matches("not a boolean", command(false))
  end)

  it("says what is wrong with any other answer", function()
    for wanted, values in pairs {
      ["the answer must be a table, not a string"] = { "x" },
      ["the answer must be a table, not a boolean"] = { true },
      ["field 'text' must be a string"] = { { text = 1 } },
      ["usage: unknown field 'tokens'"] = { { text = "x", usage = { tokens = 1 } } },
      ["usage: field 'input_tokens' must be a whole number"] =
        { { text = "x", usage = { input_tokens = "1" } } },
      ["bad is not a known kind of failure"] = { nil, "why", "bad", n = 3 },
      ["nil must come with the reason, a string, not a table"] = { nil, {}, n = 2 },
      ["what is known of the failure must be a table"] = { nil, "why", "auth", 5, n = 4 },
      ["retry_at must be seconds"] = { nil, "why", "auth", { retry_at = 1 / 0 }, n = 4 },
    } do
      assert.matches(wanted, results.of_answer(values))
    end
    assert.matches("seconds since 1970", answer(nil, "why", nil, { retry_at = 0 / 0 }))
  end)

  it("fails the call of a team's agent that returns such a thing", function()
    local agent = assert(jailed.load("agents", [[return {
      command = function() return { argv = "sh" } end, answer = function() return "text" end }]]))
    local ok, message = guard.call(agent.command, {})
    assert.is_false(ok)
    assert.equal("/team/x.lua: what command returns cannot be used: the command: field 'argv' must "
      .. "be a list of strings, not a string", message)
    ok, message = guard.call(agent.answer, { stdout = {}, stderr = {}, files = {} })
    assert.is_false(ok)
    assert.matches("what answer returns cannot be used: the answer must be a table", message)
  end)
end)
