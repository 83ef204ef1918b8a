local homes = require "project.homes"
local program = require "spec.support.program"
local tmp = require "spec.support.tmp"

--- What another process, with this environment, takes them for.
local function ask(env)
  local dir <close> = tmp.dir()
  dir:write("s.lua", [[
    local homes = require "project.homes"
    io.stdout:write(homes.config(), " ", homes.state())]])
  return program.run { args = { dir:join("s.lua") }, env = env }.stdout
end

describe("project.homes", function()
  it("follows the XDG variables when they are absolute", function()
    assert.equal("/c/mighost /s/mighost", ask { XDG_CONFIG_HOME = "/c", XDG_STATE_HOME = "/s" })
  end)

  it("is in HOME otherwise", function()
    local expected = "/h/.config/mighost /h/.local/state/mighost"
    assert.equal(expected, ask { HOME = "/h", XDG_CONFIG_HOME = false, XDG_STATE_HOME = false })
    assert.equal(expected, ask { HOME = "/h", XDG_CONFIG_HOME = "", XDG_STATE_HOME = "rel" })
  end)

  it("asks the system where HOME says nothing useful", function()
    for _, home in ipairs { false, "", "relative" } do
      local answer = ask { HOME = home, XDG_CONFIG_HOME = false, XDG_STATE_HOME = false }
      assert.matches("^/.*%.config/mighost /.*%.local/state/mighost$", answer)
    end
  end)

  it("gives absolute paths here too", function()
    assert.matches("^/.*/mighost$", homes.config())
    assert.matches("^/.*/mighost$", homes.state())
  end)
end)
