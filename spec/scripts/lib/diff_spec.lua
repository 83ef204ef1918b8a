local diff = require "lib.diff"
local generate = require "spec.support.generate"

---What a difference says of each side, with gaps left out.
local function sides(difference)
  local left, right = {}, {}
  for line in (difference .. "\n"):gmatch("([^\n]*)\n") do
    local mark, words = line:sub(1, 1), line:sub(2)
    if mark ~= "+" then
      left[#left + 1] = words
    end
    if mark ~= "-" then
      right[#right + 1] = words
    end
  end
  return table.concat(left, "\n"), table.concat(right, "\n")
end

describe("lib.diff", function()
  it("is empty for the same lines", function()
    assert.equal("", diff.lines("", ""))
    assert.equal("", diff.lines("a\nb", "a\r\nb\n"))
  end)

  it("shows what went and what came, with two lines around and gaps marked", function()
    assert.equal("...\n c\n d\n-e\n+E\n f\n g\n h\n+i",
      diff.lines("a\nb\nc\nd\ne\nf\ng\nh\n", "a\nb\nc\nd\nE\nf\ng\nh\ni\n"))
    assert.equal("-a\n b\n c\n...", diff.lines("a\nb\nc\nd\n", "b\nc\nd\n"))
  end)

  it("shows one text against none", function()
    assert.equal("+a\n+b", diff.lines("", "a\nb\n"))
    assert.equal("-a", diff.lines("a\n", ""))
  end)

  it("says of short generated texts exactly what each was", function()
    for seed = 1, 300 do
      local random = generate.random(seed)
      local texts = {}
      for side = 1, 2 do
        local lines = {}
        for index = 1, random(5) - 1 do
          lines[index] = generate.pick(random, { "a", "b", "c" })
        end
        texts[side] = table.concat(lines, "\n")
      end
      local difference = diff.lines(texts[1], texts[2])
      if difference ~= "" and not difference:find("...", 1, true) then
        local left, right = sides(difference)
        assert.equal(texts[1], left, "seed " .. seed)
        assert.equal(texts[2], right, "seed " .. seed)
      else
        assert.is_true(texts[1] == texts[2] or difference ~= "", "seed " .. seed)
      end
    end
  end)

  it("answers for texts too large to compare line by line", function()
    local left, right = {}, {}
    for index = 1, 3000 do
      left[index], right[index] = "l" .. index, "r" .. index
    end
    local difference = diff.lines(table.concat(left, "\n"), table.concat(right, "\n"))
    assert.equal(6000, select(2, difference:gsub("[^\n]+", "")))
  end)
end)
