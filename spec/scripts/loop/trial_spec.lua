local actions = require "loop.action"
local journal = require "loop.journal"
local loop = require "spec.support.loop"
local tables = require "lib.tables"
local trial = require "loop.trial"

local function try(site, opts, more)
  local ctx = site:context(opts)
  local action = assert(actions.begin(ctx, { kind = "refactor", target = "tidy" }))
  local job = tables.copy({ role = "refactor", validation_role = "validation", effort = "low",
    target = "tidy", attempt = 1, agent_kind = "agent-infra-failure",
    prompt = function(earlier)
      return earlier and "again: " .. earlier.summary or "first"
    end }, more)
  local result = assert(trial.run(ctx, action, job, { attempt = 1, retry = 1 }))
  local entry = assert(journal.read(ctx.project))
  assert(action:abandon())
  return result, entry
end

describe("one try", function()
  it("is green with its change, and the journal knows", function()
    local site <close> = loop.new()
    local result, entry = try(site, { agent = "echo a >code.txt; echo hi" })
    assert.same({ "green", "validation" }, { result.kind, result.role })
    assert.same({ "code.txt" }, result.change.files)
    assert.same({ "validated", result.change.tree }, { entry.stage, entry.tree })
  end)

  it("is red with what the validation said last", function()
    local site <close> = loop.new()
    local result, entry = try(site, { agent = "echo broken >code.txt; echo hi" })
    assert.same({ "red", "validation-failed", "code.txt is broken" },
      { result.kind, result.failure_kind, result.why })
    assert.equal("answered", entry.stage)
    assert.matches("validation/stdout.log$", result.evidence[1])
  end)

  it("without a change is validated only where that is wanted", function()
    local site <close> = loop.new()
    assert.equal("unchanged", try(site, { agent = "echo hi", validation = "exit 1" }).kind)
    assert.equal("red",
      try(site, { agent = "echo hi", validation = "exit 1" }, { may_be_empty = true }).kind)
  end)

  it("ends before the validation where the agent asks for something else, or fails", function()
    local site <close> = loop.new()
    local asked = try(site, { agent = "echo a >code.txt; printf 'BEGIN_MIGHOST_STATUS\\n"
      .. "decision: blocked\\nEND_MIGHOST_STATUS\\n'", validation = "touch ran" })
    assert.same({ "asked", "refactor", "agent-requested-transition" },
      { asked.kind, asked.role, asked.failure_kind })
    local failed = try(site, { agent = "exit 4", validation = "touch ran" })
    assert.same({ "failed", "refactor", "agent-exited-nonzero" },
      { failed.kind, failed.role, failed.failure_kind })
    assert.is_false(site.repo.dir:exists("ran"))
  end)
end)
