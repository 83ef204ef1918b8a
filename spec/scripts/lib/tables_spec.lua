local tables = require "lib.tables"

describe("lib.tables", function()
  it("sorts keys, as asked where `<` is not the order", function()
    assert.same({}, tables.sorted_keys {})
    assert.same({ "B", "a", "b" }, tables.sorted_keys { b = 1, a = false, B = 3 })
    assert.same({ 3, 2, 1 }, tables.sorted_keys({ 10, 20, 30 }, function(a, b)
      return a > b
    end))
  end)

  it("copies fields with changes, and changes neither table", function()
    local fields, changes = { a = 1, b = {} }, { a = false, c = 3 }
    local copied = tables.copy(fields, changes)
    assert.same({ a = false, b = {}, c = 3 }, copied)
    assert.equal(fields.b, copied.b)
    assert.same({ a = 1, b = {} }, fields)
    assert.same({ a = false, c = 3 }, changes)
    assert.same({ a = 1 }, tables.copy { a = 1 })
  end)

  it("finds an item", function()
    assert.is_true(tables.contains({ "a", "b" }, "b"))
    assert.is_false(tables.contains({ "a", "b" }, "c"))
    assert.is_false(tables.contains({}, nil))
  end)

  it("makes a set", function()
    assert.same({ a = true, b = true }, tables.to_set { "a", "b", "a" })
    assert.same({}, tables.to_set {})
  end)
end)
