local prompts = require "planning.review_prompt"

local function assemble(changes)
  local about = {
    target = "Split the\nparser", reason = "A format changes.", work_dir = "/staged/alpha",
    live_dir = "/repo/migrations/alpha", feedback = {},
  }
  for key, value in pairs(changes or {}) do
    about[key] = value or nil
  end
  return prompts.assemble(about)
end

describe("planning.review_prompt", function()
  it("begins as every prompt does, says why the plan waits and how it is decided", function()
    local text = assemble()
    assert.equal("Stage: human-review\nTarget: Split the parser\nStaged work dir: /staged/alpha\n"
      .. "Live migration dir: /repo/migrations/alpha\n\n", text:sub(1, text:find("\n\n") + 1))
    for _, words in ipairs { "A format changes.", "`awaiting_human_review` to false",
      "`human_review_reason` to null", "`.planning/`" } do
      assert.is_truthy(text:find(words, 1, true), words)
    end
  end)

  it("ends with what people said and what they like", function()
    local text = assemble { feedback = { { text = "Keep 100% of it." } }, taste = "Short.\n" }
    assert.equal("\n\n## Feedback from people\n\n1. Keep 100% of it.\n\n## Taste\n\nShort.\n",
      text:match("\n\n## Feedback.*$"))
  end)

  it("does without a reason, and takes one with a % in it", function()
    assert.is_truthy(assemble({ reason = false }):find("No reason was recorded.", 1, true))
    assert.is_truthy(assemble({ reason = "100%d" }):find("\n100%d\n", 1, true))
  end)
end)
