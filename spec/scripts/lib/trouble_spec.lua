local trouble = require "lib.trouble"

describe("lib.trouble", function()
  it("knows trouble by its status, by what is known, or by words", function()
    for _, case in ipairs {
      { "x", 401, nil, "auth", "is not logged in, or its key is refused: x" },
      { "x", 429, nil, "rate-limited", "is rate-limited: x" },
      { "x", 529, nil, "rate-limited", "found its service overloaded: x" },
      { "x", 400, nil, "refused", "was refused by its service: x" },
      { "x", 404, nil, "refused", "asked for a model that its service does not have: x" },
      { "x", 500, nil, "broken", "failed: x" },
      { "x", 500, "auth", "auth", "is not logged in, or its key is refused: x" },
      { "Usage limit reached", nil, nil, "rate-limited", "is rate-limited: Usage limit reached" },
      { "Please run /login", nil, nil, "auth",
        "is not logged in, or its key is refused: Please run /login" },
      { "", nil, nil, "broken", "failed" },
    } do
      local line, kind = trouble.of(case[1], case[2], case[3])
      assert.same({ case[5], case[4] }, { line, kind })
    end
  end)

  it("gives one line, whatever the words are", function()
    assert.equal("a b", trouble.first_line("\n \na\tb\r\nmore"))
    assert.equal(300, #trouble.first_line(("x"):rep(1000)))
    assert.is_nil(trouble.first_line("\27[31mred"):find("\27", 1, true))
  end)

  it("passes over a long line of blanks at once", function()
    local began = os.clock()
    assert.equal("words", trouble.first_line((" "):rep(1 << 20) .. "\nwords"))
    assert.is_true(os.clock() - began < 5)
  end)
end)
