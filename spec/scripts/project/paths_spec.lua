local paths = require "project.paths"

describe("project.paths", function()
  it("makes relative paths plain", function()
    assert.equal("a/b", paths.normalize "a/b")
    assert.equal("a/b", paths.normalize "./a//b/./")
    assert.equal(".a/...", paths.normalize ".a/...")
  end)

  it("says why a path will not do", function()
    local refused = {
      ["/a"] = "is absolute", ["a/../b"] = "has ..", [".."] = "has ..", [""] = "is empty",
      ["."] = "is empty", ["./"] = "is empty", ["a\nb"] = "has control characters",
      ["a\0b"] = "has control characters",
    }
    for path, why in pairs(refused) do
      assert.same({ n = 2, nil, why }, table.pack(paths.normalize(path)))
    end
  end)

  it("tells whether a path lies beneath another", function()
    assert.is_true(paths.is_beneath("a/b", "a"))
    assert.is_true(paths.is_beneath("a", "a"))
    assert.is_false(paths.is_beneath("ab", "a"))
    assert.is_false(paths.is_beneath("a", "a/b"))
  end)

  it("turns absolute paths into relative ones", function()
    assert.equal("b/c", paths.beneath("/a", "/a/b/c"))
    assert.equal("a", paths.beneath("/", "/a"))
    assert.equal(".", paths.beneath("/a", "/a"))
    assert.is_nil(paths.beneath("/a", "/ab"))
    assert.is_nil(paths.beneath("/a", "b"))
  end)
end)
