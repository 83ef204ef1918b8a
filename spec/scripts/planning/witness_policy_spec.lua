local policy = require "planning.witness_policy"
local tables = require "lib.tables"

local function changed(more)
  return tables.copy({ touch = "changed", kind = "file", path = "x" }, more)
end

describe("planning.witness_policy", function()
  it("knows what was in force", function()
    assert.equal("full", policy.level "full: Landlock ABI 7; mounted read-only: 2")
    assert.equal("partial", policy.level "partial: Landlock ABI 2")
    for _, text in ipairs { false, "none: no Landlock", "off", "", "fullest" } do
      assert.equal("none", policy.level(text or nil))
    end
  end)

  it("counts what was not prevented", function()
    for _, case in ipairs {
      -- entry, full, partial
      { { touch = "added", kind = "file" }, false, false },
      { { touch = "removed", kind = "file" }, false, false },
      { { touch = "replaced", kind = "file" }, false, false },
      { changed { size = true, mtime = true, written = true }, false, false },
      { changed { size = true, shrunk = true, mtime = true, written = true }, false, true },
      { changed { size = true, mtime = true, mode = true }, true, true },
      { changed { mode = true }, true, true },
      { changed { mode = true, kind = "directory" }, true, true },
      { changed { owner = true }, true, true },
      { changed { mtime = true }, true, true },
      { changed { mtime = true, written = true }, false, false },
      { changed { links = true }, false, false },
      { changed { other = true }, true, true },
      { changed { other = true, kind = "directory" }, false, false },
    } do
      assert.is_true(policy.counts(case[1], "none"))
      assert.equal(case[2], policy.counts(case[1], "full"))
      assert.equal(case[3], policy.counts(case[1], "partial"))
    end
  end)

  it("counts everything in a place that lies where the agent may write", function()
    assert.equal("none", policy.level_in("full", "/a/b", { "/x", "/a" }))
    assert.equal("none", policy.level_in("full", "/a/b", { "/a/b" }))
    assert.equal("none", policy.level_in("full", "/a/b", { "/" }))
    assert.equal("full", policy.level_in("full", "/a/b", { "/a/bc", "/a/b/c" }))
    assert.same({ "c", "d/e" },
      policy.exceptions("/a/b", { "/a/b/c", "/a/bc", "/a/b/d/e", "/a/b" }))
  end)

  it("says what happened", function()
    assert.equal("added", policy.describe { touch = "added" })
    assert.equal("changed", policy.describe { touch = "replaced" })
    assert.equal("permissions changed", policy.describe(changed { mode = true, size = true }))
    assert.equal("times changed", policy.describe(changed { mtime = true }))
    assert.equal("changed", policy.describe(changed { mtime = true, written = true }))
    assert.equal("linked", policy.describe(changed { links = true }))
  end)
end)
