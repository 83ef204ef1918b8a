local overview = require "planning.overview"
local sample = require "spec.support.sample"
local tmp = require "spec.support.tmp"

local function read(slug, opts, change)
  local dir <close> = tmp.dir()
  sample.write(dir, "m", slug, opts)
  if change then
    change(dir)
  end
  return assert(overview.read({ root = dir.path, live = "m", live_path = dir:join("m"),
    common = dir:join("git"), state_home = dir:join("state") }, slug))
end

describe("planning.overview.read", function()
  it("tells all of a plan that is being made", function()
    local seen = read("a", { steps = 4, phases = 2, target = "Do it" })
    assert.same({ "planning", "planning:revise", "Do it", "later ones", "mighost plan a" },
      { seen.status, seen.cursor, seen.target, seen.feedback[2].text, seen.next })
    assert.equal("m/a/.planning/stages/review.stdout.md", seen.review_findings)
    assert.same({ {}, 4, 2 }, { seen.findings, #seen.history, #seen.phases })
    assert.same({ step = "review", outcome = "findings", agent = "codex", model = "m-1",
      effort = "high",
      completed_at = "2026-03-01T04:15:00.000+00:00",
        output = "m/a/.planning/stages/review.stdout.md" },
      seen.history[4])
    assert.same({ name = "part-2", file = "phase-2-part-2.md", done = false, current = true,
      precondition = "Part 2 may start.", required_effort = "low" }, seen.phases[2])
    assert.is_true(seen.phases[1].done)
    assert.is_nil(seen.waits)
  end)

  it("names no next command that would not go on", function()
    assert.is_nil(read("a", { steps = 7, phases = 1 }).next)
    assert.is_nil(read("a", { status = "ready", phases = 1 }).next)
    assert.is_nil(read("a", { status = "done" }).next)
  end)

  it("sends to a person what waits for one", function()
    assert.equal("mighost migration review a",
      read("a", { steps = 7, status = "ready", phases = 1, reason = "look" }).next)
    assert.equal("mighost migration refine --message TEXT -- -a",
      read("-a", { steps = 2, reason = "look" }).next)
  end)

  it("sends to doctor when something is wrong", function()
    local seen = read("a b", { status = "ready", phases = 1 }, function(dir)
      os.remove(dir:join("m/a b/plan.md"))
    end)
    assert.equal("mighost migration doctor 'a b'", seen.next)
    assert.equal("missing-plan", seen.findings[1].code)
  end)

  it("quotes a slug that looks like an option", function()
    assert.equal("mighost plan -- -a", read("-a", { steps = 1 }).next)
  end)

  it("says why a migration waits", function()
    assert.equal("a person has to decide: look here",
      read("a", { status = "ready", phases = 1, reason = "look here" }).waits)
    assert.equal("skipped: the plan was rejected", read("a", { status = "skipped" }).waits)
    assert.equal("nothing is left to do", read("a", { status = "done" }).waits)
    assert.matches("2999", read("a", { steps = 1, cooldown = "2999-01-01T00:00:00Z" }).waits)
  end)

  it("leaves out what cannot be read", function()
    local seen = read("a", { steps = 4 }, function(dir)
      dir:write("m/a/manifest.json", "{")
    end)
    assert.same({ "invalid-manifest", "mighost migration doctor a" }, { seen.status, seen.next })
    assert.is_nil(seen.created_at)
    assert.equal(4, #seen.history)
    seen = read("a", { steps = 4 }, function(dir)
      dir:write("m/a/.planning/state.json", "{")
    end)
    assert.same({ {}, {} }, { seen.history, seen.feedback })
    assert.equal("planning-state-invalid", seen.findings[1].code)
  end)

  it("says when there is no live directory", function()
    local dir <close> = tmp.dir()
    local seen, message, name = overview.read({ root = dir.path, live = "m",
      live_path = dir:join("m") }, "a")
    assert.is_nil(seen)
    assert.is_string(message)
    assert.equal("ECONFIG", name)
  end)
end)
