local exit = require "lib.exit"

describe("lib.exit", function()
  it("knows the code of every name of mighost's own", function()
    local codes = {
      EUSAGE = 2, ECONFIG = 2, ENOTREPO = 2, EUNSUPPORTED = 2, EINVALIDPATH = 2, ENOIDENT = 2,
      EHUMAN = 3, ECOOLING = 4, EBUSY = 5, ESTALE = 6, EDIRTY = 6, EMERGING = 6, EAGENT = 8,
      EUNTRUSTED = 10, ETIMEOUT = 11, ESILENCE = 11, ECORRUPT = 12,
      EJUDGE = 1, EOUTPUT = 1, EESCAPED = 1, EEXITED = 1, EVISITS = 1,
    }
    for name, code in pairs(codes) do
      assert.equal(code, exit.code(name), name)
    end
  end)

  it("takes any other failure as an ordinary one", function()
    assert.equal(1, exit.code("ENOSPC"))
    assert.equal(1, exit.code(nil))
  end)

  it("says which signal interrupted", function()
    assert.equal(130, exit.code("EINTERRUPTED"))
    assert.equal(130, exit.code("EINTERRUPTED", 2))
    assert.equal(143, exit.code("EINTERRUPTED", 15))
  end)
end)
