local inspect_agent = require "planning.inspect_agent"
local registry = require "planning.registry"
local samples = require "planning.inspect_sample"
local tables = require "lib.tables"

local function try(agent)
  local told = {}
  inspect_agent.try({ path = "/x/ours.lua", value = agent }, samples.call("/x"),
    function(_, problem)
      told[#told + 1] = ("%s %s: %s"):format(problem.code, problem.at[1], problem.message)
    end)
  return told
end

local function agent(changes)
  return tables.copy({
    needs_model = false, inherits_env = false,
    command = function(call)
      return { argv = { "true" }, files = { last = call.artifacts .. "/last" } }
    end,
    answer = function(report) return { text = report.files.last.text(10) } end,
  }, changes)
end

describe("planning.inspect_agent", function()
  it("finds nothing wrong with mighost's own agents", function()
    local reg = registry.new(nil, { installed = true })
    for _, name in ipairs { "claude", "codex", "command", "human", "replay" } do
      assert.same({}, try(assert(reg:agent(name))))
    end
    assert.same({}, try(agent {}))
    assert.same({}, try(agent { command = function() return nil, "no" end,
      answer = function() return nil, "no", "auth" end }))
  end)

  it("tells what is wrong with a command, and with the form for the terminal", function()
    for pattern, command in pairs {
      ["is refused without a reason"] = function() end,
      ["is a string, not a table"] = function() return "true" end,
      ["unknown field 'arg'"] = function() return { arg = {} } end,
      ["names no program"] = function() return { argv = { "" } } end,
      ["'env' and 'files' have texts only"] = function()
        return { argv = { "x" }, env = { a = true } }
      end,
      ["last of the agent sample is not in the folder for its evidence: /etc/x"] = function()
        return { argv = { "x" }, files = { last = "/etc/x" } }
      end,
      ["wants to write in own, not an absolute path"] = function()
        return { argv = { "x" }, writes = { "own" } }
      end,
    } do
      local answer = function() return { text = "" } end
      local told = try(agent { command = command, answer = answer })
      assert.matches("^bad%-command command: .*" .. pattern:gsub("%p", "%%%0"), told[1])
      assert.equal(1, #told)
      assert.matches("^bad%-command interactive: ", try(agent { interactive = command })[1])
    end
  end)

  it("tells what is wrong with what it makes of a report", function()
    for pattern, answer in pairs {
      ["is refused without a reason"] = function() end,
      ["is not a table with a text"] = function() return {} end,
      ["has a usage that is not a table"] = function() return { text = "", usage = 1 } end,
      ["has the unknown kind x"] = function() return nil, "why", "x" end,
      ["answer fails for a failure: no"] = function(report)
        return report.exit == 1 and error("no", 0) or { text = "" }
      end,
    } do
      local told = try(agent { answer = answer })
      assert.matches(pattern, told[1])
      assert.equal(1, #told)
    end
  end)
end)
