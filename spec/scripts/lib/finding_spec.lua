local finding = require "lib.finding"

describe("lib.finding", function()
  it("takes a finding, with or without a path", function()
    assert.is_nil(finding.problem { severity = "info", code = "x", message = "m" })
    assert.is_nil(finding.problem { severity = "error", code = "x", message = "m", path = "a/b" })
  end)

  it("says what is wrong with anything else", function()
    for wanted, report in pairs {
      ["a table, not a nil"] = false,
      ["severity must be info, warning or error, not fatal"] =
        { severity = "fatal", code = "x", message = "m" },
      ["severity must be info, warning or error, not nil"] = { code = "x", message = "m" },
      ["needs a code and a message"] = { severity = "error", code = "x" },
      ["code must be a plain word such as missing%-rollback, not \"a b\""] =
        { severity = "error", code = "a b", message = "m" },
      ["code must be a plain word such as missing%-rollback, not \"\""] =
        { severity = "error", code = "", message = "m" },
      ["message must say something"] = { severity = "error", code = "x", message = " \n" },
      ["path must be a string, not a table"] =
        { severity = "error", code = "x", message = "m", path = {} },
    } do
      assert.matches(wanted, finding.problem(report or nil))
    end
  end)
end)
