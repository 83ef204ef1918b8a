local project = require "spec.support.project"
local route = require "loop.route"
local running = require "spec.support.running"
local tables = require "lib.tables"

local PLANNER <const> = project.agent

--- Answers by role, as the cases of a shell script; planning is the scripted planner's.
local function agent(p, cases)
  return p:script(([[
    echo "$MIGHOST_ROLE" >>%s
    case $MIGHOST_ROLE in
    %s
    planning.*) exec %s </dev/null ;;
    *) exit 64 ;;
    esac]]):format(p.home:join("roles"), cases, PLANNER))
end

local function take(p, target, cases, opts)
  local more = tables.copy({ agent_command = agent(p, cases) }, opts)
  local ctx <close>, events = running.context(p, more)
  ctx.run:begin_action(1)
  local outcome, message, name = route.take(ctx, target, 1)
  return outcome, { events = events, run = ctx.run, message = message, name = name,
    counts = ctx.run:counts() }
end

local function sources(p)
  p.repo:write("src/parser.lua", 'require "lexer"\n')
  p.repo:write("src/lexer.lua", "return 1\n")
  p.repo:commit("Add sources")
end

local function roles(p)
  local found = {}
  for role in (p.home:read("roles") or ""):gmatch("[^\n]+") do
    found[#found + 1] = role
  end
  return found
end

local function warnings(more)
  local found = {}
  for _, event in ipairs(more.events) do
    found[#found + 1] = event.kind == "warning" and event.text or nil
  end
  return found
end

local PLAN <const> = 'classify) echo "decision: needs-plan - a format changes" ;;'

describe("loop.route", function()
  it("begins a migration for what needs a plan, as one commit", function()
    local p <close> = project.new()
    sources(p)
    local outcome, more = take(p, { description = "Retire the parser",
      files = { "src/parser.lua", "src/lexer.lua" }, scoping = "no\nAPI change" }, PLAN)
    assert.same({ "commit", "planning.approaches", "Retire the parser" },
      { outcome.decision, outcome.role, outcome.target })
    assert.matches("^retire%-the%-parser%-%d+T%d+$", outcome.slug)
    assert.equal("mighost: plan " .. outcome.slug, p:subjects()[5])
    assert.equal(1, more.counts.plans)
    assert.same({ "classify", "planning.approaches" }, roles(p))
    local state = p:read(outcome.slug .. "/.planning/state.json")
    assert.is_truthy(state:find('"Retire the parser (files: src/parser.lua, src/lexer.lua; '
      .. 'scope: no\\nAPI change)"', 1, true), state)
    assert.same({}, p:problems())
  end)

  it("works the scope of a seed out first, and asks nobody where there is nothing to choose",
    function()
      local p <close> = project.new()
      sources(p)
      local target = { description = "src/parser.lua", files = { "src/parser.lua" },
        is_seed = true }
      assert(take(p, target, PLAN
        .. 'scope-expansion) echo "selected-candidate: local-cluster" ;;'))
      assert.same({ "src/parser.lua", "src/lexer.lua" }, target.files)
      assert.same({ "scope-expansion", "classify", "planning.approaches" }, roles(p))
      p.repo:write("alone.txt", "x")
      p.repo:commit("Add one more")
      target = { description = "alone.txt", files = { "alone.txt" }, is_seed = true }
      assert(take(p, target, PLAN))
      assert.same({ "alone.txt" }, target.files)
      assert.equal("classify", roles(p)[4])
    end)

  it("leaves a seed alone where the answer picks nothing", function()
    local p <close> = project.new()
    sources(p)
    local target = { description = "src/parser.lua", files = { "src/parser.lua" }, is_seed = true }
    local outcome, more = take(p, target, PLAN .. "scope-expansion) echo whatever ;;")
    assert.equal("commit", outcome.decision)
    assert.same({ "src/parser.lua" }, target.files)
    assert.matches("the scope stays at src/parser.lua: there is no line", warnings(more)[1])
  end)

  it("gives up on a target where an agent fails or decides nothing", function()
    local p <close> = project.new()
    sources(p)
    local function expect(role, kind, cases, opts)
      local outcome = take(p, { description = "d", files = { "src/parser.lua" },
        is_seed = role == "scope-expansion" }, cases, opts)
      assert.same({ "abandon", "new-target", role, kind },
        { outcome.decision, outcome.retry, outcome.role, outcome.failure_kind })
      assert.is_truthy(#outcome.evidence > 0)
      assert.is_string(outcome.summary)
    end
    expect("classify", "agent-infra-failure", "classify) echo hm ;;")
    expect("classify", "agent-exited-nonzero", "classify) exit 3 ;;")
    expect("classify", "timeout", "classify) sleep 60 ;;", { timeout = 1 })
    expect("classify", "stuck", "classify) sleep 60 ;;", { silence_timeout = 1 })
    expect("scope-expansion", "agent-exited-nonzero", "scope-expansion) exit 3 ;;")
    expect("planning.approaches", "planning-step-failed",
      PLAN .. "planning.approaches) echo nothing ;;")
    assert.same({}, p:problems())
    assert.equal(4, #p:subjects())
  end)

  it("spends no more effort than the run may", function()
    local p <close> = project.new()
    sources(p)
    local cases = [[classify) echo "decision: needs-plan - $MIGHOST_EFFORT $MIGHOST_MODEL" ;;]]
    local target = { description = "d", files = { "src/parser.lua" }, effort = "xhigh",
      model = "special" }
    local _, more = take(p, target, cases, { max_allowed_effort = "medium" })
    assert.same({ "xhigh", "medium" }, { target.effort_asked, target.effort })
    assert.matches("asks for effort xhigh; medium is the most", warnings(more)[1])
    local reason
    for _, event in ipairs(more.events) do
      reason = event.kind == "classified" and event.text or reason
    end
    assert.equal("medium special", reason)
    target = { description = "e", files = { "src/parser.lua" } }
    take(p, target, cases, { default_effort = "high" })
    assert.equal("high", target.effort)
  end)

  it("has a cohesive cleanup done at once", function()
    local p <close> = project.new()
    sources(p)
    local outcome = assert(take(p, { description = "Tidy the parser",
      files = { "src/parser.lua" } }, [[
      classify) echo "decision: cohesive-cleanup" ;;
      refactor) echo "return 2" >src/parser.lua; echo done ;;]]))
    assert.equal("commit", outcome.decision)
    assert.equal("mighost: Tidy the parser", p:subjects()[5])
    assert.same({ "classify", "refactor" }, roles(p))
    assert.same({}, p:problems())
  end)

  it("says in one line what a plan is for", function()
    local function text(target)
      return route.plan_text(target)
    end
    assert.equal("a.c", text { description = "a.c", files = { "a.c" } })
    assert.equal("d", text { description = "d", files = {} })
    assert.equal("d (scope: s)", text { description = "d", files = {}, scoping = "s" })
    local files = {}
    for number = 1, 22 do
      files[number] = "f" .. number
    end
    assert.matches("f20 and 2 more%)$", text { description = "d", files = files })
  end)
end)
