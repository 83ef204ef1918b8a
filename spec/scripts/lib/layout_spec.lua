local layout = require "lib.layout"

describe("lib.layout", function()
  it("counts columns, not bytes", function()
    assert.equal(0, layout.width "")
    assert.equal(5, layout.width "hello")
    assert.equal(4, layout.width "über")
    assert.equal(4, layout.width "漢字")
    assert.equal(1, layout.width "e\u{301}")
    assert.equal(2, layout.width "\u{1F600}")
  end)

  it("cuts with an ellipsis only what is too wide", function()
    assert.equal("hello", layout.cut("hello", 5))
    assert.equal("hell…", layout.cut("hello!", 5))
    assert.equal("漢…", layout.cut("漢字体", 4))
    assert.equal("…", layout.cut("hello", 1))
  end)

  it("pads to just the width", function()
    assert.equal("ab   ", layout.pad("ab", 5))
    assert.equal("漢 ", layout.pad("漢", 3))
    assert.equal("漢… ", layout.pad("漢字体", 4))
  end)

  it("fills up what is shorter and leaves the rest whole", function()
    assert.equal("ab   ", layout.fill("ab", 5))
    assert.equal("漢字体", layout.fill("漢字体", 4))
  end)

  it("breaks between words, and inside one that is too long", function()
    assert.same({ "one two", "three" }, layout.wrap("one  two\nthree", 7))
    assert.same({ "abcd", "efg", "hi" }, layout.wrap("abcdefg hi", 4))
    assert.same({ "漢", "字" }, layout.wrap("漢字", 3))
    assert.same({ "" }, layout.wrap("", 10))
    assert.same({ "漢" }, layout.wrap("漢", 1))
  end)

  it("breaks a path behind one of its parts", function()
    assert.same({ "see", "migrations/", "split-parser/", "plan.md" },
      layout.wrap("see migrations/split-parser/plan.md", 14))
    assert.same({ "confine-the-", "planning-", "agents" },
      layout.wrap("confine-the-planning-agents", 14))
    assert.same({ "/abcdef", "ghi" }, layout.wrap("/abcdefghi", 7))
    assert.same({ "a/bcdefg", "hij" }, layout.wrap("a/bcdefghij", 8))
  end)

  it("loses no character and keeps every line within the width", function()
    math.randomseed(7)
    local alphabet = { "a", "ß", "漢", " ", " ", "\u{301}", "😀", "-", "/" }
    for _ = 1, 200 do
      local characters = {}
      for i = 1, math.random(0, 60) do
        characters[i] = alphabet[math.random(#alphabet)]
      end
      local text = table.concat(characters)
      local columns = math.random(2, 20)
      local lines = layout.wrap(text, columns)
      assert.equal((text:gsub(" ", "")), (table.concat(lines):gsub(" ", "")))
      for _, line in ipairs(lines) do
        assert.is_true(layout.width(line) <= columns, line)
      end
      assert.is_true(layout.width(layout.cut(text, columns)) <= columns)
      assert.equal(columns, layout.width(layout.pad(text, columns)))
    end
  end)
end)
