local helpers = require "project.helpers"

--- An environment whose helpers are these texts.
local function environment(texts)
  local asked = {}
  return helpers.environment(function(name)
    asked[name] = (asked[name] or 0) + 1
    return texts[name], texts[name] and "/own/" .. name
  end, function(text, path, env)
    return load(text, "@" .. path, "t", env)
  end), asked
end

local function run(env, text)
  return assert(load(text, "=chunk", "t", env))()
end

describe("project.helpers", function()
  it("finds helpers of one's own first, once, and everything else as ever", function()
    local env, asked = environment {
      ["lib.words"] = "return { name = ..., other = require 'lib.b' }", ["lib.b"] = "return 'b'",
    }
    assert.same({ name = "lib.words", other = "b" }, run(env, "return require 'lib.words'"))
    assert.equal(run(env, "return require 'lib.words'"), run(env, "return require 'lib.words'"))
    assert.equal(1, asked["lib.words"])
    assert.equal(require "lib.text", run(env, "return require 'lib.text'"))
    assert.is_true(run(environment { ["lib.x"] = "" }, "return require 'lib.x'"))
    assert.is_false(run(environment { ["lib.x"] = "return false" }, "return require 'lib.x'"))
  end)

  it("leaves what mighost's own modules require alone", function()
    local env = environment { ["lib.text"] = "return 'mine'" }
    assert.equal("mine", run(env, "return require 'lib.text'"))
    assert.is_table(require "lib.text")
    assert.is_function(run(env, "return require('lib.quote').word"))
  end)

  it("has the globals of everybody", function()
    local env = environment {}
    assert.equal(string, run(env, "return string"))
    run(env, "_ENV.helpers_spec_global = 1")
    assert.equal(1, rawget(_G, "helpers_spec_global"))
    rawset(_G, "helpers_spec_global", nil)
  end)

  it("raises for a helper that is broken, naming file and line", function()
    local env = environment { ["lib.a"] = "\nreturn {", ["lib.b"] = "error 'why'" }
    for name, why in pairs { a = "/own/lib.a:2: ", b = "/own/lib.b:1: why", c = "'lib.c' not" } do
      local ok, message = pcall(run, env, ("require 'lib.%s'"):format(name))
      assert.is_false(ok)
      assert.matches(why, message, 1, true)
    end
  end)
end)
