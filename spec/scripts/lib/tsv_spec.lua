local tsv = require "lib.tsv"

describe("lib.tsv", function()
  it("puts tabs between values", function()
    assert.equal("a\tb c\t\td", tsv.row { "a", "b c", "", "d" })
    assert.equal("", tsv.row { "" })
  end)

  it("keeps one record on one line and each value in its column", function()
    assert.equal("a b\tc d e f", tsv.row { "a\tb", "c\nd\r\ne\rf" })
    assert.equal("a  b", tsv.row { "a\n\nb" })
  end)

  it("writes everything else as it is, bytes that are not UTF-8 too", function()
    assert.equal("\27[1m\0\xff\té", tsv.row { "\27[1m\0\xff", "é" })
  end)

  it("writes half a surrogate pair as the replacement character", function()
    assert.equal("a\u{FFFD}b\t\u{D7FF}", tsv.row { "a\xED\xA0\x80b", "\u{D7FF}" })
  end)
end)
