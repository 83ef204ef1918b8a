local support = require "spec.support.stage"

local stage = support.load("review")

local function judge(text)
  return support.judge(stage, text, support.context(support.plan()))
end

describe("stage review", function()
  it("goes by the last contract line", function()
    for text, expected in pairs {
      ["review: clear"] = "clear",
      ["review: findings"] = "findings",
      ["1. **Major.** x\n\nreview: findings"] = "findings",
      ["1. Phase 1 is fine.\n\n**review: clear**\r\n"] = "clear",
      ["review: findings\nreview: clear"] = "clear",
      ["review: clear\nreview: findings"] = "findings",
    } do
      assert.equal(expected, (judge(text)), text)
    end
  end)

  it("without one, takes \"no findings\" without numbered items as clear, all else as findings",
    function()
    for text, expected in pairs {
      ["no findings"] = "clear", ["The plan holds. NO FINDINGS."] = "clear",
      ["1. no findings."] = "clear",
      ["No findings in phase 1.\n\n1. Phase 2 cannot be reverted."] = "findings",
      ["Looks good to me."] = "findings", ["1. Wrong."] = "findings",
      ["End with `review: clear` or `review: findings`."] = "findings",
    } do
      assert.equal(expected, (judge(text)), text)
    end
  end)

  it("counts the findings", function()
    assert.same({ "findings", "2 findings" }, { judge("1. a\n2. b\nreview: findings") })
    assert.same({ "findings", "1 finding" }, { judge("1. a") })
    assert.same({ "findings", "findings, not numbered" }, { judge("It is wrong.") })
    assert.same({ "clear", "no findings" }, { judge("review: clear") })
  end)

  it("fails without an answer", function()
    assert.same({ nil, "the answer is empty" }, { judge(" \r\n") })
  end)

  it("lists the phases, and says so when it is not the first review", function()
    local phases = { { file = "phase-1-one.md", required_effort = "low" },
      { file = "phase-2-two.md" } }
    local first = stage.prompt(support.context(support.plan(), { phases = phases }))
    local second = stage.prompt(support.context(support.plan(), { visit = 2 }))
    assert.matches("- `phase-1-one.md`, effort low\n- `phase-2-two.md`\n", first, 1, true)
    assert.is_nil(first:find("review number", 1, true))
    assert.matches("This is review number 2 of this plan.", second, 1, true)
  end)

  it("does not take an echo of its prompt for a clear review", function()
    assert.equal("findings", (judge(stage.prompt(support.context(support.plan())))))
  end)

  it("judges any answer, and its examples as they say", function()
    support.assert_total(stage, support.context)
    support.assert_examples(stage, support.context())
  end)
end)
