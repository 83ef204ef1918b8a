local ready = require "loop.ready"

local function read(line)
  return assert(ready.parse("I looked.\n" .. line .. "\n"))
end

describe("a ready-check's answer", function()
  it("is yes, no or unverifiable, with its reason", function()
    assert.same({ ready = "yes", reason = "no reason is given" }, read "ready: yes")
    assert.same({ ready = "no", reason = "phase 1 is not merged" },
      read "**ready: no** — phase 1 is not merged")
    assert.same({ ready = "unverifiable", reason = "the vendor has to answer" },
      read "Ready: unverifiable - the vendor has to answer")
  end)

  it("is the last line that says it", function()
    assert.equal("no", ready.parse("ready: yes\nready: no — on reflection\n").ready)
  end)

  it("is none where the line is missing or says something else", function()
    for _, answer in ipairs { "", "It is ready.", "ready: perhaps", "ready: yes, but only partly",
      "ready: yes\nready: or is it" } do
      local value, why = ready.parse(answer)
      assert.is_nil(value, answer)
      assert.matches("ready", why)
    end
  end)

  it("counts as no where only tests could not be verified, which is the host's to do", function()
    for _, reason in ipairs {
      "no baseline", "no fresh test evidence", "there is no baseline and no fresh test evidence",
      "the test suite has not been run", "CI results are not available",
      "I cannot confirm that all tests pass",
    } do
      assert.equal("no", read("ready: unverifiable — " .. reason).ready, reason)
    end
  end)

  it("stays unverifiable where anything else is", function()
    for _, reason in ipairs {
      "the licence is not cleared", "the tests were run, but the licence is not cleared",
      "no baseline, and nobody knows whether the schema was migrated",
      "it cannot be said whether the contest was run",
    } do
      assert.equal("unverifiable", read("ready: unverifiable — " .. reason).ready, reason)
    end
    assert.equal("unverifiable", read("ready: unverifiable").ready)
  end)
end)
