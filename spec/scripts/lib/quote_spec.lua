local quote = require "lib.quote"
local sh = require "spec.support.sh"

describe("lib.quote", function()
  it("leaves plain words as they are", function()
    assert.equal("mighost plan a-b_c.d/e --with=x", quote.words {
      "mighost", "plan", "a-b_c.d/e", "--with=x",
    })
  end)

  it("gives words that the shell reads back unchanged", function()
    math.randomseed(20260301)
    local words = { "", " ", "it's", "$HOME", "a\nb", "*", "\\", '"', "~", "#", "!", "a\n",
      "50%\7\\it's", "\u{202E}é", "\xFF\xC3", "\u{2028}%s" }
    for _ = 1, 50 do
      local bytes = {}
      for i = 1, math.random(1, 12) do
        bytes[i] = string.char(math.random(1, 255))
      end
      table.insert(words, table.concat(bytes))
    end
    local script = "printf '%s\\0' " .. quote.words(words)
    assert.equal(table.concat(words, "\0") .. "\0", sh.check { argv = { "sh", "-c", script } })
  end)

  it("spells out what a screen would not show as it is", function()
    assert.equal([["$(printf 'a\012b%%\342\200\256')"]], quote.word("a\nb%\u{202E}"))
    assert.equal("'a b é'", quote.word("a b é"))
  end)
end)
