--- A team's own pipeline from its first step to its end, through changes of its scripts.

local program = require "spec.support.program"
local project = require "spec.support.project"
local schema = require "spec.support.schema"
local sh = require "spec.support.sh"
local strict = require "lib.strict"
local team = require "spec.support.team"

local AGENT <const> = program.root .. "/spec/support/agents/team.sh"
local TO_END <const> = { "x", "--target", "T", "--pipeline", "secure", "--to-end", "--quiet" }

--- Writes files of a team's, false removes one, and trusts them.
local function use(p, files)
  for path, text in pairs(files) do
    if text then
      p.repo:write(".mighost/" .. path, text)
    else
      assert(os.remove(p.path .. "/.mighost/" .. path))
    end
  end
  local trusted = p:run { "trust", "--yes" }
  assert(trusted.exit == 0, trusted.stderr)
end

local function with(files)
  local p = project.new()
  use(p, files)
  return p
end

local function plan(p, args, findings)
  return p:plan(args, { agent = AGENT, env = { TEAM_FINDINGS = findings } })
end

local function refine(p, args, findings)
  return p:refine(args, { agent = AGENT, env = { TEAM_FINDINGS = findings } })
end

local function read_state(p)
  return assert(strict.decode(p.repo:read("migrations/x/.planning/state.json")))
end

local function expect(code, result)
  assert.equal(code, result.exit, result.stdout .. result.stderr)
  return result
end

describe("a pipeline of a team's own", function()
  it("is followed to its end by plan, list, refine and undo", function()
    local p <close> = with(team.files(3))
    expect(0, p:run { "check" })
    expect(0, plan(p, { "x", "--target", "T", "--pipeline", "secure", "--steps", "7" },
      "loop-review-1 security-review-1"))
    assert.equal("planning:revise", p:run({ "migration", "list", "--no-headers" }).stdout
      :match("^x\tplanning\t([^\t]*)"))
    assert.matches("would ask the agent command for revise of x",
      expect(0, plan(p, { "x", "--dry-run" })).stdout)
    expect(0, plan(p, { "x", "--to-end" }))
    assert.same({ "approaches 1", "pick-best 1", "expand 1", "loop-review 1", "revise 1",
      "loop-review 2", "security-review 1", "revise 2", "loop-review 3", "security-review 2",
      "final-review 1" }, p:calls())
    expect(0, refine(p, { "x", "--message", "Shorter." }))
    assert.equal("loop-review", read_state(p).next_step)
    expect(0, p:run { "migration", "undo", "x" })
    assert.equal("terminal-ready", read_state(p).next_step)
  end)

  it("is named in the command that takes a first step again, and no longer afterwards", function()
    local p <close> = with(team.files())
    local nobody = p.home:write("nobody.sh", "#!/bin/sh\n")
    sh.check { argv = { "chmod", "+x", nobody } }
    local failed = expect(1, p:plan({ "x", "--target", "T", "--pipeline", "secure" },
      { agent = nobody }))
    local again = assert(failed.stderr:match("\n  next: (mighost plan x [^\n]*)"), failed.stderr)
    assert.matches(" %-%-pipeline secure ", again)
    local words = {}
    for word in again:gsub(nobody:gsub("%p", "%%%0"), AGENT):gmatch("%S+") do
      words[#words + 1] = word
    end
    expect(0, p:run(table.move(words, 2, #words, 1, {})))
    assert.equal("secure", read_state(p).pipeline.name)
    failed = expect(1, p:plan({ "x" }, { agent = nobody }))
    assert.is_nil(failed.stderr:find("--pipeline", 1, true))
  end)

  it("waits for a person where its terminal says so", function()
    local p <close> = with(team.files())
    local result = p:plan(TO_END, { agent = AGENT,
      env = { PLANNER_DECISION = "approve-needs-human - it changes a format" } })
    expect(3, result)
    assert.matches("yes\t.*it changes a format",
      p:run({ "migration", "list", "--awaiting-review", "--no-headers" }).stdout)
    local words = {}
    for i, word in ipairs { program.exe, "migration", "review", "x", "--with", "command",
      "--agent-command", p:script([[test -t 0 && test -t 1 && cd $MIGHOST_WORK_DIR && sed -i \
        -e 's/"awaiting_human_review": .*/"awaiting_human_review": false,/' \
        -e 's/"human_review_reason": .*/"human_review_reason": null,/' manifest.json]]) } do
      words[i] = sh.quote(word)
    end
    local reviewed = sh.run { argv = { "script", "-qec", table.concat(words, " "), "/dev/null" },
      cwd = p.path, env = p:env() }
    assert.equal(0, reviewed.exit, reviewed.stdout)
    assert.same({ "secure", "terminal-ready-awaiting-human" },
      { read_state(p).pipeline.name, read_state(p).next_step })
    assert.equal("", p:run({ "migration", "list", "--awaiting-review", "--no-headers" }).stdout)
    assert.equal("", p:run({ "migration", "doctor", "--all" }).stdout)
    expect(0, p:run { "migration", "undo", "x" })
    expect(0, refine(p, { "x", "--message", "Do not change it." }))
    assert.equal("loop-review", read_state(p).next_step)
  end)

  it("records the whole graph and derives what older tools read", function()
    local p <close> = with(team.files())
    expect(0, plan(p, TO_END, "loop-review-1"))
    local state = read_state(p)
    assert.equal("secure.lua", state.pipeline.file)
    assert.equal("secure", state.pipeline.name)
    assert.equal("approaches", state.pipeline.start)
    assert.equal("revise", state.pipeline.refine.to)
    assert.equal(2, strict.integer(state.pipeline.max_visits["loop-review"]))
    assert.equal("loop-review", state.pipeline.edges.revise.completed)
    assert.equal("ready", state.pipeline.terminals["terminal-ready"].status)
    assert.equal("migrations/x/.planning/stages/loop-review.stdout.md", state.review_findings)
    assert.equal("approve-auto", state.final_decision)
    assert.equal("it holds together", state.final_reason)
    local shown = expect(0, p:run { "migration", "show", "x" }).stdout
    assert.matches("\npipeline  secure\n", shown)
    assert.matches("\n  7  security%-review clear ", shown)
    expect(0, p:run { "migration", "doctor", "--all" })
    assert.equal("", p:run({ "migration", "doctor", "--all" }).stdout)
    expect(0, p:run { "migration", "undo", "x", "--to", "loop-review" })
    assert.equal("security-review", read_state(p).next_step)
  end)

  it("stops at a limit of visits without publishing, and goes on after feedback", function()
    local p <close> = with(team.files())
    local stopped = expect(1, plan(p, TO_END, "loop-review-1 loop-review-2"))
    assert.matches("visit%-limit: 'loop%-review' has run 2 times", stopped.stderr)
    assert.equal(2, p:count("loop-review"))
    assert.equal(1, p:count("revise")) -- the second would have been paid for in vain
    assert.equal(6, #read_state(p).completed_steps)
    local fix = stopped.stderr:match("next: mighost (migration refine x) %-%-message TEXT")
    assert.is_string(fix)
    expect(0, refine(p, { "x", "--message", "Make it short." }))
    expect(0, plan(p, { "x", "--to-end" }))
    assert.same({ 6 }, { strict.integer(read_state(p).revision_base_step_counts[1]) })
    assert.equal("ready", p:run({ "migration", "list", "--no-headers" }).stdout:match("^x\t(%a+)"))
  end)

  it("goes on as it was recorded when its file changes, until that is adopted", function()
    local p <close> = with(team.files())
    expect(0, plan(p, { "x", "--target", "T", "--pipeline", "secure", "--steps", "4" },
      "loop-review-1"))
    use(p, team.files(5))
    local found = expect(0, p:run { "migration", "doctor", "x" }).stdout
    assert.matches("^x\twarning\tpipeline%-changed\tmigrations/x/%.planning/state%.json\t", found)
    assert.matches("secure%.lua has changed since; it can be adopted", found)
    local refused = expect(2, plan(p, { "x", "--pipeline", "secure" }))
    assert.matches("next: mighost migration refine x %-%-adopt%-pipeline", refused.stderr)
    expect(0, plan(p, { "x" }))
    assert.equal(2, strict.integer(read_state(p).pipeline.max_visits["loop-review"]))
    local calls = #p:calls()
    expect(0, p:run { "migration", "refine", "x", "--adopt-pipeline" })
    assert.equal(calls, #p:calls())
    assert.equal(5, strict.integer(read_state(p).pipeline.max_visits["loop-review"]))
    assert.equal("", p:run({ "migration", "doctor", "x" }).stdout)
    expect(0, p:run { "migration", "undo", "x" })
    assert.equal(2, strict.integer(read_state(p).pipeline.max_visits["loop-review"]))
    schema.expect("doctor", expect(0, p:run { "migration", "doctor", "x", "--json" }).stdout)
    local adopted = p:run { "migration", "refine", "x", "--adopt-pipeline", "--json" }
    schema.expect("refine", expect(0, adopted).stdout)
    local again = p:run { "migration", "refine", "x", "--adopt-pipeline", "--json" }
    schema.expect("refine", expect(2, again).stdout)
    expect(0, plan(p, { "x", "--pipeline", "secure", "--to-end" }))
  end)

  it("is adopted together with feedback, by a plan that is ready too", function()
    local p <close> = with(team.files())
    expect(0, plan(p, { "x", "--target", "T", "--to-end" }))
    local refused = expect(2, p:run { "migration", "refine", "x", "--adopt-pipeline",
      "--pipeline", "secure" })
    assert.matches("it is ready; feedback would reopen its planning", refused.stderr)
    refused = expect(2, refine(p, { "x", "--adopt-pipeline", "--pipeline", "secure", "--message",
      "Shorter." }))
    assert.matches("'review' is accepted where 'loop%-review' is due", refused.stderr)
    local ours = team.pipeline():gsub("loop%-review", "review")
    use(p, { ["stages/ours.lua"] = (ours:gsub('clear = "security%-review", findings',
      'clear = "final-review", findings'):gsub('%["security%-review"%][^\n]*', ""):gsub(
      '"security%-review", ', "")) })
    expect(0, refine(p, { "x", "--adopt-pipeline", "--pipeline", "ours", "--message", "Shorter." }))
    local state = read_state(p)
    assert.equal("ours.lua", state.pipeline.file)
    assert.equal("review", state.next_step)
    expect(2, p:run { "migration", "refine", "x", "--pipeline", "ours" })
  end)

  it("names a stage that is gone, broken or changed before it asks an agent", function()
    local p <close> = with(team.files())
    expect(0, plan(p, { "x", "--target", "T", "--pipeline", "secure" }))
    local calls = #p:calls()
    local path, text = "stages/security-review.lua", team.files()["stages/security-review.lua"]
    local function refused(pattern, changed)
      use(p, { [path] = changed })
      assert.matches(pattern, expect(2, plan(p, { "x" })).stderr)
      assert.matches(pattern, expect(2, plan(p, { "x", "--dry-run" })).stderr)
      assert.equal(calls, #p:calls())
    end
    refused("there is no stage security%-review; the plan, which stands at pick%-best, still needs",
      false)
    refused("%.mighost/stages/security%-review%.lua:1: .*still needs the stage security%-review",
      "return {")
    refused("outcome odd of stage security%-review leads nowhere",
      (text:gsub('"findings" }', '"findings", "odd" }')))
    use(p, { [path] = text })
    expect(0, plan(p, { "x" }))
  end)

  it("warns of broken scripts that the plan does not need, and does not mind them", function()
    local p <close> = with(team.files())
    expect(0, plan(p, { "x", "--target", "T", "--pipeline", "secure" }))
    use(p, { ["stages/other.lua"] = "return {", ["agents/other.lua"] = "return 1",
      ["stages/secure.lua"] = "return { name = 'broken', edges = {} }" })
    local result = expect(0, plan(p, { "x" }))
    assert.matches("warning: .-stages/other%.lua:1: ", result.stderr)
    assert.matches("warning: .-agents/other%.lua: ", result.stderr)
    assert.matches("warning: .-stages/secure%.lua: ", result.stderr)
    assert.matches("secure%.lua cannot be used now", p:run({ "migration", "doctor", "x" }).stdout)
    expect(2, plan(p, { "y", "--target", "T", "--pipeline", "secure" }))
  end)

  it("is chosen by the configuration, and that may change under a plan", function()
    local p <close> = with(team.files())
    local config = p.repo:read(".mighost/config.json")
    p.repo:write(".mighost/config.json", (config:gsub("{", '{ "pipeline": "secure",', 1)))
    expect(0, plan(p, { "x", "--target", "T" }))
    assert.equal("secure.lua", read_state(p).pipeline.file)
    p.repo:write(".mighost/config.json", (config:gsub("{", '{ "pipeline": "gone",', 1)))
    assert.matches("warning: there is no pipeline gone", expect(0, plan(p, { "x" })).stderr)
    assert.matches("there is no pipeline gone", expect(2, plan(p, { "y", "--target", "T" })).stderr)
  end)

  it("leaves plans with mighost's own pipeline as they were", function()
    local p <close> = with(team.files())
    expect(0, plan(p, { "x", "--target", "T" }))
    assert.is_nil(read_state(p).pipeline)
    use(p, { ["stages/pipeline.lua"] = team.pipeline() })
    assert.matches("under the pipeline built%-in as recorded: pipeline%.lua has changed since",
      p:run({ "migration", "doctor", "x" }).stdout)
    expect(0, plan(p, { "x", "--to-end" }))
    assert.equal(1, p:count("review"))
    assert.is_nil(read_state(p).pipeline)
  end)
end)

describe("a terminal of a team's own", function()
  local TRIAGE <const> = [[return {
    name = "triage", outcomes = { "worth-it", "ask", "blocked" },
    prompt = function() return "Is it worth it?" end,
    judge = function(answer)
      local word, reason = answer.text:match("^([%w-]+): ([^\n]+)")
      return word, reason
    end,
  }]]
  local PIPELINE <const> = [[return {
    name = "triage", start = "triage",
    edges = {
      triage = { ["worth-it"] = "approaches", ask = "waiting", blocked = "dropped" },
      approaches = { completed = "pick-best" }, ["pick-best"] = { completed = "expand" },
      expand = { completed = "done-here" },
    },
    terminals = {
      ["done-here"] = { status = "ready" }, dropped = { status = "skipped" },
      waiting = { status = "ready", awaiting_human_review = true },
    },
  }]]
  local FILES <const> = { ["stages/triage.lua"] = TRIAGE, ["stages/short.lua"] = PIPELINE }

  local function answer(p, words)
    return p:plan({ "x", "--target", "T", "--pipeline", "short" },
      { agent = p:script("echo '" .. words .. "'") })
  end

  it("that drops a plan says why in intentional-skip.md, without a decision", function()
    local p <close> = with(FILES)
    expect(0, answer(p, "blocked: the licence forbids it"))
    assert.matches("the licence forbids it", p.repo:read("migrations/x/intentional-skip.md"))
    local state = read_state(p)
    assert.equal(strict.null, state.final_decision)
    assert.equal(strict.null, state.final_reason)
    assert.matches("skipped: triage ended with blocked; intentional%-skip%.md says why",
      (p:run({ "migration", "show", "x" }).stdout:gsub("\n +", " ")))
    assert.equal("", p:run({ "migration", "doctor", "--all" }).stdout)
  end)

  it("does not make a plan ready that is none", function()
    local p <close> = with(FILES)
    assert.matches("missing%-plan", expect(1, answer(p, "ask: who pays?")).stderr)
    assert.is_false(p.repo.dir:exists("migrations/x"))
  end)

  it("ends a shorter plan as ready", function()
    local p <close> = with(FILES)
    expect(0, answer(p, "worth-it: yes"))
    expect(0, p:plan { "x", "--to-end" })
    local state = read_state(p)
    assert.equal("done-here", state.next_step)
    assert.equal(strict.null, state.final_decision)
    assert.equal("", p:run({ "migration", "doctor", "--all" }).stdout)
  end)
end)
