local brought = require "spec.support.brought"
local trust = require "project.trust"
local which = require "project.which"

describe("project.which", function()
  it("says which file serves and what it hides", function()
    local theirs <close> = brought.new { [".mighost/stages/review.lua"] = "" }
    local project = theirs:open()
    assert(trust.accept(project))
    local found = which.look(project, "stage", "review")
    assert.same({ "stage", "review", true }, { found.kind, found.name, found.trusted })
    assert.same({ layer = "project", path = theirs.path .. "/.mighost/stages/review.lua",
      state = "serves" }, found.layers[1])
    assert.same({ "installed", "hidden" }, { found.layers[2].layer, found.layers[2].state })
    assert.equal(2, #found.layers)
  end)

  it("says why a file does not serve", function()
    local theirs <close> = brought.new { [".mighost/stages/review.lua"] = "" }
    local found = which.look(theirs:open(), "stage", "review.lua")
    assert.is_false(found.trusted)
    assert.equal("refused", found.layers[1].state)
    assert.matches("have not trusted: .mighost/stages/review.lua", found.layers[1].why, 1, true)
    assert.same({ "serves", nil }, { found.layers[2].state, found.layers[2].why })
  end)

  it("knows every kind, without a project too", function()
    local names = { agent = "claude", lib = "text", pipeline = "pipeline", rule = "plan-present",
      script = "migration/list", stage = "expand" }
    for _, kind in ipairs(which.kinds) do
      local found = which.look(nil, kind, names[kind])
      assert.same({ 1, "installed", "serves" },
        { #found.layers, found.layers[1].layer, found.layers[1].state })
      assert.is_nil(found.trusted)
    end
  end)

  it("suggests the nearest name", function()
    local found, message, name, fix = which.look(nil, "stage", "reveiw")
    assert.is_nil(found)
    assert.same({ "there is no stage reveiw; did you mean review?", "EUSAGE",
      "mighost which stage review" }, { message, name, fix })
    found, message, name, fix = which.look(nil, "script", "entirely-unknown")
    assert.is_nil(found)
    assert.same({ "there is no script entirely-unknown", "EUSAGE" }, { message, name, fix })
    assert.equal("EUSAGE", select(3, which.look(nil, "stage", "../stages/review")))
  end)
end)
