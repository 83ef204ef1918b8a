local preflight = require "loop.preflight"
local project = require "spec.support.project"
local sample = require "spec.support.sample"

describe("loop.preflight", function()
  it("passes where every manifest can be read", function()
    local p <close> = project.new()
    assert.is_true(preflight.check(p:open()))
    sample.write(p.repo, "migrations", "a", { steps = 2 })
    sample.write(p.repo, "migrations", "b", { status = "done" })
    p.repo:write("migrations/__intentional_skips__/note", "x")
    p.repo:write("migrations/.hidden/manifest.json", "{")
    p.repo:write("migrations/note", "x")
    assert.is_true(preflight.check(p:open()))
  end)

  it("gives up on the first that cannot", function()
    local p <close> = project.new()
    sample.write(p.repo, "migrations", "a", { steps = 2 })
    p.repo:write("migrations/b c/manifest.json", "{")
    p.repo.dir:mkdir("migrations/c")
    local outcome = preflight.check(p:open())
    assert.same({ "abandon", "human-review", "phase.execution-gate",
      "migration-consistency-error", "b c" }, { outcome.decision, outcome.retry, outcome.role,
      outcome.failure_kind, outcome.slug })
    assert.equal("Run: mighost migration doctor 'b c'", outcome.next_step)
    assert.equal("mighost migration doctor 'b c'", outcome.fix)
    assert.is_string(outcome.why)
    assert.equal("the manifest of b c cannot be read: " .. outcome.why, outcome.summary)
    p.repo:write("migrations/b c/manifest.json", sample.manifest("b c"))
    assert.equal("c", preflight.check(p:open()).slug)
  end)

  it("says that the live directory cannot be read", function()
    local p <close> = project.new()
    local opened = p:open()
    opened.live_path = p.path .. "/nowhere"
    local outcome, message, name = preflight.check(opened)
    assert.is_nil(outcome)
    assert.matches("nowhere", message)
    assert.equal("ENOENT", name)
  end)
end)
