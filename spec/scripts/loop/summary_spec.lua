local json = require "lib.json"
local summary = require "loop.summary"
local tables = require "lib.tables"

local function entry(attempt, role, decision, more)
  return tables.copy({ attempt = attempt, role = role, decision = decision, retry = 1 }, more)
end

describe("loop.summary", function()
  it("counts what became of the attempts", function()
    assert.same({
      targets = 4, plans = 1, planning_steps = 2, phases = 1, refactors = 1, commits = 4,
      retries = 2, failures = 2, deferred = 1, unchanged = 1,
    }, summary.count({
      entry(1, "planning.approaches", "commit"),
      entry(2, "planning.pick-best", "commit"),
      entry(3, "phase.ready-check", "deferred"),
      entry(3, "phase.execute", "commit"),
      entry(4, "refactor", "retry"),
      entry(4, "refactor", "commit", { retry = 2 }),
      entry(5, "refactor", "abandon"),
      entry(6, "refactor", "retry"),
      entry(7, "refactor", "unchanged"),
      entry(8, "planning.state", "blocked", { target = "a" }),
    }, { targets = 4, plans = 1 }))
  end)

  it("counts every migration that is blocked in one action", function()
    assert.equal(2, summary.count({
      entry(1, "planning.state", "blocked", { target = "a" }),
      entry(1, "planning.state", "blocked", { target = "b" }),
    }, {}).failures)
  end)

  it("adds to what is known of a try, else makes a new entry", function()
    local attempts = {}
    summary.merge(attempts, { attempt = 1, retry = 1, role = "refactor", decision = "retry" })
    summary.merge(attempts, { attempt = 1, retry = 2, role = "refactor", decision = "commit" })
    summary.merge(attempts, { attempt = 1, role = "refactor", decision = "commit", commit = "c" })
    summary.merge(attempts, { attempt = 1, role = "validation", decision = "commit" })
    summary.merge(attempts, { attempt = 2, role = "refactor", decision = "abandon", target = "t" })
    summary.merge(attempts, { attempt = 2, role = "refactor", decision = "abandon", target = "u" })
    assert.equal(5, #attempts)
    assert.equal("c", attempts[2].commit)
    assert.equal("retry", attempts[1].decision)
    assert.equal(1, attempts[3].retry)
    assert.equal("u", attempts[5].target)
  end)

  it("writes one document", function()
    local text = summary.encode({ run = "r", command = "run", root = "/p", status = "running",
      started_at = "s", updated_at = "u", settings = {}, spent = { calls = 0, tokens = 0 } }, {},
      summary.count({}, {}))
    assert.matches("^[^\n]+\n$", text)
    local document = json.decode(text)
    assert.equal(1, document.schema_version)
    assert.equal("running", document.status)
    assert.equal(json.null, document.finished_at)
    assert.equal(0, document.counts.commits)
    assert.matches('"attempts":%[%]', text)
  end)
end)
