local status = require "loop.status"

local SAMPLE <const> = [[
All is done.

BEGIN_MIGHOST_STATUS
phase_reached: validation
decision: retry
retry_recommendation: same-target
failure_kind: agent-requested-transition
summary: Half of the parser is moved.
commit_rationale: The parser needs a home.
next_retry_focus: the error paths: all of them
tests_run: make check, red
evidence:
- parser.c:12 still calls the old reader
- make check: 3 failures
END_MIGHOST_STATUS
]]

local function block(lines)
  return ("BEGIN_MIGHOST_STATUS\n%s\nEND_MIGHOST_STATUS\n"):format(lines)
end

describe("the status block", function()
  it("is read with all its fields", function()
    assert.same({
      phase_reached = "validation", decision = "retry", retry_recommendation = "same-target",
      failure_kind = "agent-requested-transition", summary = "Half of the parser is moved.",
      commit_rationale = "The parser needs a home.",
      next_retry_focus = "the error paths: all of them", tests_run = "make check, red",
      evidence = { "parser.c:12 still calls the old reader", "make check: 3 failures" },
    }, status.parse(SAMPLE))
  end)

  it("is absent without both marks on lines of their own", function()
    for _, answer in ipairs {
      "", "decision: commit", "BEGIN_MIGHOST_STATUS\ndecision: commit",
      "decision: commit\nEND_MIGHOST_STATUS", "END_MIGHOST_STATUS\nBEGIN_MIGHOST_STATUS",
      "say BEGIN_MIGHOST_STATUS\ndecision: commit\nEND_MIGHOST_STATUS",
    } do
      assert.is_nil(status.parse(answer), answer)
    end
  end)

  it("is the last complete one", function()
    local first, second = block "decision: abandon", block "decision: commit"
    assert.equal("commit", status.parse(first .. second).decision)
    assert.equal("abandon", status.parse(first .. "BEGIN_MIGHOST_STATUS\ndecision: retry").decision)
    assert.equal("retry", status.parse(
      "BEGIN_MIGHOST_STATUS\ndecision: commit\n" .. block "decision: retry").decision)
  end)

  it("has unknown values and fields read as absent", function()
    local read = status.parse(block(table.concat({
      "decision: yes", "retry_recommendation: perhaps", "failure_kind: cosmic-rays", "summary:",
      "color: red", "no colon here", ": nothing",
    }, "\n")))
    assert.same({ evidence = {} }, read)
  end)

  it("does not mind indentation, line ends and letter case of what is chosen", function()
    local read = status.parse("  BEGIN_MIGHOST_STATUS\r\n\tDecision :  COMMIT \r\n"
      .. "evidence:\r\n  * one\r\n\r\n  - two\r\n END_MIGHOST_STATUS\r\n")
    assert.same({ decision = "commit", evidence = { "one", "two" } }, read)
  end)

  it("takes items as evidence only below that field", function()
    local read = status.parse(block "- stray\nevidence:\n- kept\nsummary: x\n- stray again")
    assert.same({ "kept" }, read.evidence)
  end)

  it("bounds what it keeps, at a character's end", function()
    local read = status.parse(block(("summary: %s\nevidence:\n%s"):format(("é"):rep(9000),
      ("- x\n"):rep(500))))
    assert.is_true(#read.summary <= 4000)
    assert.is_truthy(utf8.len(read.summary))
    assert.equal(50, #read.evidence)
  end)

  it("that the contract shows is read back", function()
    local read = status.parse(status.contract())
    assert.is_nil(read.decision) -- a choice of several is none
    assert.is_string(read.summary)
    assert.equal(1, #read.evidence)
  end)

  it("reads a long hostile line in linear time", function()
    local blanks = (" "):rep(1 << 20)
    local begun = os.clock()
    status.parse(block("summary: x" .. blanks .. "y" .. blanks .. "\n" .. blanks .. "a" .. blanks))
    assert.is_true(os.clock() - begun < 2)
  end)
end)
