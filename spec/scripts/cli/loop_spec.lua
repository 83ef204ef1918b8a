local cli = require "cli"
local loop = require "cli.loop"

local function parse(...)
  local parser = cli.parser { name = "run", summary = "s", example = "e" }
  loop.add(parser, 77)
  return parser:parse { ... }
end

describe("cli.loop", function()
  it("hands every option over under its name", function()
    local given = {
      validation_command = "make", validation_timeout = 5, default_effort = "low",
      max_allowed_effort = "high", refactoring_prompt = "r", fix_prompt = "f",
      commit_message_prefix = "p", max_attempts = 2, targets = "t", globs = "g", extensions = "e",
      paths = "a:b", scope_instruction = "s", with = "command", agent_command = "a", model = "m",
      timeout = 9, silence_timeout = 8, max_wait = 7, record = "d", recording = "c",
    }
    local words = {}
    for name, value in pairs(given) do
      words[#words + 1] = "--" .. name:gsub("_", "-")
      words[#words + 1] = tostring(value)
    end
    local request = loop.request(parse("--strict", table.unpack(words)), "run-once")
    for name, value in pairs(given) do
      assert.equal(value, request[name], name)
    end
    assert.equal("run-once", request.command)
    assert.is_true(request.strict)
    assert.is_nil(request.focus)
  end)

  it("says the default of its command", function()
    local parser = cli.parser { name = "run", summary = "s", example = "e" }
    loop.add(parser, 77)
    assert.matches("default: 77", parser:get_help())
  end)
end)
