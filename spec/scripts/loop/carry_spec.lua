local actions = require "loop.action"
local carry = require "loop.carry"
local json = require "lib.json"
local loop = require "spec.support.loop"
local text = require "lib.text"

local function run(site, opts, finish)
  local ctx = site:context(opts)
  local action <close> = assert(actions.begin(ctx, { kind = "refactor", target = "tidy" }))
  return carry.run(ctx, action, { role = "refactor", validation_role = "validation",
    effort = "low", target = "tidy", attempt = 3, agent_kind = "agent-infra-failure",
    prompt = function()
      return "work"
    end }, finish or function()
      return "Subject\n", {}
    end), ctx
end

describe("carrying work through", function()
  it("tries as often as it may, and tells of each try in the evidence", function()
    local site <close> = loop.new()
    local outcome, ctx = run(site, { agent = "echo broken >code.txt; echo hi",
      settings = { max_attempts = 3 } })
    assert.same({ "abandon", "new-target", 3 },
      { outcome.decision, outcome.retry, outcome.retry_number })
    assert.same({ "refactor", "refactor", "refactor" }, site:calls())
    local file <close> = assert(io.open(ctx.run.path .. "/summary.json"))
    local retries = {}
    for _, kept in ipairs(json.decode(file:read("a")).attempts) do
      retries[#retries + 1] = kept.decision
    end
    assert.same({ "retry", "retry" }, retries)
    local events <close> = assert(io.open(ctx.run.path .. "/events.jsonl"))
    local failures = 0
    for _, line in ipairs(text.lines(events:read("a"))) do
      failures = failures + (json.decode(line).event == "failure" and 1 or 0)
    end
    assert.equal(2, failures)
  end)

  it("tries without end where the attempts are not limited", function()
    local site <close> = loop.new()
    local outcome = assert(run(site, { settings = { max_attempts = 0 }, agent = [[
      if [ "$MIGHOST_VISIT" -lt 4 ]; then echo broken >code.txt; else echo fine >code.txt; fi
      echo hi]] }))
    assert.same({ "commit", 4 }, { outcome.decision, outcome.retry_number })
  end)

  it("does not try again what an agent says is not worth it, or what failed", function()
    local site <close> = loop.new()
    for _, body in ipairs {
      "exit 1",
      "printf 'BEGIN_MIGHOST_STATUS\\ndecision: abandon\\nEND_MIGHOST_STATUS\\n'",
      "printf 'BEGIN_MIGHOST_STATUS\\ndecision: retry\\nretry_recommendation: new-target\\n"
        .. "END_MIGHOST_STATUS\\n'",
    } do
      local outcome = assert(run(site, { agent = body, settings = { max_attempts = 3 } }))
      assert.same({ "abandon", 1 }, { outcome.decision, outcome.retry_number }, body)
    end
  end)

  it("puts everything back where the commit cannot be described", function()
    local site <close> = loop.new()
    local picture = loop.picture(site.path)
    local outcome = run(site, { agent = "echo a >code.txt; echo hi" }, function()
      return nil, "no words"
    end)
    assert.is_nil(outcome)
    assert.equal(picture, loop.picture(site.path))
  end)
end)
