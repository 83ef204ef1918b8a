local migrations = require "spec.support.migration"
local rule = require "spec.support.rule"

describe("rules/manifest-name", function()
  it("wants the manifest to have the directory's name", function()
    local m <close> = migrations.new()
    assert.same({}, rule.run("manifest-name", m, "doctor"))
    m:change_manifest { name = "another" }
    for _, mode in ipairs { "planning-snapshot", "ready-publish", "execution-gate", "doctor" } do
      assert.same({ "manifest-slug-mismatch manifest.json" }, rule.run("manifest-name", m, mode))
    end
  end)

  it("does not mind where a staged copy lies", function()
    local m <close> = migrations.new()
    assert.same({}, rule.run("manifest-name", m, "planning-snapshot", { slug = "sample@0f0f",
      staged = true }))
  end)
end)
