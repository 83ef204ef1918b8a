local deferral = require "loop.deferral"
local loop = require "spec.support.loop"
local tables = require "lib.tables"
local time = require "lib.time"

local NOT_READY <const> = { slug = "move", phase = "one", file = "phase-1-one.md",
  failure_kind = "phase-ready-no", why = "too early" }

local function with(more)
  return tables.copy(NOT_READY, more)
end

describe("a deferral", function()
  it("cools a migration for six hours and lets it sleep for a week, unless it does", function()
    local changed = deferral.apply({ last_touch = "old", phases = {} }, NOT_READY, 1000000)
    assert.equal(1000000 + 6 * 3600, time.parse(changed.cooldown_until))
    assert.equal(1000000 + 7 * 24 * 3600, time.parse(changed.wake_up_on))
    assert.equal(1000000, time.parse(changed.last_touch))
    changed = deferral.apply({ last_touch = "old", wake_up_on = "2026-01-01", phases = {} },
      NOT_READY, 1000000)
    assert.equal("2026-01-01", changed.wake_up_on)
  end)

  it("hands over to a person without a time", function()
    local changed = deferral.apply({ last_touch = "old", phases = {} },
      with { failure_kind = "phase-ready-unverifiable" }, 1000000)
    assert.same({ true, "too early" },
      { changed.awaiting_human_review, changed.human_review_reason })
    assert.is_nil(changed.cooldown_until)
  end)

  it("is one publication, known again by its commit", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local ctx = site:context()
    local oid = assert(deferral.publish(ctx,
      with { failure_kind = "phase-effort-over-budget", why = "effort high" }))
    assert.equal(site.repo:head(), oid)
    assert.equal("", site.repo:status())
    local repo <close> = assert(require("host.repo").open(site.path))
    local last = assert(repo:history("migrations/move", 1))[1]
    assert.equal("mighost: defer/move/phase-1-one.md", last.subject)
    assert.is_true(deferral.was_over_budget(last))
    assert.is_false(deferral.was_over_budget { subject = last.subject,
      body = "\nWhy:\nphase-ready-no: phase-effort-over-budget: no\n" })
    assert.is_false(deferral.was_over_budget(nil))
  end)

  it("is nothing where the migration has moved on meanwhile", function()
    local site <close> = loop.new()
    site:migration("move", { "one", "two" }, { current_phase = "two" })
    local head = site.repo:head()
    assert.is_false(deferral.publish(site:context(), NOT_READY))
    assert.equal(head, site.repo:head())
  end)

  it("fails where somebody works on the migration, or is gone", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    site.repo:write("migrations/move/plan.md", "a person's edit\n")
    local oid, _, name = deferral.publish(site:context(), NOT_READY)
    assert.same({ nil, "EDIRTY" }, { oid, name })
  end)
end)
