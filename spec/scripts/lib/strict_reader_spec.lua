local reader = require "lib.strict_reader"

describe("lib.strict_reader", function()
  it("marks objects, arrays and numbers with its metatables", function()
    local value = reader.decode('{"a": [1.5]}')
    assert.equal(reader.object, getmetatable(value))
    assert.equal(reader.array, getmetatable(value.a))
    assert.equal(reader.number, getmetatable(value.a[1]))
    assert.equal("1.5", value.a[1].lexeme)
  end)

  it("reads the same members whichever way it takes", function()
    local plain = reader.decode('{"a": "x", "b": "y"}')
    local long_way = reader.decode('{ "\\u0061" :\r\n\t"\\u0078" , "b"\n:"y" }')
    assert.same(plain, long_way)
  end)

  it("reads a list's file fast enough to list thousands", function()
    local step = [[
    {
      "agent": "codex",
      "completed_at": "2026-03-01T01:15:00.000+00:00",
      "name": "approaches",
      "outputs": {
        "stdout": "migrations/x/.planning/stages/approaches.stdout.md"
      }
    }]]
    local text = '{\n  "steps": [\n' .. step .. (",\n" .. step):rep(12) .. "\n  ]\n}\n"
    local rounds = 300
    local start = os.clock()
    for _ = 1, rounds do
      assert(reader.decode(text))
    end
    local microseconds_per_kilobyte = (os.clock() - start) / rounds * 1e6 / (#text / 1000)
    assert.is_true(microseconds_per_kilobyte < 500, microseconds_per_kilobyte .. " us/kB")
  end)
end)
