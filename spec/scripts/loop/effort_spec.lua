local effort = require "loop.effort"

local TIERS <const> = { "low", "medium", "high", "xhigh" }

describe("tiers of effort", function()
  it("are ordered: the larger is never exceeded by either, and is one of them", function()
    for i, a in ipairs(TIERS) do
      for j, b in ipairs(TIERS) do
        local larger = effort.larger(a, b)
        assert.equal(TIERS[math.max(i, j)], larger)
        assert.equal(i > j, effort.exceeds(a, b))
        assert.is_false(effort.exceeds(a, larger))
      end
    end
  end)

  it("have one that is asked for by nobody", function()
    assert.equal("medium", effort.larger("medium", nil))
  end)

  it("are four", function()
    for _, tier in ipairs(TIERS) do
      assert.is_true(effort.is_known(tier))
    end
    assert.is_false(effort.is_known("extreme"))
    assert.is_false(effort.is_known(nil))
  end)
end)
