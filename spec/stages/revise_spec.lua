local support = require "spec.support.stage"

local stage = support.load("revise")

local FINDINGS <const> = "1. **Major.** phase-1: `lock_it()` is not there.\n\nreview: findings\n"

describe("stage revise", function()
  it("accepts a whole plan, and counts what changed", function()
    local outcome, reason = support.judge(stage, "1. Done.", support.context(support.plan()),
      { "plan.md" })
    assert.equal("completed", outcome)
    assert.equal("2 phase files; 1 file changed", reason)
  end)

  it("fails when the revision lost the plan, a phase's heading or all phases", function()
    for _, path in ipairs { "plan.md", "phase-1-one.md" } do
      local texts = support.plan()
      texts[path] = path ~= "plan.md" and "# One\n" or nil
      local outcome, reason = support.judge(stage, "Done.", support.context(texts))
      assert.is_nil(outcome)
      assert.matches(path, reason, 1, true)
    end
    assert.is_nil((support.judge(stage, "Done.", support.context { ["plan.md"] = "x" })))
  end)

  it("fails without an answer", function()
    local outcome, reason = support.judge(stage, "", support.context(support.plan()))
    assert.same({ nil, "the answer is empty" }, { outcome, reason })
  end)

  it("carries the findings word for word", function()
    local prompt = stage.prompt(support.context(support.plan(),
      { extra = { review_findings = FINDINGS } }))
    assert.matches(FINDINGS, prompt, 1, true)
    assert.is_nil(prompt:find("reopened", 1, true))
    assert.is_nil(prompt:find("at the end of this prompt", 1, true))
  end)

  it("points to feedback beside findings, and to feedback alone after a reopening", function()
    local feedback = { { source = "message", text = "Add a rollback.", received_at = "" } }
    local both = stage.prompt(support.context(support.plan(),
      { extra = { review_findings = FINDINGS }, feedback = feedback }))
    local alone = stage.prompt(support.context(support.plan(), {
      feedback = feedback, visit = 2,
      answers = { review = { text = FINDINGS, outcome = "findings" } },
    }))
    assert.matches(FINDINGS, both, 1, true)
    assert.matches("Answer it too", both, 1, true)
    assert.matches("reopened because of feedback", alone, 1, true)
    assert.is_nil(alone:find(FINDINGS, 1, true),
      "findings of an earlier round are answered already")
  end)

  it("judges any answer", function()
    support.assert_total(stage, function()
      return support.context(support.plan())
    end)
  end)
end)
