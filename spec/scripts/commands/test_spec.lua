local project = require "spec.support.project"
local schema = require "spec.support.schema"
local shipped = require "spec.support.shipped"

describe("mighost test", function()
  it("says what each stage of the shipped plan makes of its answer", function()
    local p <close> = project.new()
    local result = p:run { "test" }
    assert.equal(0, result.exit, result.stderr)
    local calls = {}
    for line in result.stdout:gmatch("[^\n]+") do
      calls[#calls + 1] = line:match("^(%S+)%-1 ")
    end
    assert.same(shipped.steps, calls)
    assert.matches("\nreview%-1 +findings ", result.stdout)
  end)

  it("finds no damage to the shipped plan that is not refused or harmless", function()
    local p <close> = project.new()
    local result = p:run { "test", "--mutate" }
    assert.equal(0, result.exit, result.stderr)
    local count = 0
    local told = "of 100 damaged: (%d+) refused, (%d+) accepted"
    for refused, accepted in result.stdout:gmatch(told) do
      assert.equal(100, tonumber(refused) + tonumber(accepted))
      count = count + 1
    end
    assert.equal(#shipped.steps, count)
    assert.same({}, p:problems())
  end)

  it("fails at an answer that is refused, and says where a recording ends", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T", "--record", p.home:join("rec") }
    local result =
      p:run { "test", "--recording", p.home:join("rec"), "--mutate", "--variants", "3" }
    assert.equal(0, result.exit, result.stderr)
    assert.matches("of 3 damaged", result.stdout)
    assert.matches("the recording ends here: ", result.stderr)
    p.home:write("rec/approaches-1/answer.md", " ")
    result = p:run { "test", "--recording", p.home:join("rec") }
    assert.equal(1, result.exit)
    assert.matches("approaches%-1 +refused +the agent printed nothing", result.stdout)
    assert.matches("the recorded answer to approaches%-1 was refused", result.stderr)
  end)

  it("answers in JSON as its schema says, on every exit", function()
    local p <close> = project.new()
    local answer = schema.expect("test", p:run({ "test", "--json" }).stdout)
    assert.equal(#shipped.steps, #answer.data.stages)
    assert.same({ "approaches", 1, "completed", 0 }, { answer.data.stages[1].stage,
      answer.data.stages[1].visit, answer.data.stages[1].outcome, answer.code })
    p:plan { "alpha", "--target", "T", "--record", p.home:join "rec" }
    local args = { "test", "--json", "--recording", p.home:join "rec", "--mutate", "--variants",
      "3" }
    answer = schema.expect("test", p:run(args).stdout)
    assert.equal(3, answer.data.stages[1].refused + answer.data.stages[1].accepted)
    assert.is_string(answer.data.ends)
    p.home:write("rec/approaches-1/answer.md", " ")
    answer = schema.expect("test", p:run(args).stdout)
    assert.same({ false, 1 }, { answer.ok, answer.code })
    assert.matches("the recorded answer to approaches%-1 was refused", answer.message)
    assert.equal(2, schema.expect("test", p:run({ "test", "--json", "--variants", "3" }).stdout)
      .code)
  end)

  it("refuses options that would do nothing, and what is not there", function()
    local p <close> = project.new()
    assert.equal(2, p:run({ "test", "--variants", "3" }).exit)
    assert.equal(8, p:run({ "test", "--recording", "/nowhere" }).exit)
    assert.equal(2, p:run({ "test", "--pipeline", "none" }).exit)
  end)
end)
