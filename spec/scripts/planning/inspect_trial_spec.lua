local trial = require "planning.inspect_trial"

local FILE <const> = { path = "/a/team-x/stages/my-stage.lua" }
local ABOUT <const> = { code = "c", field = "prompt", what = "it fails", mend = "mend it" }

describe("planning.inspect_trial", function()
  it("finds the line in a message, with the whole path and with its end", function()
    assert.same({ 12, "why" }, { trial.place_in(FILE, FILE.path .. ":12: why") })
    assert.same({ 3, "why: 4: x" }, { trial.place_in(FILE, "...stages/my-stage.lua:3: why: 4: x") })
    assert.same({ nil, "ended" }, { trial.place_in(FILE, FILE.path .. ": ended") })
    assert.same({ nil, "/other.lua:3: why" }, { trial.place_in(FILE, "/other.lua:3: why") })
  end)

  it("knows what to do about limits, and about what only programs have", function()
    assert.equal("make it do less, or set script_memory higher in .mighost/config.json",
      trial.mend "used more than 8 MiB of memory (script_memory in .mighost/config.json)")
    for name, message in pairs {
      io = "attempt to index a nil value (global 'io')",
      load = "attempt to call a nil value (global 'load')",
      dump = "attempt to call a nil value (field 'dump')",
    } do
      assert.equal(("do it without %s, which such files do not have; a command in scripts/ has it")
        :format(name), trial.mend(message))
    end
    assert.is_nil(trial.mend "attempt to index a nil value (global 'ctxt')")
    assert.is_nil(trial.mend "attempt to index a nil value (field 'io')")
  end)

  it("gives what a function gives, nil too", function()
    assert.same({ true, nil, 2 }, { trial.call(FILE, error, ABOUT, function() return nil, 2 end) })
  end)

  it("reports what a function raises", function()
    local told
    local ok = trial.call(FILE, function(file, problem)
      assert.equal(FILE, file)
      told = problem
    end, ABOUT, function()
      error(FILE.path .. ":7: broken", 0)
    end)
    assert.is_false(ok)
    assert.same({ severity = "error", code = "c", at = { "prompt" }, line = 7, mend = "mend it",
      message = "it fails: broken" }, told)
  end)
end)
