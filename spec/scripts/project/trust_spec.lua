local tmp = require "spec.support.tmp"
local trust = require "project.trust"

describe("project.trust", function()
  it("has nothing against a project that brings no scripts", function()
    local dir <close> = tmp.dir()
    assert.is_true(trust.check { root = dir.path, config = {} })
    dir:mkdir(".mighost/stages")
    dir:write(".mighost/taste.md", "words")
    assert.is_true(trust.check { root = dir.path, config = { with = "replay" } })
    assert.same({}, trust.list { root = dir.path, config = {} })
  end)

  it("refuses each folder of scripts", function()
    for _, name in ipairs { "agents", "lib", "rules", "scripts", "stages" } do
      local dir <close> = tmp.dir()
      dir:write(".mighost/" .. name .. "/x.lua", "")
      local ok, message, code = trust.check { root = dir.path, config = {} }
      assert.is_nil(ok)
      assert.equal("EUNTRUSTED", code)
      assert.matches(dir:join(".mighost/" .. name), message, 1, true)
      assert.matches("not supported by this version", message, 1, true)
    end
  end)

  it("refuses a folder that is a link to one", function()
    local dir <close> = tmp.dir()
    dir:write("elsewhere/x.lua", "")
    dir:mkdir(".mighost")
    dir:symlink("../elsewhere", ".mighost/stages")
    assert.is_nil((trust.check { root = dir.path, config = {} }))
  end)

  it("refuses each key that names a program", function()
    local dir <close> = tmp.dir()
    for _, key in ipairs { "agent_command", "agent_env", "hooks", "validation_command" } do
      local ok, message, code = trust.check { root = dir.path, config = { [key] = "x" } }
      assert.is_nil(ok)
      assert.equal("EUNTRUSTED", code)
      assert.matches("^" .. key .. " in " .. dir.path:gsub("%p", "%%%0"), message)
    end
  end)
end)
