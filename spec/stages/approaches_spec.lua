local support = require "spec.support.stage"

local stage = support.load("approaches")

local function workspace(count)
  local texts = {}
  for index = 1, count do
    texts[("approaches/idea-%d.md"):format(index)] = "# Idea\n"
  end
  return support.context(texts)
end

describe("stage approaches", function()
  it("accepts two to four files, whatever the answer says", function()
    for count = 2, 4 do
      local outcome, reason = support.judge(stage, "Done.", workspace(count))
      assert.equal("completed", outcome)
      assert.matches(("^%d approaches: idea%%-1, idea%%-2"):format(count), reason)
    end
  end)

  it("refuses fewer and more, and says how many there are", function()
    for _, count in ipairs { 0, 1, 5, 40 } do
      local outcome, reason = support.judge(stage, "Done.", workspace(count))
      assert.is_nil(outcome)
      assert.matches((" %d files? approaches/"):format(count), reason)
    end
  end)

  it("names them on one harmless line", function()
    local _, reason = support.judge(stage, "Done.",
      support.context { ["approaches/a\27\n.md"] = "x", ["approaches/b.md"] = "x" })
    assert.equal("2 approaches: a\\u{1B} , b", reason)
  end)

  it("counts only Markdown files right in approaches/", function()
    local ctx = support.context {
      ["approaches/one.md"] = "x", ["approaches/sub/two.md"] = "x", ["two.md"] = "x",
      ["approaches/three"] = "x",
    }
    assert.is_nil((support.judge(stage, "Done.", ctx)))
  end)

  it("fails without an answer", function()
    for _, text in ipairs { "", " \n", "\0" } do
      local outcome, reason = support.judge(stage, text, workspace(3))
      assert.is_nil(outcome)
      assert.equal("the answer is empty", reason)
    end
  end)

  it("asks for files that the judge then counts", function()
    local prompt = stage.prompt(support.context())
    assert.matches("approaches/<idea>.md", prompt, 1, true)
    assert.is_nil(prompt:find("already holds the approaches", 1, true))
  end)

  it("shows what is there when it runs again", function()
    local prompt = stage.prompt(workspace(2))
    assert.matches("already holds the approaches below", prompt, 1, true)
    assert.matches("- idea-1\n- idea-2", prompt, 1, true)
  end)

  it("judges any answer", function()
    support.assert_total(stage, function()
      return workspace(math.random(0, 6))
    end)
  end)
end)
