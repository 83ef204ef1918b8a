local candidates = require "loop.candidates"
local execution = require "loop.execution"
local loop = require "spec.support.loop"
local manifests = require "migration.manifest"

local function open(site, opts)
  local ctx = site:context(opts)
  return ctx, assert(candidates.find(ctx, "move"))
end

describe("a phase to be carried out", function()
  it("is described from its file and its plan", function()
    local site <close> = loop.new()
    site:migration("move", { "one" }, { efforts = { "high" } })
    local ctx, candidate = open(site)
    local about = assert(execution.describe(ctx, candidate, 7))
    assert.same({ "move", "phase-1-one.md", loop.PHASE, "Move it", "high", "sh check.sh", 7 },
      { about.slug, about.file, about.text, about.target, about.effort, about.validation,
        about.attempt })
    local prompt = execution.job(ctx, candidate, about).prompt { summary = "it was red",
      focus = "the edges", excerpt = "line 1\nline 2" }
    for _, words in ipairs { "Definition of Done", "sh check.sh", "it was red", "the edges",
      "line 2", site.path .. "/migrations/move", "BEGIN_MIGHOST_STATUS" } do
      assert.is_truthy(prompt:find(words, 1, true), words)
    end
    assert(os.remove(site.path .. "/migrations/move/phase-1-one.md"))
    assert.equal("ENOENT", select(3, execution.describe(ctx, candidate)))
  end)

  it("is done in a manifest whose cursor goes on, until all are", function()
    local site <close> = loop.new()
    site:migration("move", { "one", "two", "three" }, { cooldown_until = loop.MOMENT,
      wake_up_on = loop.MOMENT, human_review_reason = "was", extra = { own = "kept" } })
    local _, candidate = open(site)
    local manifest = execution.complete(candidate.manifest, 1)
    assert.same({ "in-progress", "two" }, { manifest.status, manifest.current_phase })
    assert.same({ nil, nil, nil, false }, { manifest.cooldown_until, manifest.wake_up_on,
      manifest.human_review_reason, manifest.awaiting_human_review })
    assert.equal("kept", manifest.extra.own)
    assert.is_false(candidate.manifest.phases[1].done)
    manifest = execution.complete(manifest, 3)
    assert.same({ "in-progress", "two" }, { manifest.status, manifest.current_phase })
    manifest = execution.complete(manifest, 2)
    assert.same({ "done", "" }, { manifest.status, manifest.current_phase })
  end)

  it("is committed with that manifest", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local ctx, candidate = open(site)
    local message, own = execution.finisher(ctx, candidate) { status = { summary = "Moved." } }
    assert.equal("mighost: migration/move/phase-1-one.md\n\nWhy:\nMoved.\n\nValidation:\n"
      .. "sh check.sh\n", message)
    assert.equal("done", manifests.decode(own["migrations/move/manifest.json"]).status)
  end)
end)
