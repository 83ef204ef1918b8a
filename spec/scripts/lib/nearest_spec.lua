local nearest = require "lib.nearest"

local KNOWN <const> = { "doctor", "init", "list", "plan", "show", "version" }

describe("lib.nearest", function()
  it("finds what a mistyped word was meant to be", function()
    assert.equal("plan", nearest.find("plna", KNOWN))
    assert.equal("doctor", nearest.find("dcotor", KNOWN))
    assert.equal("list", nearest.find("lst", KNOWN))
    assert.equal("version", nearest.find("versions", KNOWN))
  end)

  it("finds nothing for what is far from everything, or absurdly long", function()
    assert.is_nil(nearest.find("x", KNOWN))
    assert.is_nil(nearest.find("undertaking", KNOWN))
    assert.is_nil(nearest.find("", KNOWN))
    assert.is_nil(nearest.find(("plan"):rep(100), KNOWN))
    assert.is_nil(nearest.find("plan", {}))
  end)

  it("prefers the nearest, then the first by byte order", function()
    assert.equal("ab", nearest.find("abc", { "abcde", "ab" }))
    assert.equal("cat", nearest.find("bat", { "rat", "cat", "hat" }))
  end)

  it("finds every known word from any single edit of it", function()
    for _, word in ipairs(KNOWN) do
      for i = 1, #word do
        assert.equal(word, nearest.find(word:sub(1, i - 1) .. word:sub(i + 1), KNOWN))
        assert.equal(word, nearest.find(word:sub(1, i) .. "#" .. word:sub(i + 1), KNOWN))
      end
    end
  end)
end)
