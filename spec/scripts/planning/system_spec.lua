local system = require "planning.system"
local tmp = require "spec.support.tmp"

describe("planning.system.describe", function()
  it("tells versions, and what a folder's file system can do", function()
    local dir <close> = tmp.dir()
    local found = system.describe(dir.path)
    for _, part in ipairs { "mighost", "lua", "libgit2", "git" } do
      assert.matches("^%d+%.%d+", found[part])
    end
    assert.equal("boolean", type(found.seccomp))
    assert.is_true(math.type(found.landlock_abi) == "integer" and found.landlock_abi >= 0)
    assert.is_boolean(found.exchange)
    assert.is_boolean(found.reflink)
    assert.same({}, dir:names())
  end)

  it("leaves out what could not be tried", function()
    local found = system.describe()
    assert.is_nil(found.exchange)
    found = system.describe("/nowhere")
    assert.is_nil(found.exchange)
    assert.is_nil(found.reflink)
    assert.is_string(found.lua)
  end)
end)
