local git = require "spec.support.git"
local json = require "lib.json"
local layout = require "lib.layout"
local program = require "spec.support.program"
local project_of = require "spec.support.project"
local sample = require "spec.support.sample"
local sh = require "spec.support.sh"
local tables = require "lib.tables"

local function project(slug, opts)
  local repo = git.repo()
  repo:write(".mighost/config.json", '{"schema_version": 1, "live_migrations_dir": "migrations"}')
  sample.write(repo, "migrations", slug, opts)
  return repo
end

local function show(repo, ...)
  return program.run { args = { "migration", "show", ... }, cwd = repo.path }
end

--- The same on a terminal.
local function show_on_terminal(repo, slug, env, ...)
  local words = { sh.quote(program.exe), "migration", "show", sh.quote(slug), ... }
  local all = tables.copy({ NO_COLOR = false, TERM = "xterm" }, env)
  return sh.check { argv = { "script", "-qec", table.concat(words, " "), "/dev/null" },
    cwd = repo.path,
    env = all }
end

describe("mighost migration show", function()
  it("tells where a migration stands, how it came there and what is next", function()
    local repo <close> = project("split-parser",
      { steps = 4, phases = 2, target = "Split the parser" })
    local result = show(repo, "split-parser")
    assert.equal(0, result.exit)
    assert.equal("", result.stderr)
    assert.equal([[
split-parser                                                            planning
  Split the parser

cursor    planning:revise
created   2026-03-01 00:15
touched   2026-03-01 06:15
findings  migrations/split-parser/.planning/stages/review.stdout.md

History
  1  approaches     completed           2026-03-01 01:15  high   codex m-1
  2  pick-best      completed           2026-03-01 02:15  high   codex m-1
  3  expand         completed           2026-03-01 03:15  high   codex m-1
  4  review         findings            2026-03-01 04:15  high   codex m-1

Feedback
  1  (no time)
          earlier words
  2  (no time)
          later ones

Phases
  done  phase-1-part-1.md                                  effort low
          Part 1 may start.
        phase-2-part-2.md                                  effort low
          Part 2 may start.

next      mighost plan split-parser
]], result.stdout)
  end)

  it("shows findings, decisions, and why it waits", function()
    local repo <close> = project("a", { steps = 7, status = "ready", phases = 1,
      reason = "look at it" })
    os.remove(repo.path .. "/migrations/a/plan.md")
    local out = show(repo, "a").stdout
    assert.matches("\ndecision  approve-auto: approve-auto\n", out, 1, true)
    assert.matches("\n  next  phase-1-part-1.md", out, 1, true)
    assert.matches("\n  error   missing-plan  migrations/a/plan.md\n          ", out, 1, true)
    assert.matches("\nwaits     a person has to decide: look at it\n", out, 1, true)
    assert.matches("\nnext      mighost migration doctor a\n$", out)
  end)

  it("shows what little there is of a broken one", function()
    local repo <close> = project("a", { steps = 1 })
    repo:write("migrations/a/manifest.json", "{")
    local result = show(repo, "a")
    assert.equal(0, result.exit)
    assert.matches("^a +invalid%-manifest\n", result.stdout)
    assert.matches("error   invalid-manifest", result.stdout, 1, true)
  end)

  it("fits 80 columns, whatever is in it", function()
    local repo <close> = project(("slug-"):rep(40), { steps = 4, phases = 2,
      target = ("漢字 "):rep(60) .. ("x"):rep(300), reason = ("w"):rep(500) })
    os.remove(repo.path .. "/migrations/" .. ("slug-"):rep(40) .. "/phase-1-part-1.md")
    local result = show(repo, ("slug-"):rep(40))
    assert.equal(0, result.exit)
    for line in result.stdout:gmatch("[^\n]+") do
      -- A command must stay in one piece.
      assert.is_true(layout.width(line) <= 80 or line:find("^next ") ~= nil, line)
    end
  end)

  it("lets no control or direction character through", function()
    local evil = "\27]0;title\7\27[31mred\u{202E}reversed\u{200B}\r\n\8\u{9B}31m"
    local repo <close> = project("a", { steps = 4, phases = 1, target = evil, reason = evil })
    local manifest = repo:read("migrations/a/manifest.json")
    repo:write("migrations/a/manifest.json",
      (manifest:gsub("Part 1 may start", "\\u001b[2J\\u202e")))
    for _, out in ipairs { show(repo, "a").stdout,
      (show_on_terminal(repo, "a"):gsub("\27%[%d+m", "")
      :gsub("\r\n", "\n")) } do
      assert.is_nil(out:find("[\0-\9\11-\31\127]"))
      for _, char in ipairs { "\u{202E}", "\u{200B}", "\u{9B}" } do
        assert.is_nil(out:find(char, 1, true))
      end
    end
  end)

  it("has colour on a terminal only, and not with NO_COLOR", function()
    local repo <close> = project("a", { steps = 1 })
    assert.matches("\27[33mplanning\27[0m", show_on_terminal(repo, "a"), 1, true)
    assert.is_nil(show_on_terminal(repo, "a", { NO_COLOR = "1" }):find("\27"))
    assert.is_nil(show_on_terminal(repo, "a", { TERM = "dumb" }):find("\27"))
    assert.is_nil(show(repo, "a").stdout:find("\27"))
  end)

  it("answers in JSON with every key", function()
    local repo <close> = project("a", { steps = 4, phases = 1 })
    local data = json.decode(show(repo, "a", "--json").stdout).data
    assert.same({ "a", "planning", "planning:revise", false, 2, "mighost plan a" }, { data.slug,
      data.status, data.cursor, data.awaiting_review, #data.feedback, data.next })
    for _, key in ipairs { "cooldown", "reason", "wake_up_on", "final_decision", "final_reason",
      "waits" } do
      assert.equal(json.null, data[key])
    end
    assert.same({ 4, 1, {} }, { #data.history, #data.phases, data.findings })
    assert.equal("migrations/a/.planning/stages/approaches.stdout.md", data.history[1].output)
    assert.equal(json.null, data.phases[1].effort_reason)
  end)

  it("takes one word, behind -- any, and refuses what is not a migration", function()
    local repo <close> = project("-x", { steps = 0 })
    assert.matches("^%-x ", show(repo, "--", "-x").stdout)
    assert.matches("next      mighost plan -- -x\n", show(repo, "--", "-x").stdout, 1, true)
    for _, args in ipairs { {}, { "-x" }, { "a", "b" }, { "nosuch" }, { ".." }, { "" } } do
      local result = show(repo, table.unpack(args))
      assert.equal(2, result.exit)
      assert.equal("", result.stdout)
      assert.equal(2, json.decode(show(repo, "--json", table.unpack(args)).stdout).code)
    end
  end)
end)

describe("mighost migration show --step", function()
  it("prints an accepted output, byte by byte", function()
    local repo <close> = project("a", { steps = 4 })
    local words = "\27[31mred\r\n\tno end"
    repo:write("migrations/a/.planning/stages/review.stdout.md", words)
    assert.equal(words, show(repo, "a", "--step", "review").stdout)
    assert.equal(words, show(repo, "a", "--step", "4").stdout)
    assert.equal(words, show(repo, "a", "--step", "review-1").stdout)
    local data = json.decode(show(repo, "a", "--step", "review", "--json").stdout).data
    assert.same({ "a", 4, "review", "findings", "codex", "high", words }, { data.slug, data.number,
      data.name, data.outcome, data.agent, data.effort, data.text })
  end)

  it("shows it harmlessly on a terminal", function()
    local repo <close> = project("a", { steps = 4 })
    repo:write("migrations/a/.planning/stages/review.stdout.md",
      "\27]0;title\7one\u{202E}\n\n  two\tthree\n")
    local shown = show_on_terminal(repo, "a", nil, "--step", "review")
    assert.equal("\\u{1B}]0;title\\u{7}one\\u{202E}\n\n  two  three\n", (shown:gsub("\r", "")))
  end)

  it("refuses a step that was never accepted", function()
    local repo <close> = project("a", { steps = 2 })
    for _, step in ipairs { "review", "expand-1", "pick-best-2", "3", "0", "" } do
      local result = show(repo, "a", "--step", step)
      assert.equal(2, result.exit)
      assert.matches("there are: approaches, pick%-best\n", result.stderr)
    end
    assert.equal(2, show(repo, "a", "--step", "1", "--diff", "1", "2").exit)
    repo:write("migrations/a/.planning/state.json", "{")
    assert.equal(12, show(repo, "a", "--step", "1").exit)
  end)
end)

describe("mighost migration show --diff", function()
  it("prints what became of the plan between two steps", function()
    local p <close> = project_of.new()
    p:plan({ "alpha", "--target", "T", "--to-end" }, { env = { PLANNER_REVIEW = "findings" } })
    local result = p:run { "migration", "show", "alpha", "--diff", "expand", "revise" }
    assert.equal(0, result.exit, result.stderr)
    assert.matches("\n--- a/plan.md\n+++ b/plan.md\n", result.stdout, 1, true)
    assert.matches("\n-First version.\n+Second version.\n", result.stdout, 1, true)
    assert.is_nil(result.stdout:find("state.json", 1, true))
    assert.is_nil(result.stdout:find("manifest.json", 1, true))
    local same = p:run { "migration", "show", "alpha", "--diff", "revise", "review-2" }
    assert.same({ 0, "", "mighost: the plan is the same after revise and after review-2\n" },
      { same.exit, same.stdout, same.stderr })
    local data = json.decode(p:run({ "migration", "show", "alpha", "--json", "--diff", "expand",
      "revise" }).stdout).data
    assert.same({ "expand", 3, "revise", 5, result.stdout }, { data.from.name, data.from.number,
      data.to.name, data.to.number, data.text })
  end)

  it("has colour on a terminal and lets nothing else through", function()
    local p <close> = project_of.new()
    p:plan { "alpha", "--target", "T", "--steps", "3" }
    p:refine({ "alpha", "--message", "x" }, { agent = p:script(
      "printf '\\033[5m evil\\n' >$MIGHOST_WORK_DIR/plan.md; echo done") })
    local words = { sh.quote(program.exe), "migration show alpha --diff expand revise" }
    local env = p:env { NO_COLOR = false, TERM = "xterm" }
    local shown = sh.check { argv = { "script", "-qec", table.concat(words, " "), "/dev/null" },
      cwd = p.path, env = env }
    assert.matches("\27[31m-First version.\27[0m", shown, 1, true)
    assert.matches("\27[32m+\\u{1B}[5m evil\27[0m", shown, 1, true)
  end)

  it("refuses steps that were never accepted, or that no commit holds", function()
    local p <close> = project_of.new()
    p:plan { "alpha", "--target", "T", "--steps", "2" }
    for _, steps in ipairs { { "expand", "1" }, { "1", "expand" }, { "1" } } do
      local result = p:run { "migration", "show", "alpha", "--diff", table.unpack(steps) }
      assert.equal(2, result.exit)
    end
    p.repo:write("migrations/beta/x", "")
    sample.write(p.repo, "migrations", "beta", { steps = 3 })
    local result = p:run { "migration", "show", "beta", "--diff", "1", "2" }
    assert.equal(1, result.exit)
    assert.matches("no commit holds migrations/beta as it was after '1'", result.stderr, 1, true)
  end)
end)
