local guard = require "planning.guard"

describe("planning.guard", function()
  it("passes arguments and results, nil among them", function()
    assert.same({ true, 1, nil, "x", n = 4 }, table.pack(guard.call(function(a, b, c)
      return a, b, c
    end, 1, nil, "x")))
  end)

  it("gives the first line of an error and its traceback", function()
    local ok, message, traceback = guard.call(function()
      error("broken\nin two lines")
    end)
    assert.is_false(ok)
    assert.matches("guard_spec%.lua:%d+: broken$", message)
    assert.matches("stack traceback", traceback)
  end)

  it("describes errors that are not text", function()
    local ok, message = guard.call(error, { code = 1 })
    assert.is_false(ok)
    assert.matches("^table: ", message)
    assert.equal("nil", select(2, guard.call(error, nil)))
  end)

  it("lets an interruption through", function()
    local interruption = { name = "EINTERRUPTED", signal = 2 }
    local ok, value = pcall(guard.call, error, interruption)
    assert.is_false(ok)
    assert.equal(interruption, value)
  end)
end)
