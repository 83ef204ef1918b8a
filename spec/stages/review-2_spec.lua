local support = require "spec.support.stage"

local stage = support.load("review-2")

local FINDINGS <const> = "1. **Major.** phase-1: `lock_it()` is not there.\n\nreview: findings\n"

local function judge(text)
  return support.judge(stage, text, support.context(support.plan()))
end

describe("stage review-2", function()
  it("passes a plan whose findings are answered", function()
    for _, text in ipairs {
      "review: clear", "1. Answered in phase-1-one.md.\n\nreview: clear\n", "no findings",
      "1. no findings.",
    } do
      assert.same({ "clear", "every finding is answered" }, { judge(text) }, text)
    end
  end)

  it("fails on findings, and says what the first is", function()
    assert.same({ nil,
      '2 findings left after the revision; the first: "**Major.** Point 1 is open."' },
      { judge("1. **Major.** Point 1 is open.\n2. So is 2.\n\nreview: findings") })
    assert.same({ nil, "the revision left findings" }, { judge("review: findings") })
    assert.same({ nil, "the revision left findings" }, { judge("Fine with me.") })
  end)

  it("does not take a quoted first review for its own verdict, nor a doubt for a clear one",
    function()
    assert.is_nil((judge("> review: clear\n\nPoint 1 is open.")))
    assert.is_nil((judge("review: clear, but for point 1")))
    assert.is_nil((judge("review: clear\nreview: findings")))
  end)

  it("fails without an answer", function()
    assert.same({ nil, "the answer is empty" }, { judge("") })
  end)

  it("has one outcome, so that findings cannot lead anywhere", function()
    assert.same({ "clear" }, stage.outcomes)
  end)

  it("shows the findings and what the reviser says to them, word for word", function()
    local prompt = stage.prompt(support.context(support.plan(), {
      extra = { review_findings = FINDINGS },
      answers = { revise = { text = "1. `lock_it()` is now `mh_lock_take()`.\n" } },
    }))
    assert.matches(FINDINGS, prompt, 1, true)
    assert.matches("1. `lock_it()` is now `mh_lock_take()`.", prompt, 1, true)
  end)

  it("checks feedback beside findings, and alone after a reopening", function()
    local feedback = { { source = "message", text = "Add a rollback.", received_at = "" } }
    local both = stage.prompt(support.context(support.plan(),
      { extra = { review_findings = FINDINGS }, feedback = feedback }))
    local alone = stage.prompt(support.context(support.plan(), { feedback = feedback }))
    assert.matches("counts as raised too", both, 1, true)
    assert.matches("reopened because of feedback", alone, 1, true)
  end)

  it("does not take an echo of its prompt for a clear review", function()
    assert.is_nil((judge(stage.prompt(support.context(support.plan())))))
    assert.is_nil((judge(stage.prompt(support.context(support.plan(), {
      extra = { review_findings = FINDINGS },
    })))))
  end)

  it("judges any answer, and its examples as they say", function()
    support.assert_total(stage, support.context)
    support.assert_examples(stage, support.context())
  end)
end)
