local support = require "spec.support.stage"

local stage = support.load("expand")

local function judge(text, change)
  local texts = support.plan()
  if change then
    change(texts)
  end
  return support.judge(stage, text, support.context(texts))
end

local function prompt_after(answer)
  return stage.prompt(support.context(support.plan(),
    { answers = { ["pick-best"] = { text = answer } } }))
end

describe("stage expand", function()
  it("accepts a plan with phases", function()
    assert.same({ "completed", "plan.md and 2 phase files" }, { judge("Done.") })
    assert.same({ "completed", "plan.md and 1 phase file" }, { judge("Done.", function(texts)
      texts["phase-2-two.md"] = nil
    end) })
  end)

  it("fails when the plan, the phases or a heading are missing", function()
    for _, change in ipairs {
      function(texts) texts["plan.md"] = nil end,
      function(texts) texts["phase-1-one.md"], texts["phase-2-two.md"] = nil, nil end,
      function(texts) texts["phase-2-two.md"] = "## Precondition\n" end,
      function(texts) texts["phase-2-two.md"] = "" end,
      function(texts) texts["phase-three.md"] = support.PHASE end,
    } do
      local outcome, reason = judge("Done.", change)
      assert.is_nil(outcome)
      assert.is_true(#reason > 0)
    end
  end)

  it("fails without an answer", function()
    assert.same({ nil, "the answer is empty" }, { judge("") })
  end)

  it("hands over the choice with its reasons", function()
    local prompt = prompt_after("It is the least.\n\nchosen-approach: `small`\n")
    assert.matches("The chosen approach is `approaches/small.md`", prompt, 1, true)
    assert.matches("```\nIt is the least.\n\nchosen-approach: `small`\n```", prompt, 1, true)
  end)

  it("hands over a choice that gives no name, or a wrong one, as it is", function()
    for _, answer in ipairs { "The small one.", "chosen-approach: tiny" } do
      local prompt = prompt_after(answer)
      assert.is_nil(prompt:find("The chosen approach is", 1, true))
      assert.matches("```\n" .. answer .. "\n```", prompt, 1, true)
    end
  end)

  it("asks without a choice too, and mentions a plan that is there", function()
    local with = stage.prompt(support.context(support.plan()))
    local without = stage.prompt(support.context())
    assert.is_nil(with:find("## The choice", 1, true))
    assert.matches("already holds a plan.md", with, 1, true)
    assert.is_nil(without:find("already holds a plan.md", 1, true))
  end)

  it("judges any answer over any workspace", function()
    support.assert_total(stage, function()
      local texts = support.plan()
      for path in pairs(support.plan()) do
        local chance = math.random(6)
        if chance == 1 then
          texts[path] = nil
        elseif chance == 2 then
          texts[path] = ({ "", "\0", "\255", ("#"):rep(1e5),
            "## Precondition\r\r" })[math.random(5)]
        end
      end
      return support.context(texts)
    end)
  end)
end)
