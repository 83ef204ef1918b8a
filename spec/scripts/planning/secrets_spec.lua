local fs = require "host.fs"

local secrets = require "planning.secrets"
local tmp = require "spec.support.tmp"

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

  it("knows the form that a value has inside JSON", function()
    local hidden = secrets.of({ A_KEY = 'with "quotes"\n' })
    assert.equal("<redacted:A_KEY> <redacted:A_KEY in JSON>",
      secrets.redact('with "quotes"\n with \\"quotes\\"\\n', hidden))
  end)

  it("replaces values in files, and refuses a file that is named after one", function()
    local dir <close> = tmp.dir()
    dir:write("a.md", "the key is 0123456789\n")
    dir:write("b.md", "nothing here\n")
    local opened <close> = assert(fs.open_dir(dir.path))
    local hidden = { A_KEY = "0123456789" }
    assert.same({ "a.md" }, secrets.clean_files(opened, { "a.md", "b.md" }, hidden))
    assert.equal("the key is <redacted:A_KEY>\n", dir:read("a.md"))
    assert.same({}, secrets.clean_files(opened, { "a.md" }, {}))
    local cleaned, message, name = secrets.clean_files(opened, { "x-0123456789.md" }, hidden)
    assert.same({ nil, "the agent named a file after a secret: x-<redacted:A_KEY>.md", "EJUDGE" },
      { cleaned, message, name })
    assert.is_nil((secrets.clean_files(opened, { "missing.md" }, hidden)))
  end)
end)
