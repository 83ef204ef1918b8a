local json = require "lib.json"
local program = require "spec.support.program"
local project = require "spec.support.project"
local sample = require "spec.support.sample"
local sh = require "spec.support.sh"

local DEAD <const> = 77
local WORDS <const> = "Keep the old entry points for one release."

local function state_of(p, slug)
  return json.decode(p:read((slug or "alpha") .. "/.planning/state.json"))
end

local function manifest_of(p, slug)
  return json.decode(p:read((slug or "alpha") .. "/manifest.json"))
end

local function refine(p, ...)
  return p:refine { "alpha", "--message", WORDS, ... }
end

--- The prompt of the last call that a command made.
local function prompt_of(result)
  local file <close> = assert(io.open(result.stderr:match("evidence: ([^)]+)") .. "/prompt.md"))
  return file:read("a")
end

--- Changes a migration by hand and commits that.
local function change(p, path, from, to)
  local text, count = p:read(path):gsub(from, to)
  assert(count > 0)
  p.repo:write("migrations/" .. path, text)
  p.repo:commit("By hand")
end

local function plan_to_ready(p, env)
  local result = p:plan({ "alpha", "--target", "T", "--to-end", "--quiet" }, { env = env })
  assert(result.exit == 0 or result.exit == 3, result.stderr)
end

--- It must have ended so, with no agent asked and nothing changed since `before`.
local function expect_refused(p, before, code, pattern, result)
  assert.equal(code, result.exit, result.stderr)
  assert.matches(pattern, result.stderr)
  assert.equal(before.head, p.repo:head())
  assert.same(before.calls, p:calls())
  assert.equal(before.status, p.repo:status())
end

local function look(p)
  return { head = p.repo:head(), calls = p:calls(), status = p.repo:status() }
end

-- Steps taken before, whether the review finds something; the stage that answers, reopened or not.
local CURSORS <const> = {
  { steps = "1", cursor = "pick-best", stage = "pick-best" },
  { steps = "2", cursor = "expand", stage = "expand" },
  { steps = "3", cursor = "review", stage = "revise", base = 3 },
  { steps = "4", cursor = "revise", stage = "revise", review = "findings" },
  { steps = "5", cursor = "review-2", stage = "revise", base = 5, review = "findings" },
  { steps = "4", cursor = "final-review", stage = "revise", base = 4 },
  { steps = "5", cursor = "terminal-ready", stage = "revise", base = 5 },
  { steps = "5", cursor = "terminal-ready-awaiting-human", stage = "revise", base = 5,
    decision = "approve-needs-human - a format changes" },
}

describe("mighost migration refine", function()
  for _, case in ipairs(CURSORS) do
    it(("at %s has %s answer and goes on to ready"):format(case.cursor, case.stage), function()
      local p <close> = project.new()
      p:plan({ "alpha", "--target", "T", "--steps", case.steps },
        { env = { PLANNER_REVIEW = case.review, PLANNER_DECISION = case.decision } })
      assert.equal(case.cursor, state_of(p).next_step)
      local result = refine(p)
      assert.equal(0, result.exit, result.stderr)
      assert.matches("^" .. case.stage:gsub("%-", "%%-") .. " +completed", result.stdout)
      local state = state_of(p)
      local last = state.completed_steps[#state.completed_steps]
      assert.same({ case.stage, "high", "command" }, { last.name, last.effort, last.agent })
      assert.same({ case.base }, state.revision_base_step_counts)
      assert.same({ { text = WORDS, source = "message",
        received_at = state.feedback[1].received_at } }, state.feedback)
      assert.matches("## Feedback from people\n\n1. " .. WORDS, prompt_of(result), 1, true)
      local manifest = manifest_of(p)
      assert.same({ "planning", false, json.null, json.null }, { manifest.status,
        manifest.awaiting_human_review, manifest.human_review_reason, manifest.cooldown_until })
      assert.equal("mighost: planning/alpha/" .. case.stage, p:subjects()[#p:subjects()])
      assert.matches("\nFeedback:\n" .. WORDS .. "\n", p.repo:git("log", "-1", "--format=%B"), 1,
        true)
      assert.same({}, p:problems())
      assert.equal(0, p:run({ "migration", "doctor", "--all" }).exit)
      assert.equal(0, p:plan({ "alpha", "--to-end" }).exit)
      assert.equal("ready", manifest_of(p).status)
      assert.equal(0, p:run({ "migration", "doctor", "--all" }).exit)
    end)
  end

  it("answers at the first stage of a plan that has taken no step yet", function()
    local p <close> = project.new()
    sample.write(p.repo, "migrations", "alpha", { steps = 0 })
    p.repo:commit("Begun by another tool")
    local result = refine(p)
    assert.equal(0, result.exit, result.stderr)
    assert.matches("^approaches ", result.stdout)
    assert.same(3, #state_of(p).feedback)
    assert.same({}, state_of(p).revision_base_step_counts)
  end)

  it("goes round twice, and every prompt has all that was said", function()
    local p <close> = project.new()
    plan_to_ready(p)
    assert.equal(0, refine(p).exit)
    local result = p:refine { "migrations/alpha", "--message", "And one more thing." }
    assert.equal(0, result.exit, result.stderr)
    assert.same({ 5, 6 }, state_of(p).revision_base_step_counts)
    assert.matches("1. " .. WORDS .. "\n2. And one more thing.\n", prompt_of(result), 1, true)
    assert.is_truthy(p:read("alpha/.planning/stages/revise-2.stdout.md"))
    assert.equal(0, p:plan({ "alpha", "--to-end" }).exit)
    assert.equal(0, refine(p).exit)
    assert.same({ 5, 6, 9 }, state_of(p).revision_base_step_counts)
    assert.same({ "part-1", "planning" }, { manifest_of(p).current_phase, manifest_of(p).status })
    assert.equal(0, p:plan({ "alpha", "--to-end" }).exit)
    assert.equal(0, p:run({ "migration", "doctor", "--all" }).exit)
    assert.same({}, p:problems())
  end)

  it("clears what a plan waits for: review, reason and cooldown", function()
    local p <close> = project.new()
    plan_to_ready(p, { PLANNER_DECISION = "approve-needs-human - a format changes" })
    change(p, "alpha/manifest.json", '"cooldown_until": null',
      '"cooldown_until": "2999-01-01T00:00:00.000+00:00"')
    assert.equal(0, refine(p).exit)
    local manifest = manifest_of(p)
    assert.same({ false, json.null, json.null }, { manifest.awaiting_human_review,
      manifest.human_review_reason, manifest.cooldown_until })
    assert.same({ json.null, json.null },
      { state_of(p).final_decision, state_of(p).final_reason })
  end)

  it("reads feedback from a file and from standard input, as it is", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local text = "First line.\r\n\n- a point\twith a tab\n- 漢字 \u{202E}\27[31m\n"
    local path = p.home:write("remarks.md", "\u{FEFF}" .. text)
    assert.equal(0, p:refine({ "alpha", "--file", path }).exit)
    local result = program.run {
      args = { "migration", "refine", "alpha", "--file", "-", "--with", "command",
        "--agent-command", project.agent },
      cwd = p.path, env = p:env(), stdin = "From a pipe",
    }
    assert.equal(0, result.exit, result.stderr)
    local said = state_of(p).feedback
    assert.same({ text, "file" }, { said[1].text, said[1].source })
    assert.same({ "From a pipe", "file" }, { said[2].text, said[2].source })
    assert.is_nil(p.repo:git("log", "-2", "--format=%B"):find("[\27\u{202E}]"))
  end)

  it("refuses feedback that is none, before an agent is asked", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local before = look(p)
    local huge = p.home:write("huge", ("x"):rep(256 * 1024 + 1))
    for words, args in pairs {
      ["no feedback was given"] = {},
      ["the feedback is empty"] = { "--message", " \n\t" },
      ["not UTF%-8 text: byte 3"] = { "--message", "ab\xff" },
      ["can not be used together with option"] = { "--message", "a", "--file", "b" },
      ["more than 256 KiB"] = { "--file", huge },
      ["No such file"] = { "--file", p.home:join("nowhere") },
      ["Is a directory"] = { "--file", p.home.path },
      ["a NUL byte"] = { "--file", p.home:write("nul", "a\0b") },
    } do
      expect_refused(p, before, 2, words, p:refine { "alpha", table.unpack(args) })
    end
    local result = program.run { args = { "migration", "refine", "alpha", "--file", "-", "--with",
      "command", "--agent-command", project.agent }, cwd = p.path, env = p:env() }
    expect_refused(p, before, 2, "the feedback is empty", result)
    p.home:write("most", ("x"):rep(256 * 1024))
    assert.equal(0, p:refine({ "alpha", "--file", p.home:join("most") }).exit)
  end)

  it("refuses a plan that is past refining, and says why", function()
    local p <close> = project.new()
    plan_to_ready(p)
    local ready = p:read("alpha/manifest.json")
    for pattern, edit in pairs {
      ["a phase of it is done"] = { '"done": false', '"done": true', 1 },
      ["no longer stands at its first phase"] = { '"current_phase": "part%-1"',
        '"current_phase": "part-2"' },
      ["it is in%-progress"] = { '"status": "ready"', '"status": "in-progress"' },
      ["it is done"] = { '"status": "ready"', '"status": "done"' },
      ["it is skipped"] = { '"status": "ready"', '"status": "skipped"' },
      ["its planning ended at terminal%-ready"] = { '"status": "ready"', '"status": "planning"' },
      ["has no phases"] = { '"current_phase": "part%-1".*"status"',
        '"current_phase": "", "phases": [], "human_review_reason": null, "name": "alpha", '
          .. '"last_touch": "2026-01-01T00:00:00Z", "status"' },
    } do
      local text, count = ready:gsub(edit[1], edit[2], edit[3])
      assert.equal(1, count, pattern)
      p.repo:write("migrations/alpha/manifest.json", text)
      p.repo:commit("By hand")
      local before = look(p)
      expect_refused(p, before, 2, pattern, refine(p))
    end
    p.repo:write("migrations/alpha/manifest.json", ready)
    p.repo:commit("As it was")
    change(p, "alpha/.planning/state.json", '"target": "T"', '"target": 1')
    expect_refused(p, look(p), 12, "doctor alpha", refine(p))
  end)

  it("refuses targets, agents and options as plan does", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local before = look(p)
    for _, slug in ipairs { "nosuch", "..", "migrations", "/etc", ".git", "__transactions__" } do
      expect_refused(p, before, 2, "", p:refine { slug, "--message", "x" })
    end
    local result = p:run { "migration", "refine", "alpha", "--message", "x" }
    expect_refused(p, before, 2,
      "next: mighost migration refine alpha %-%-message x %-%-with command", result)
    expect_refused(p, before, 8, "no agent oracle",
      p:run { "migration", "refine", "alpha", "--message", "x", "--with", "oracle" })
    expect_refused(p, before, 2, "", p:refine { "alpha", "--message", "x", "--effort", "low" })
  end)

  it("refuses a work tree with changes there, and a merge under way", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    p.repo:write("migrations/alpha/approaches/rewrite.md", "by hand\n")
    expect_refused(p, look(p), 6, "rewrite%.md", refine(p))
    p.repo:git("checkout", "-q", "--", "migrations")
    p.repo:git("checkout", "-q", "-b", "side")
    p.repo:write("side.txt", "side\n")
    p.repo:commit("Side")
    p.repo:git("checkout", "-q", "main")
    p.repo:git("merge", "-q", "--no-commit", "--no-ff", "side")
    expect_refused(p, look(p), 6, "merge is under way", refine(p))
  end)

  it("is refused at once while somebody else works there, with the command for later", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local hold = p:hold "pick-best"
    local run = p:start({ "alpha" }, hold.env)
    hold.arrived()
    local result = refine(p)
    assert.equal(5, result.exit)
    assert.matches(run.pid(), result.stderr, 1, true)
    assert.matches("next: mighost migration refine alpha --message '" .. WORDS, result.stderr, 1,
      true)
    hold.release()
    assert.equal(0, run.wait())
    assert.equal(0, refine(p).exit)
    assert.same({ "approaches 1", "pick-best 1", "expand 1" }, p:calls())
  end)

  it("keeps the answer when somebody edits the plan meanwhile, and publishes it later", function()
    if not project.can_confine() then
      return pending("agents cannot be confined here")
    end
    local p <close> = project.new { confined = true }
    plan_to_ready(p)
    local hold = p:hold "revise"
    local run = p:start({ "alpha", "--message", WORDS }, hold.env, { "migration", "refine" })
    hold.arrived()
    local plan = p:read("alpha/plan.md")
    p.repo:write("migrations/alpha/plan.md", "by hand\n")
    hold.release()
    assert.equal(6, run.wait())
    local told = p.home:read("err")
    assert.matches("mighost migration doctor alpha", told, 1, true)
    assert.matches("next: mighost migration refine alpha --message '" .. WORDS, told, 1, true)
    assert.equal("by hand\n", p:read("alpha/plan.md"))
    p.repo:write("migrations/alpha/plan.md", plan)
    local result = refine(p)
    assert.equal(0, result.exit, result.stderr)
    assert.matches("was answered and accepted before", result.stderr, 1, true)
    assert.equal(1, p:count("revise"))
    assert.equal(1, #state_of(p).feedback)
    assert.same({}, p:problems())
  end)

  it("is interrupted with nothing half done, and says how to go on", function()
    local p <close> = project.new()
    plan_to_ready(p)
    local before = look(p)
    local hold = p:hold "revise"
    local run = p:start({ "alpha", "--message", "It's slow" }, hold.env, { "migration", "refine" })
    hold.arrived()
    run.stop "INT"
    assert.equal(130, run.wait())
    assert.matches("next: mighost migration refine alpha --message 'It'\\''s slow' --with command",
      p.home:read("err"), 1, true)
    assert.equal(before.head, p.repo:head())
    assert.same({}, p:problems())
    assert.equal("ready", manifest_of(p).status)
    assert.equal(0, refine(p).exit)
    assert.equal(1, #state_of(p).feedback)
  end)

  it("publishes another answer that was kept first, then takes its own step", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T", "--steps", "2" }
    local crash = program.root .. "/spec/support/crash_plan.lua"
    assert.equal(DEAD, p:run({ crash, "accept done", "alpha" }).exit)
    local result = refine(p)
    assert.equal(0, result.exit, result.stderr)
    assert.matches("^expand .*\nrevise ", result.stdout)
    assert.same({ "approaches 1", "pick-best 1", "expand 1", "revise 1" }, p:calls())
    assert.same({ 3 }, state_of(p).revision_base_step_counts)
  end)

  for _, point in ipairs { "accept done", "begin done", "exchange", "exchange done", "commit done",
    "finish", "finish done" } do
    it(("that dies at '%s' neither asks nor speaks twice"):format(point), function()
      local p <close> = project.new()
      plan_to_ready(p)
      local crash = program.root .. "/spec/support/crash_plan.lua"
      local died = p:run({ crash, point, "alpha" }, { CRASH_FEEDBACK = WORDS })
      assert.equal(DEAD, died.exit, died.stderr)
      local result = refine(p)
      assert.equal(0, result.exit, result.stderr)
      assert.equal(1, p:count("revise"))
      assert.equal(1, #state_of(p).feedback)
      assert.matches("^revise +completed +" .. p.repo:head():sub(1, 7), result.stdout)
      assert.equal("review-2", state_of(p).next_step)
      assert.same({}, p:problems())
    end)
  end

  it("leaves everything as it was when the answer is refused, and gives the command again",
    function()
      local p <close> = project.new()
      plan_to_ready(p)
      local before = look(p)
      local long = p.home:write("said", ("Keep it. "):rep(100))
      local result = p:refine({ "alpha", "--file", long, "--timeout", "9" },
        { agent = p:script("rm $MIGHOST_WORK_DIR/plan.md; echo done") })
      assert.equal(1, result.exit)
      assert.equal(before.head, p.repo:head())
      assert.matches("next: mighost migration refine alpha --file " .. long .. " --with command",
        result.stderr, 1, true)
      local piped = program.run { args = { "migration", "refine", "alpha", "--file", "-", "--with",
        "command", "--agent-command", "false" }, cwd = p.path, env = p:env(), stdin = "Said once" }
      assert.equal(1, piped.exit)
      local kept = piped.stderr:match("refine alpha %-%-file (%S+)")
      local file <close> = assert(io.open(kept))
      assert.equal("Said once", file:read("a"))
    end)

  it("records and replays like any other step", function()
    local p <close> = project.new()
    local kept = p.home:join("kept")
    p:plan { "alpha", "--target", "T", "--to-end", "--record", kept }
    assert.equal(0, refine(p, "--record", kept).exit)
    p:run { "plan", "beta", "--target", "T", "--to-end", "--with", "replay", "--recording", kept }
    local result = p:run { "migration", "refine", "beta", "--message", WORDS, "--with", "replay",
      "--recording", kept, "--strict" }
    assert.equal(0, result.exit, result.stderr)
    assert.equal(p:read("alpha/plan.md"), p:read("beta/plan.md"))
  end)

  it("works on a slug that looks like an option, and names it so that it can be typed", function()
    local p <close> = project.new()
    p:plan { "--target", "T", "--steps", "3", "alpha" }
    p.repo:git("mv", "migrations/alpha", "migrations/-x")
    change(p, "-x/manifest.json", '"name": "alpha"', '"name": "-x"')
    change(p, "-x/.planning/state.json", "migrations/alpha/", "migrations/-x/")
    local result = p:refine({ "--message", "x", "--", "-x" }, { agent = "false" })
    assert.equal(1, result.exit)
    local again = result.stderr:match("next: ([^\n]+)"):gsub("command false",
      "command " .. sh.quote(project.agent))
    assert.matches("^mighost migration refine migrations/%-x %-%-message x", again)
    assert.equal(0, p:refine({ "migrations/-x", "--message", "x" }).exit)
  end)
end)

describe("mighost migration refine --json", function()
  it("is one document on every exit", function()
    local p <close> = project.new()
    plan_to_ready(p)
    local result = refine(p, "--json")
    local answer = assert(json.decode(result.stdout))
    assert.same({ true, 0, "alpha", "planning", 1 }, { answer.ok, answer.code, answer.data.slug,
      answer.data.stands, #answer.data.steps })
    assert.equal("revise", answer.data.steps[1].step)
    for code, args in pairs {
      [2] = { "alpha", "--message", "" }, [8] = { "alpha", "--message", "x", "--agent-command",
        "/nowhere" }, [1] = { "alpha", "--message", "x", "--agent-command", "false" },
    } do
      result = p:run { "migration", "refine", "--json", "--with", "command", "--agent-command",
        project.agent, table.unpack(args) }
      answer = assert(json.decode(result.stdout), result.stdout)
      assert.same({ false, code }, { answer.ok, answer.code }, result.stderr)
      assert.equal(code, result.exit)
    end
  end)
end)
