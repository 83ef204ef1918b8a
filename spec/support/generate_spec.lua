local generate = require "spec.support.generate"
local strict = require "lib.strict"

describe("spec.support.generate", function()
  it("gives the same values for the same seed and others for another", function()
    local function values(seed)
      local random = generate.random(seed)
      local found = {}
      for index = 1, 20 do
        found[index] = random(1000)
      end
      return found
    end
    assert.same(values(1), values(1))
    assert.not_same(values(1), values(2))
  end)

  it("reaches every number of its range and none outside", function()
    local random, seen = generate.random(7), {}
    for _ = 1, 2000 do
      seen[random(10)] = true
    end
    assert.equal(10, #seen)
    assert.is_nil(seen[0])
    assert.is_nil(seen[11])
  end)

  it("makes strict values of every kind", function()
    local kinds = {}
    for seed = 1, 200 do
      kinds[strict.kind(generate.strict(generate.random(seed), 2))] = true
    end
    for _, kind in ipairs { "object", "array", "string", "integer", "number", "boolean", "null" } do
      assert.is_true(kinds[kind], kind)
    end
  end)
end)
