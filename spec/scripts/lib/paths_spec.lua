local paths = require "lib.paths"

describe("lib.paths", function()
  it("splits into segments", function()
    assert.same({ "a", "b" }, paths.split("./a//b/."))
    assert.same({ "a" }, paths.split("/a/"))
    assert.same({}, paths.split("."))
    assert.same({ "..." }, paths.split("..."))
    assert.is_nil(paths.split("a/../b"))
  end)

  it("knows what lies inside", function()
    for _, path in ipairs { "a", "./a", "a/b/", ".a", "..a" } do
      assert.is_true(paths.is_inside(path), path)
    end
    for _, path in ipairs { "", ".", "./", "/a", "..", "a/..", "../a" } do
      assert.is_false(paths.is_inside(path), path)
    end
  end)

  it("gives the part beneath a folder", function()
    assert.equal("c/d", paths.beneath("a/b/c/d", "a/b"))
    assert.equal("c", paths.beneath("./a//b/./c/", "a/b"))
    for _, path in ipairs { "a/b", "a", "a/bc/d", "/a/b/c", "a/b/../b/c", "" } do
      assert.is_nil(paths.beneath(path, "a/b"), path)
    end
  end)

  it("tidies a path without changing what it names", function()
    for path, tidied in pairs {
      ["./a//b/"] = "a/b", [""] = ".", ["."] = ".", ["/"] = "/", ["/a/."] = "/a", ["//a"] = "//a",
      ["///a"] = "/a", ["a/../b"] = "a/../b",
    } do
      assert.equal(tidied, paths.tidy(path), path)
    end
  end)
end)
