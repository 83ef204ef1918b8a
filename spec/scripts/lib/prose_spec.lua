local prose = require "lib.prose"

describe("prose", function()
  it("joins paragraphs and leaves out what is false", function()
    assert.equal("a\n\nb", prose.paragraphs { "a", false, "b" })
    assert.equal("", prose.paragraphs { false })
  end)

  it("fences a text so that nothing in it ends the fence", function()
    assert.equal("```\nx\n```", prose.verbatim("x"))
    assert.equal("```\nx\ny\n```", prose.verbatim("x\r\ny\r\n\n"))
    assert.equal("`````\n````\nx\n````\n`````", prose.verbatim("````\nx\n````\n"))
    assert.equal("```\n\n```", prose.verbatim("\n"))
  end)

  it("gives a fenced text back", function()
    for seed = 1, 200 do
      math.randomseed(seed)
      local parts = {}
      for index = 1, math.random(0, 20) do
        parts[index] = ({ "`", "``", "\n", "x", " ", "~~~" })[math.random(6)]
      end
      local text = table.concat(parts) .. "."
      local fence, inside, last = prose.verbatim(text):match("^(`+)\n(.*)\n(`+)$")
      assert.equal(text, inside)
      assert.equal(fence, last)
      assert.is_nil(text:find(fence, 1, true))
    end
  end)

  it("lists and counts", function()
    assert.equal("- a\n- b", prose.list { "a", "b" })
    assert.equal("", prose.list {})
    assert.equal("0 files", prose.count(0, "file"))
    assert.equal("1 file", prose.count(1, "file"))
    assert.equal("2 files", prose.count(2, "file"))
  end)
end)
