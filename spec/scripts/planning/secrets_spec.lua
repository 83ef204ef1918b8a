local secrets = require "planning.secrets"

describe("planning.secrets", function()
  it("finds variables by their names, and those that an adapter names", function()
    assert.same({ MY_API_KEY = "0123456789", GH_TOKEN = "abcdefgh", A_SECRET = "long enough",
      DBPASSWORD1 = "correct horse", OWN = "named by adapter" }, secrets.of({
      MY_API_KEY = "0123456789", GH_TOKEN = "abcdefgh", A_SECRET = "long enough",
      DBPASSWORD1 = "correct horse", OWN = "named by adapter", PATH = "/usr/bin:/bin",
      KEYBOARD = "us-layout", TOKENS = "123456789",
    }, { "OWN", "UNSET" }))
  end)

  it("leaves short values alone, which would match ordinary text", function()
    assert.same({}, secrets.of({ SHORT_KEY = "1234567" }, {}))
  end)

  it("redacts every occurrence, as plain text, the longest value first", function()
    local hidden = { A_KEY = "s.cr%t+[", B_KEY = "s.cr%t+[-and-more" }
    assert.equal("x <redacted:A_KEY> y <redacted:B_KEY> <redacted:A_KEY>",
      secrets.redact("x s.cr%t+[ y s.cr%t+[-and-more s.cr%t+[", hidden))
    assert.equal("nothing here", secrets.redact("nothing here", hidden))
  end)
end)
