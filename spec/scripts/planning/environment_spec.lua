local environment = require "planning.environment"

local ALL <const> = {
  HOME = "/home/u", PATH = "/bin", LC_ALL = "C", XDG_DATA_HOME = "/d", SSL_CERT_FILE = "/c",
  https_proxy = "p", AWS_SECRET = "s", RANDOM_THING = "x",
}

describe("planning.environment", function()
  it("passes what every program needs, and what the adapter sets", function()
    assert.same({ HOME = "/home/u", PATH = "/own", LC_ALL = "C", XDG_DATA_HOME = "/d",
      SSL_CERT_FILE = "/c", https_proxy = "p", EXTRA = "1" },
      environment.build(ALL, { PATH = "/own", EXTRA = "1" }, false))
  end)

  it("passes what an adapter names, by name or by beginning", function()
    local env = environment.build(ALL, {}, false, { "AWS_*", "RANDOM" })
    assert.equal("s", env.AWS_SECRET)
    assert.is_nil(env.RANDOM_THING)
  end)

  it("joins names", function()
    assert.same({ "A", "B" }, environment.join({ "A" }, { "B" }))
    assert.same({}, environment.join(nil, nil))
  end)

  it("passes everything to an agent that wants it, without changing the caller's", function()
    local env = environment.build(ALL, { EXTRA = "1" }, true)
    assert.equal("x", env.RANDOM_THING)
    assert.equal("1", env.EXTRA)
    assert.is_nil(ALL.EXTRA)
  end)
end)
