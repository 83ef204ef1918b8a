local frozen = require "lib.frozen"

describe("lib.frozen", function()
  it("shows the same data, at any depth", function()
    local view = frozen.of({ a = { b = { 1, 2, 3 } }, c = "x", d = false }, "ctx")
    assert.equal("x", view.c)
    assert.is_false(view.d)
    assert.equal(3, #view.a.b)
    assert.equal("1,2,3", table.concat(view.a.b, ","))
    local keys = {}
    for key in pairs(view) do
      keys[#keys + 1] = key
    end
    table.sort(keys)
    assert.same({ "a", "c", "d" }, keys)
    local sum = 0
    for _, item in ipairs(view.a.b) do
      sum = sum + item
    end
    assert.equal(6, sum)
  end)

  it("is a copy", function()
    local data = { list = { 1 } }
    local view = frozen.of(data, "ctx")
    data.list[1] = 2
    assert.equal(1, view.list[1])
  end)

  it("refuses to be written, by name and where it was tried", function()
    local view = frozen.of({ list = { 1 } }, "m")
    for _, write in ipairs {
      function() view.slug = 1 end,
      function() view.list[1] = 2 end,
      function() table.insert(view.list, 2) end,
      function() table.sort(view.list, function() view.x = 1 end) view.list.x = 1 end,
    } do
      local ok, message = pcall(write)
      assert.is_false(ok)
      assert.matches("m is read%-only: %w+ cannot be set", message)
    end
    assert.is_false(getmetatable(view))
    assert.is_false((pcall(setmetatable, view, nil)))
  end)

  it("leaves alone what is not a table", function()
    assert.equal("x", frozen.of("x", "ctx"))
    assert.is_nil(frozen.of(nil, "ctx"))
  end)
end)
