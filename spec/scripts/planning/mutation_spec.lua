local mutation = require "planning.mutation"

local RECORDED <const> = { answer = "First.\n\nreview: clear\n", removed = { "old.md" },
  files = { ["plan.md"] = "# Plan\n", ["phase-1-a.md"] = "# A\n" } }

local function all(count)
  local list = {}
  for damaged in mutation.variants(RECORDED, "the prompt", count) do
    list[#list + 1] = damaged
  end
  return list
end

describe("planning.mutation", function()
  it("makes as many as are asked for, the same every time, and leaves the recording", function()
    local first, second = all(200), all(200)
    assert.equal(200, #first)
    for index, damaged in ipairs(first) do
      if #damaged.answer < 1 << 20 then
        assert.same(damaged, second[index])
      end
    end
    assert.equal("First.\n\nreview: clear\n", RECORDED.answer)
    assert.equal("# Plan\n", RECORDED.files["plan.md"])
    assert.same({ "old.md" }, RECORDED.removed)
  end)

  it("damages in every way", function()
    local names = {}
    for _, damaged in ipairs(all(100)) do
      names[damaged.name:match("^%d+ (.*)")] = damaged
    end
    for _, kind in ipairs { "answer: empty", "answer: cut", "answer: reordered",
      "answer: not UTF-8", "answer: escape sequences", "answer: an echo of the prompt",
      "work dir: no file", "work dir: a file elsewhere" } do
      assert.is_table(names[kind], kind)
    end
    assert.equal("", names["answer: empty"].answer)
    assert.equal("the prompt", names["answer: an echo of the prompt"].answer)
    assert.same({}, names["work dir: no file"].files)
    assert.is_true(#names["oversized"].answer > 8 << 20)
    local _, target = next(names["work dir: a link out of the work dir"].links)
    assert.equal("/etc/passwd", target)
    assert.is_nil(utf8.len(names["answer: not UTF-8"].answer))
  end)

  it("gets along with an answer that left no files", function()
    local count = 0
    for damaged in mutation.variants({ answer = "", files = {}, removed = {} }, "p", 150) do
      count = count + 1
      assert.is_string(damaged.answer)
    end
    assert.equal(150, count)
  end)
end)
