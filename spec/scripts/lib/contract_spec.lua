local contract = require "lib.contract"

local DECISIONS <const> = { "approve-auto", "approve-needs-human", "reject" }

local function word(text)
  local value = contract.last(text, "review")
  return value and contract.word(value, { "clear", "findings" })
end

local function decision(text)
  local value = contract.last(text, "final-decision")
  if value then
    return contract.decision(value, DECISIONS)
  end
end

describe("contract lines", function()
  it("are found whatever markup, case and line ends are around them", function()
    for _, line in ipairs {
      "review: clear", "Review: Clear", "REVIEW:clear", "review : clear", "  review:   clear  ",
      "`review: clear`", "**review: clear**", "**Review:** clear", "**review**: `clear`.",
      "- review: clear",
      "* review: clear", "### review: clear", "review: \"clear\"", "review: clear.",
      "review: _clear_!",
      "review: clear\0", "\27[1mreview: clear\27[0m", "```\nreview: clear\n```",
      "review: clear\r\n",
      "one\rreview: clear\rtwo", "+ review:\tclear",
    } do
      assert.equal("clear", word(line), line)
    end
  end)

  it("are not made out of what means something else", function()
    for _, line in ipairs {
      "", "the review: clear", "review clear", "reviews: clear", "review: clear, except phase 2",
      "review: unclear", "review: not clear", "review: clear or findings",
      "review: `clear` or `findings`",
      "review: clear|findings", "> review: clear", "1. review: clear", "| review: clear |",
      "<!-- review: clear -->",
      "review: cl\0ear", "review-2: clear", "review:\nclear", "review: clear (mostly)",
    } do
      assert.is_nil(word(line), line)
    end
  end)

  it("count only when they have a value, and the last one decides", function()
    assert.equal("findings", word("review: clear\nreview: findings"))
    assert.equal("clear",
      word("review: findings\n\nOn second thought:\n\nreview: clear\n\nThat is all.\n"))
    assert.equal("clear", word("review: clear\nreview:\nreview: **\nreview: ``"))
    assert.is_nil(word("review: clear\nreview: it depends"))
  end)

  it("keep all their values in order", function()
    assert.same({ "a", "b c" }, contract.values("x: a\ny: z\n- x: `b c`\n", "x"))
    assert.same({}, contract.values("nothing here", "x"))
  end)
end)

describe("contract.decision", function()
  local function check(text, expected, reason)
    local got, why = decision(text)
    assert.same({ expected, reason }, { got, why }, text)
  end

  it("takes a reason behind an em dash or a hyphen", function()
    check("final-decision: approve-auto — it is safe", "approve-auto", "it is safe")
    check("final-decision: approve-auto - it is safe", "approve-auto", "it is safe")
    check("final-decision: approve-auto – it is safe", "approve-auto", "it is safe")
    check("final-decision: reject -- done already", "reject", "done already")
    check("final-decision: reject—done already", "reject", "done already")
    check("final-decision: reject- done already", "reject", "done already")
    check("**final-decision: approve-auto — it is `safe`**", "approve-auto", "it is `safe`")
    check("`final-decision: approve-needs-human` — a person must look", "approve-needs-human",
      "a person must look")
    check("**final-decision:** Approve-Needs-Human — phase 2 (format)", "approve-needs-human",
      "phase 2 (format)")
  end)

  it("does without a reason", function()
    check("final-decision: reject", "reject")
    check("final-decision: **approve-auto**.", "approve-auto")
    check("final-decision: approve-auto —", "approve-auto")
    check("final-decision: approve-auto -", "approve-auto")
  end)

  it("refuses whatever could limit the decision", function()
    for _, value in ipairs {
      "approve", "approved-auto", "approve-automatic", "approve-auto, if phase 2 is dropped",
      "reject-ish",
      "approve-auto unless it rains", "approve-auto|reject", "approve-auto or reject",
      "not approve-auto",
      "approve-auto (with changes)",
    } do
      check("final-decision: " .. value, nil)
    end
  end)

  it("makes the reason one clean line of bounded length", function()
    check("final-decision: reject — a\tb\1c\27d", "reject", "a b c d")
    check("final-decision: reject — bad \255 byte", "reject", "bad \u{FFFD} byte")
    local _, reason = decision("final-decision: reject — " .. ("é"):rep(100000))
    assert.is_true(#reason <= 2003)
    assert.is_truthy(utf8.len(reason))
  end)
end)

describe("contract.name", function()
  local NAMES <const> = { "big", "small", "small-steps", "Mixed", "a - b", "twin", "Twin" }

  it("finds the name in each of its spellings", function()
    for value, name in pairs {
      ["small"] = "small", ["`small`"] = "small", ["**small**."] = "small", ["small.md"] = "small",
      ["approaches/small.md"] = "small", ["./approaches/small.md"] = "small",
      ["`approaches/small.md`"] = "small",
      ["[small](approaches/small.md)"] = "small", ["[`small`](x)"] = "small",
      ["small-steps"] = "small-steps",
      ["SMALL"] = "small", ["mixed"] = "Mixed", ["small — it is the least"] = "small",
      ["small - least - change"] = "small",
      ["a - b"] = "a - b", ["a - b - c"] = "a - b", ["twin"] = "twin", ["Twin"] = "Twin",
    } do
      assert.equal(name, contract.name(value, NAMES), value)
    end
  end)

  it("finds none in what is not a name, or could be two", function()
    for _, value in ipairs { "smaller", "small or big", "small, big", "the small one", "TWIN", "-",
      "small-", "approaches/" } do
      assert.is_nil(contract.name(value, NAMES), value)
    end
    assert.is_nil(contract.name("x", {}))
  end)

  it("looks for none behind more text than a name can have", function()
    local began = os.clock()
    assert.is_nil(contract.name("x" .. (" - x"):rep(100000), NAMES))
    assert.is_true(os.clock() - began < 5)
    assert.equal("small", contract.name("small" .. (" - x"):rep(1000), NAMES))
  end)
end)

describe("contract.items", function()
  it("takes numbered items in their usual forms", function()
    assert.same({ "one", "two", "three", "four", "five", "six" }, contract.items(
      "1. one\n2) two\n**3.** three\n### 4. four\n- 5: five\n(6) six\n"))
    assert.equal(2, #contract.items("1.\n2.\n"))
  end)

  it("leaves out other numbers, and items that say that there is nothing", function()
    assert.same({}, contract.items("1.5 seconds\n10:30 h\nphase 1. is fine\n1 of 3\n"))
    assert.same({}, contract.items("1. no findings.\n2. **No findings**\n"))
  end)
end)

describe("contract.review", function()
  local function outcome(text)
    return (contract.review(text))
  end

  it("goes by the last line", function()
    assert.equal("clear", outcome("1. A note.\nreview: clear"))
    assert.equal("findings", outcome("No findings.\nreview: findings"))
    assert.equal("clear", outcome("# Review: the locks\n\nreview: clear"))
  end)

  it("without a line goes by \"no findings\" and numbered items", function()
    for text, expected in pairs {
      ["no findings"] = "clear", ["No Findings."] = "clear", ["1. no findings."] = "clear",
      ["There are no findings in this plan."] = "clear",
      ["# Review: the locks\n\nNo findings."] = "clear",
      ["No findings in phase 1.\n1. Phase 2 is wrong."] = "findings",
      ["No other findings."] = "findings",
      ["It looks good."] = "findings", ["review: no findings"] = "clear",
    } do
      assert.equal(expected, outcome(text), text)
    end
  end)

  it("never takes a doubt for a clear review", function()
    for _, text in ipairs {
      "No findings in phase 1.\nreview: clear, except phase 2",
      "review: clear\nReview: two things remain",
      "no findings\nreview: clear or findings", "review: clear\n> said he\nreview: findings?",
    } do
      assert.equal("findings", outcome(text), text)
    end
  end)

  it("counts the items and hands over the first", function()
    assert.same({ "findings", 2, "**Major.** One" },
      { contract.review("1. **Major.** One\n2. Two\nreview: findings") })
  end)
end)

describe("contract.is_silent", function()
  it("tells nothing from something", function()
    for _, text in ipairs { "", " \n\r\t", "\0\0", "\u{FEFF}", "\u{200B} \n", "\27\7" } do
      assert.is_true(contract.is_silent(text), ("%q"):format(text))
    end
    for _, text in ipairs { "x", "—", ".", "\0x", "\u{FEFF}é" } do
      assert.is_false(contract.is_silent(text), ("%q"):format(text))
    end
  end)
end)

describe("contract.excerpt", function()
  it("is quoted, harmless and short", function()
    assert.equal('"a\\u{1B}b"', contract.excerpt("a\27b"))
    assert.is_true(#contract.excerpt(("é"):rep(1000)) < 140)
    assert.is_truthy(utf8.len(contract.excerpt("\255")))
  end)
end)
