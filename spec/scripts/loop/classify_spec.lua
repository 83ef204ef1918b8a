local classify = require "loop.classify"

describe("loop.classify", function()
  it("asks with the target, its files, what a person said, and the taste", function()
    local prompt = classify.prompt({ description = "Retire\nthe parser", files = { "a.c", "b`.c" },
      scoping = "no API change" }, "Be terse.\n\n")
    assert.matches("\n\nTarget: Retire the parser\n\n", prompt)
    assert.matches("Files:\n\n%- `a.c`\n%- `b`.c`\n\n", prompt)
    assert.matches("said of the scope:\n\n```\nno API change\n```\n\n", prompt)
    assert.matches("## Taste\n\nBe terse%.\n\n## Output contract\n", prompt)
    assert.matches("reason in one sentence%.\n$", prompt)
  end)

  it("asks without what is not there", function()
    local prompt = classify.prompt { description = "d", files = {} }
    assert.is_nil(prompt:find("Files:", 1, true))
    assert.is_nil(prompt:find("## Taste", 1, true))
    assert.is_nil(prompt:find("scope:", 1, true))
    assert.matches("## Output contract", prompt)
    assert.is_nil((classify.parse(prompt))) -- an echo decides nothing
  end)

  it("names forty files at most, and counts the others", function()
    local files = {}
    for number = 1, 45 do
      files[number] = ("f%d"):format(number)
    end
    local prompt = classify.prompt { description = "d", files = files }
    assert.matches("%- `f40`\n%- and 5 more\n", prompt)
    assert.is_nil(prompt:find("`f41`", 1, true))
  end)

  it("takes the last line that decides, with its reason", function()
    for answer, expected in pairs {
      ["decision: needs-plan"] = "needs-plan",
      ["decision: needs-plan\n\nOn reflection:\nDecision: **cohesive-cleanup**."]
        = "cohesive-cleanup",
      ["`decision: needs-plan - the format changes`"] = "needs-plan",
    } do
      assert.equal(expected, (classify.parse(answer)), answer)
    end
    assert.equal("the format changes",
      select(2, classify.parse("decision: needs-plan — the format changes")))
  end)

  it("decides nothing where the answer does not", function()
    for _, answer in ipairs { "", "cohesive-cleanup", "decision: maybe",
      "decision: cohesive-cleanup if the tests allow", "decision: needs-plan\ndecision: hm" } do
      local word, why = classify.parse(answer)
      assert.is_nil(word, answer)
      assert.is_string(why)
    end
  end)
end)
