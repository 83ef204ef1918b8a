local ending = require "loop.ending"
local exit = require "lib.exit"
local loop = require "spec.support.loop"
local phase = require "loop.phase"
local time = require "lib.time"

local function tick(site, opts)
  return phase.tick(site:context(opts), { attempt = 1 })
end

local function subject(site)
  return site.repo:git("log", "-1", "--format=%s")
end

describe("a phase tick", function()
  it("carries a phase out and records it as done in the same commit", function()
    local site <close> = loop.new()
    site:migration("move", { "one", "two" },
      { cooldown_until = "2026-03-02T00:00:00.000+00:00", efforts = { "medium" } })
    local head = site.repo:head()
    local outcome = assert(tick(site, { agent = 'echo "$MIGHOST_EFFORT" >code.txt; echo hi' }))
    assert.same({ "commit", "none", "move", "phase-1-one.md" },
      { outcome.decision, outcome.retry, outcome.slug, outcome.phase })
    assert.equal("mighost: migration/move/phase-1-one.md", subject(site))
    assert.equal(head, site.repo:git("rev-parse", "HEAD^"))
    assert.equal("M\tcode.txt\nM\tmigrations/move/manifest.json",
      site.repo:git("diff", "--name-status", "HEAD^", "HEAD"))
    local manifest = site:manifest "move"
    assert.same({ "in-progress", "two", true, false }, { manifest.status, manifest.current_phase,
      manifest.phases[1].done, manifest.phases[2].done })
    assert.is_nil(manifest.cooldown_until)
    assert.is_nil(manifest.wake_up_on)
    assert.equal("medium\n", site.repo:read("code.txt"))
    assert.equal("", site.repo:status())
    outcome = assert(tick(site, { agent = "echo 2 >code.txt; echo hi" }))
    assert.equal("commit", outcome.decision)
    manifest = site:manifest "move"
    assert.same({ "done", "" }, { manifest.status, manifest.current_phase })
    assert.equal("none", assert(tick(site)).decision)
    assert.same({ "phase.ready-check", "phase.execute", "phase.ready-check", "phase.execute" },
      site:calls())
    assert.equal(0, site.inner:run({ "migration", "doctor", "--all" }).exit)
  end)

  it("is over without a change of the code where the phase needs none", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    assert.equal("commit", assert(tick(site, { agent = "echo nothing to do" })).decision)
    assert.equal("M\tmigrations/move/manifest.json",
      site.repo:git("diff", "--name-status", "HEAD^", "HEAD"))
  end)

  it("takes the oldest that is due, and none that waits", function()
    local site <close> = loop.new()
    site:migration("younger", { "one" }, { created_at = "2026-04-01T00:00:00.000+00:00" })
    site:migration("older", { "one" }, { created_at = "2026-03-15T00:00:00.000+00:00" })
    site:migration("waiting", { "one" }, { awaiting_human_review = true })
    site:migration("planned", { "one" }, { status = "planning" })
    site:migration("cooling", { "one" },
      { cooldown_until = time.format(require("host.sys").now() + 3600, 0) })
    local outcome = assert(tick(site, { agent = "date +%N >code.txt; echo hi" }))
    assert.equal("older", outcome.slug)
    outcome = assert(tick(site, { agent = "date +%N >code.txt; echo hi" }))
    assert.equal("younger", outcome.slug)
    assert.equal("none", assert(tick(site)).decision)
  end)

  it("defers what is not ready once nothing else can run, and asks nobody twice", function()
    local site <close> = loop.new()
    site:migration("first", { "one" }, { created_at = "2026-03-01T00:00:00.000+00:00" })
    site:migration("second", { "one" }, { created_at = "2026-03-02T00:00:00.000+00:00" })
    local ctx = site:context { agent = [[
      case $MIGHOST_ROLE:$MIGHOST_SLUG in
      phase.ready-check:first) echo "ready: no - the other one comes first" ;;
      phase.ready-check:*) echo "ready: yes" ;;
      *) echo new >code.txt; echo hi ;;
      esac]] }
    local head = site.repo:head()
    local outcome = assert(phase.tick(ctx, { attempt = 1 }))
    assert.same({ "commit", "second" }, { outcome.decision, outcome.slug })
    assert.equal(head, site.repo:git("rev-parse", "HEAD^"))
    assert.is_nil(site:manifest("first").cooldown_until)
    outcome = assert(phase.tick(ctx, { attempt = 2 }))
    assert.same({ "deferred", "first", "phase-ready-no", "phase.ready-check" },
      { outcome.decision, outcome.slug, outcome.failure_kind, outcome.role })
    assert.same({ "phase.ready-check", "phase.ready-check", "phase.execute" }, site:calls())
    assert.equal("mighost: defer/first/phase-1-one.md", subject(site))
    local manifest, now = site:manifest "first", require("host.sys").now()
    assert.is_true(math.abs(time.parse(manifest.cooldown_until) - now - 6 * 3600) < 60)
    assert.is_true(math.abs(time.parse(manifest.wake_up_on) - now - 7 * 24 * 3600) < 60)
    assert.equal("none", assert(phase.tick(ctx, { attempt = 3 })).decision)
    assert.equal("", site.repo:status())
  end)

  it("defers a phase that asks for more effort than the run may spend, but not from one that may",
    function()
      local site <close> = loop.new()
      site:migration("hard", { "one" }, { efforts = { "high" } })
      local outcome = assert(tick(site, { settings = { max_allowed_effort = "medium" } }))
      assert.same({ "deferred", "phase-effort-over-budget", "phase.effort-budget" },
        { outcome.decision, outcome.failure_kind, outcome.role })
      assert.same({}, site:calls())
      assert.is_string(site:manifest("hard").cooldown_until)
      assert.equal("none",
        assert(tick(site, { settings = { max_allowed_effort = "medium" } })).decision)
      outcome = assert(tick(site, { agent = "echo new >code.txt; echo hi" }))
      assert.equal("commit", outcome.decision)
    end)

  it("hands over to a person what cannot be verified", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local outcome = assert(tick(site,
      { agent = "echo 'ready: unverifiable - the licence is not cleared'" }))
    assert.same({ "blocked", "human-review", "phase.ready-check", "phase-ready-unverifiable" },
      { outcome.decision, outcome.retry, outcome.role, outcome.failure_kind })
    local manifest = site:manifest "move"
    assert.same({ true, "the licence is not cleared" },
      { manifest.awaiting_human_review, manifest.human_review_reason })
    assert.equal("", site.repo:status())
    assert.equal("none", assert(tick(site)).decision)
  end)

  it("does not run a phase of a migration that is not consistent", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    site.repo:git("rm", "-q", "migrations/move/plan.md")
    site.repo:commit("Lose the plan")
    local ctx = site:context()
    local outcome = assert(phase.tick(ctx, { attempt = 1 }))
    assert.same({ "blocked", "human-review", "phase.execution-gate",
      "migration-consistency-error" }, { outcome.decision, outcome.retry, outcome.role,
      outcome.failure_kind })
    assert.matches("missing%-plan", outcome.summary)
    assert.same({}, site:calls())
    assert.equal("none", assert(phase.tick(ctx, { attempt = 2 })).decision)
  end)

  it("does not ask again in this run where an agent left a phase to a person", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local ctx = site:context { agent = "echo x >code.txt; printf 'BEGIN_MIGHOST_STATUS\n"
      .. "decision: blocked\nsummary: who owns this?\nEND_MIGHOST_STATUS\n'" }
    local outcome = assert(phase.tick(ctx, { attempt = 1 }))
    assert.same({ "blocked", "human-review", "phase.execute", "who owns this?" },
      { outcome.decision, outcome.retry, outcome.role, outcome.summary })
    assert.equal("", site.repo:status())
    assert.equal("none", assert(phase.tick(ctx, { attempt = 2 })).decision)
    assert.same({ "phase.ready-check", "phase.execute" }, site:calls())
  end)

  it("does not run a phase that a team's own rule refuses", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    site.repo:write(".mighost/rules/frozen.lua", [[return {
      modes = { "execution-gate" },
      check = function(m, report)
        report { severity = "error", code = "frozen", path = m.manifest.phases[1].file,
          message = "nothing is carried out this week" }
      end,
    }]])
    site.repo:commit("Freeze")
    assert.equal(0, site.inner:run({ "trust", "--yes" }).exit)
    local result = site.inner:run { "run", "--focus-on-live-migrations", "--validation-command",
      "true", "--with", "command", "--agent-command", site:agent("echo hi") }
    assert.matches("phase.execution%-gate +blocked .*nothing is carried out this week %(frozen%)",
      result.stdout)
    assert.same({}, site:calls())
    assert.equal("ready", site:manifest("move").status)
  end)

  it("puts back what a ready-check touched, and believes no such check", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    site.repo:write("build/o", "object\n")
    local picture = loop.picture(site.path)
    local outcome = assert(tick(site, { agent = "echo x >code.txt; echo ready: yes" }))
    assert.same({ "abandon", "phase.ready-check", "agent-infra-failure" },
      { outcome.decision, outcome.role, outcome.failure_kind })
    assert.matches("code.txt", outcome.summary)
    assert.equal(picture, loop.picture(site.path))
    outcome = assert(tick(site, { agent = "echo x >build/o; echo ready: no" }))
    assert.equal("abandon", outcome.decision)
    assert.equal("object\n", site.repo:read("build/o"))
  end)

  it("names what fails, and leaves everything as it was", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local cases = {
      { "echo broken >code.txt; echo hi", "phase.validation", "validation-failed", 9 },
      { "echo x >code.txt; exit 1", "phase.execute", "agent-exited-nonzero", 1 },
      { ":", "phase.execute", "agent-infra-failure", 1 },
      { "echo x >>migrations/move/plan.md; echo hi", "phase.execute", "phase-failed", 1 },
      { "git switch -q -c mine; echo hi", "phase.execute", "phase-failed", 1 },
      { "echo maybe ready:", "phase.ready-check", "agent-infra-failure", 1 },
      { "echo x >code.txt; echo ready: yes", "phase.ready-check", "agent-infra-failure", 1 },
    }
    for _, case in ipairs(cases) do
      site.repo:status()
      local picture = loop.picture(site.path)
      local outcome = assert(tick(site, { agent = case[1] }))
      assert.same({ "abandon", "new-target", case[2], case[3] },
        { outcome.decision, outcome.retry, outcome.role, outcome.failure_kind }, case[1])
      assert.equal(case[4], exit.code(ending.name(outcome)), case[1])
      assert.equal(picture, loop.picture(site.path), case[1])
    end
  end)

  it("passes over a migration that another process works on", function()
    local site <close> = loop.new()
    site:migration("move", { "one" })
    local opened = site:open()
    local repo <close> = assert(require("host.repo").open(site.path))
    local publish <close> = assert(require("planning.commit").open(opened, repo))
    local lease = assert(publish:lease("move", "spec"))
    assert.equal("none", assert(tick(site)).decision)
    lease:drop()
    assert.same({}, site:calls())
  end)
end)
