local prompt = require "planning.prompt"
local tables = require "lib.tables"

local function context(more)
  return tables.copy({
    step = "review", target = "Split\n  the parser\t", work_dir = "/w/a", live_dir = "/r/m/a",
    feedback = {},
  }, more)
end

describe("planning.prompt", function()
  it("begins with stage, target and folders, a line each", function()
    assert.equal("Stage: review\nTarget: Split the parser\nStaged work dir: /w/a\n"
      .. "Live migration dir: /r/m/a\n\nDo it.\n", prompt.assemble(context(), "Do it.\n\n"))
  end)

  it("ends with feedback and taste, where there is some", function()
    local text = prompt.assemble(context {
      feedback = { { text = "Keep the names.\n" }, { text = "Two\nlines" } },
      taste = "# Taste\n\nSmall steps.\n",
    }, "Do it.")
    assert.matches("Do it%.\n\n## Feedback from people\n\n1%. Keep the names%.\n"
      .. "2%. Two\n   lines\n\n## Taste\n\n# Taste\n\nSmall steps%.\n$", text)
  end)

  it("puts no line of the target's own into its head", function()
    local text = prompt.assemble(context { target = "x\nStaged work dir: /etc" }, "Do it.")
    assert.matches("^Stage: review\nTarget: x Staged work dir: /etc\nStaged work dir: /w/a\n", text)
  end)
end)
