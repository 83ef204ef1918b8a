local support = require "spec.support.stage"

local stage = support.load("final-review")

local function judge(text)
  return support.judge(stage, text, support.context(support.plan()))
end

describe("stage final-review", function()
  it("takes each decision with its reason", function()
    for _, decision in ipairs { "approve-auto", "approve-needs-human", "reject" } do
      for _, dash in ipairs { " — ", " - ", " – ", "—" } do
        assert.same({ decision, "for a reason" },
          { judge("final-decision: " .. decision .. dash .. "for a reason") })
      end
    end
  end)

  it("takes the decision as the reason where none is given", function()
    for _, line in ipairs { "final-decision: reject", "**Final-decision: `reject`**.",
      "final-decision: reject —" } do
      assert.same({ "reject", "reject" }, { judge("So:\r\n" .. line .. "\r\n") })
    end
  end)

  it("goes by the last line", function()
    assert.same({ "reject", "no" },
      { judge("final-decision: approve-auto — yes\nfinal-decision: reject — no") })
    assert.same({ "approve-auto", "yes" },
      { judge("final-decision: approve-auto — yes\n\nA last word.") })
  end)

  it("refuses a decision that is none, or is limited, or is overtaken", function()
    for _, text in ipairs {
      "final-decision: approve", "final-decision: approve-auto, if phase 2 is dropped",
      "final-decision: approve-auto or reject",
      "final-decision: approve-auto\nfinal-decision: not sure",
    } do
      local outcome, reason = judge(text)
      assert.is_nil(outcome, text)
      assert.matches("^final%-decision says ", reason)
      assert.matches("approve-auto, approve-needs-human, reject", reason, 1, true)
    end
  end)

  it("refuses an answer without a decision", function()
    for _, text in ipairs { "Approved.", "> final-decision: approve-auto",
      "The final-decision: reject" } do
      local outcome, reason = judge(text)
      assert.is_nil(outcome, text)
      assert.matches("there is no line", reason, 1, true)
    end
    assert.same({ nil, "the answer is empty" }, { judge("\n") })
  end)

  it("lists the phases with their effort", function()
    local phases = { { file = "phase-1-one.md", required_effort = "low" },
      { file = "phase-2-two.md" } }
    local prompt = stage.prompt(support.context(support.plan(), { phases = phases }))
    assert.matches("- `phase-1-one.md`: effort low\n- `phase-2-two.md`: effort not given", prompt,
      1, true)
  end)

  it("does not take an echo of its prompt for a decision", function()
    assert.is_nil((judge(stage.prompt(support.context(support.plan())))))
  end)

  it("judges any answer, and its examples as they say", function()
    support.assert_total(stage, support.context)
    support.assert_examples(stage, support.context())
  end)
end)
