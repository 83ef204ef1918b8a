local support = require "spec.support.stage"

local stage = support.load("pick-best")

local function judge(text)
  return support.judge(stage, text, support.context(support.plan()))
end

describe("stage pick-best", function()
  it("takes an approach that exists", function()
    for _, text in ipairs {
      "chosen-approach: small", "Because.\n\n**Chosen-approach:** `approaches/small.md`\r\n",
      "chosen-approach: big\nNo:\nchosen-approach: small", "```\nchosen-approach: small\n```",
      "chosen-approach: small — it can be reverted", "chosen-approach: small\nchosen-approach:\n",
    } do
      local outcome, reason = judge(text)
      assert.equal("completed", outcome, text)
      assert.equal("chosen: small", reason, text)
    end
  end)

  it("refuses one that does not, and names those that do", function()
    for _, value in ipairs { "tiny", "small or big", "the small one", "none", "<idea>" } do
      local outcome, reason = judge("chosen-approach: " .. value)
      assert.is_nil(outcome, value)
      assert.equal(('chosen-approach names "%s", not one of the approaches: big, small')
        :format(value), reason)
    end
  end)

  it("goes by the last line even when an earlier one would do", function()
    assert.is_nil((judge("chosen-approach: small\nchosen-approach: tiny")))
  end)

  it("takes the whole answer as the choice when there is no such line", function()
    for _, text in ipairs { "The small one.", "Chosen approach: `small`.",
      "> chosen-approach: tiny" } do
      local outcome, reason = judge(text)
      assert.equal("completed", outcome, text)
      assert.equal("the whole answer is the choice", reason)
    end
  end)

  it("fails without an answer", function()
    assert.is_nil((judge("\n \n")))
  end)

  it("keeps a hostile name out of its message", function()
    local outcome, reason = judge("chosen-approach: \u{202E}x\27y" .. ("z"):rep(10000))
    assert.is_nil(outcome)
    assert.is_true(#reason < 300)
    assert.is_nil(reason:find("\27"))
  end)

  it("asks by name, in words that an echo does not turn into a choice", function()
    local prompt = stage.prompt(support.context(support.plan()))
    assert.matches("- big\n- small", prompt, 1, true)
    assert.same({ "completed", "the whole answer is the choice" }, { judge(prompt) })
  end)

  it("judges any answer, and its examples as they say", function()
    support.assert_total(stage, function()
      return support.context(support.plan())
    end)
    support.assert_examples(stage, support.context(support.plan()))
  end)
end)
