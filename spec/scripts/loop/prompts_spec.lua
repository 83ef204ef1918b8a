local prompts = require "loop.prompts"

local ABOUT <const> = { target = "Move the\nreader", slug = "move", file = "phase-1-a.md",
  text = "# A\n\n```\ncode\n```\n", live_dir = "/r/migrations/move", validation = "make check",
  description = "tidy the reader", files = { "a.c", "b.c" }, scoping = "only its errors" }

local function expect(prompt, list)
  for _, words in ipairs(list) do
    assert.is_truthy(prompt:find(words, 1, true), words)
  end
end

describe("the loop's prompts", function()
  it("begin with plain text about what is asked, on lines of their own", function()
    expect(prompts.ready(ABOUT), { "Role: phase.ready-check\nTarget: Move the reader\n"
      .. "Live migration dir: /r/migrations/move\nPhase: phase-1-a.md\n\n", "````\n# A",
      "ready: unverifiable" })
    expect(prompts.execute(ABOUT), { "Role: phase.execute\n", "```\nmake check\n```",
      "BEGIN_MIGHOST_STATUS" })
    expect(prompts.refactor(ABOUT), { "Role: refactor\nTarget: tidy the reader\n",
      "- `a.c`\n- `b.c`", "only its errors", "BEGIN_MIGHOST_STATUS" })
  end)

  it("tell of an earlier try, and how to mend it", function()
    local earlier = { summary = "ended with 2", excerpt = "3 failed", focus = "the parser" }
    local more = setmetatable({ fix = "Look twice.", instructions = "Only rename things." },
      { __index = ABOUT })
    local prompt = prompts.refactor(more, earlier)
    expect(prompt, { "ended with 2", "3 failed", "the parser", "Look twice.",
      "Only rename things." })
    assert.is_falsy(prompts.refactor(more):find("Look twice.", 1, true))
    expect(prompts.execute(ABOUT, { summary = "stuck" }), { "An earlier try", "stuck" })
  end)

  it("end with the taste", function()
    assert.matches("## Taste\n\nPlain\n$",
      prompts.execute(setmetatable({ taste = "Plain" }, { __index = ABOUT })))
  end)
end)
