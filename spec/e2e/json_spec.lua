local git = require "spec.support.git"
local program = require "spec.support.program"
local project = require "spec.support.project"
local sample = require "spec.support.sample"
local schema = require "spec.support.schema"
local strict = require "lib.strict"
local tmp = require "spec.support.tmp"

--- It must have ended with `code` and answered so; gives the document.
local function expect(name, code, result)
  assert.equal(code, result.exit, result.stdout .. result.stderr)
  local answer = schema.expect(name, result.stdout)
  assert.equal(code, answer.code)
  return answer
end

local function run(p, ...)
  local args = { ... }
  args[#args + 1] = "--json"
  return p:run(args)
end

--- The same at a place that is not a project, and in a project whose configuration is broken.
local function expect_no_project(name, args)
  local home <close> = tmp.dir()
  args[#args + 1] = "--json"
  expect(name, 2, program.run { args = args, cwd = home.path, env = { HOME = home.path } })
  local repo <close> = git.repo()
  repo:write(".mighost/config.json", "{")
  expect(name, 2, program.run { args = args, cwd = repo.path, env = { HOME = home.path } })
end

describe("mighost version --json", function()
  it("answers as its schema says", function()
    local p <close> = project.new()
    expect("version", 0, run(p, "version"))
    local home <close> = tmp.dir()
    expect("version", 0, program.run { args = { "version", "--json" }, cwd = home.path })
    expect("version", 2, run(p, "version", "--nosuch"))
  end)
end)

describe("--json with --help", function()
  it("prints the help, which is for people, wherever they stand", function()
    for _, words in ipairs { { "plan" }, { "migration", "show" }, { "version" } } do
      local plain = program.run { args = table.move({ "--help" }, 1, 1, #words + 1, { table.unpack(
        words) }) }
      for _, more in ipairs { { "--json", "--help" }, { "--help", "--json" } } do
        local result = program.run { args = table.move(more, 1, 2, #words + 1, { table.unpack(
          words) }) }
        assert.same({ 0, plain.stdout, "" }, { result.exit, result.stdout, result.stderr })
        assert.matches("^Usage: mighost ", result.stdout)
      end
    end
  end)
end)

describe("mighost migration list --json", function()
  it("answers as its schema says, on every exit", function()
    local p <close> = project.new()
    expect("list", 0, run(p, "migration", "list"))
    sample.write(p.repo, "migrations", "a", { steps = 3, cooldown = "2999-01-01T00:00:00Z" })
    sample.write(p.repo, "migrations", "b", { status = "ready", phases = 2, reason = "look" })
    p.repo:write("migrations/c/manifest.json", "{")
    p.repo.dir:mkdir("migrations/d")
    sample.write(p.repo, "migrations", "e", { status = "done" })
    p.repo:write("migrations/f/manifest.json", sample.manifest("f"))
    assert.equal(6, #expect("list", 0, run(p, "migration", "list")).data.migrations)
    expect("list", 0, run(p, "migration", "list", "--status", "ready"))
    expect("list", 2, run(p, "migration", "list", "--status", "nosuch"))
    expect("list", 2, run(p, "migration", "list", "more"))
    tmp.remove(p.path .. "/migrations")
    expect("list", 2, run(p, "migration", "list"))
    expect_no_project("list", { "migration", "list" })
  end)
end)

describe("mighost migration doctor --json", function()
  it("answers as its schema says, on every exit", function()
    local p <close> = project.new()
    sample.write(p.repo, "migrations", "a", { steps = 3 })
    sample.write(p.repo, "migrations", "b", { status = "ready", phases = 1 })
    expect("doctor", 0, run(p, "migration", "doctor", "a"))
    expect("doctor", 0, run(p, "migration", "doctor", "--all"))
    p.repo:write("migrations/b/phase-1-part-1.md", "no headings\n")
    p.repo:write("migrations/c/manifest.json", "{")
    p.repo.dir:mkdir("migrations/__transactions__/left")
    local all = expect("doctor", 1, run(p, "migration", "doctor", "--all"))
    assert.is_true(#all.data.diagnostics > 3)
    expect("doctor", 1, run(p, "migration", "doctor", "c"))
    expect("doctor", 2, run(p, "migration", "doctor"))
    expect("doctor", 2, run(p, "migration", "doctor", "nosuch"))
    expect("doctor", 2, run(p, "migration", "doctor", ".."))
    expect_no_project("doctor", { "migration", "doctor", "--all" })
  end)
end)

describe("mighost migration show --json", function()
  it("answers as its schema says, on every exit", function()
    local p <close> = project.new()
    for count = 0, 7 do
      local slug = "m" .. count
      sample.write(p.repo, "migrations", slug, { steps = count, phases = count // 3,
        reason = count == 7 and "look" or nil, status = count == 7 and "ready" or nil })
      expect("show", 0, run(p, "migration", "show", slug))
    end
    p.repo:write("migrations/c/manifest.json", "{")
    expect("show", 0, run(p, "migration", "show", "c"))
    p.repo:write("migrations/m1/.planning/state.json", "{")
    expect("show", 0, run(p, "migration", "show", "m1"))
    expect("show", 2, run(p, "migration", "show"))
    expect("show", 2, run(p, "migration", "show", "nosuch"))
    expect_no_project("show", { "migration", "show", "a" })
  end)

  it("answers of one step and of two, as their schemas say", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T", "--steps", "3" }
    expect("show-step", 0, run(p, "migration", "show", "alpha", "--step", "expand"))
    expect("show-step", 2, run(p, "migration", "show", "alpha", "--step", "nosuch"))
    expect("show-diff", 0, run(p, "migration", "show", "alpha", "--diff", "1", "expand"))
    expect("show-diff", 2, run(p, "migration", "show", "alpha", "--diff", "1"))
    sample.write(p.repo, "migrations", "b", { steps = 3 })
    expect("show-diff", 1, run(p, "migration", "show", "b", "--diff", "1", "2"))
    p.repo:write("migrations/b/.planning/state.json", "{")
    expect("show-step", 12, run(p, "migration", "show", "b", "--step", "1"))
  end)
end)

describe("mighost runs --json", function()
  it("answers as its schemas say, on every exit", function()
    local p <close> = project.new()
    assert.same({}, expect("runs", 0, run(p, "runs")).data.runs)
    expect("runs-show", 2, run(p, "runs", "show"))
    p:plan { "alpha", "--target", "T" }
    p:plan({ "beta", "--target", "T" }, { agent = "/nosuch/agent" })
    assert.equal(2, #expect("runs", 0, run(p, "runs")).data.runs)
    expect("runs-show", 0, run(p, "runs", "show"))
    expect("runs-show", 2, run(p, "runs", "show", "nosuch"))
    expect("runs", 2, run(p, "runs", "nosuch"))
    assert.equal(2, #expect("runs-prune", 0, run(p, "runs", "prune", "--keep", "0")).data.removed)
    expect_no_project("runs", { "runs" })
  end)
end)

describe("mighost plan --json", function()
  it("answers as its schema says when it plans, may not, or has nothing to", function()
    local p <close> = project.new()
    assert.equal("nothing to plan", expect("plan", 0, p:plan { "--json" }).message)
    expect("plan", 0, p:plan { "alpha", "--target", "T", "--dry-run", "--json" })
    expect("plan", 0, p:plan { "alpha", "--target", "T", "--steps", "2", "--json" })
    expect("plan", 3, p:plan({ "alpha", "--to-end", "--json" },
      { env = { PLANNER_DECISION = "approve-needs-human - look" } }))
    expect("plan", 3, p:plan { "alpha", "--json" })
    expect("plan", 0, p:plan { "--json" })
    expect("plan", 0, p:plan({ "beta", "--target", "T", "--to-end", "--json" },
      { env = { PLANNER_DECISION = "reject - no" } }))
    expect("plan", 0, p:plan { "beta", "--json" })
    sample.write(p.repo, "migrations", "cool", { steps = 1, cooldown = "2999-01-01T00:00:00Z" })
    p.repo:commit("One that cools down")
    expect("plan", 4, p:plan { "--json" })
  end)

  it("answers as its schema says when it fails", function()
    local p <close> = project.new()
    local function plan(args, opts)
      return p:plan({ "alpha", "--target", "T", "--json", table.unpack(args or {}) }, opts)
    end
    local refused = expect("plan", 1, plan(nil, { agent = "echo done" }))
    assert.matches("/alpha$", refused.data.workspace)
    expect("plan", 1, plan(nil, { agent = "false" }))
    expect("plan", 2, plan { "--steps", "x" })
    expect("plan", 2, plan { "--effort", "utmost" })
    expect("plan", 8, plan(nil, { agent = "/nowhere/agent" }))
    expect("plan", 11, plan({ "--timeout", "1" }, { agent = "sleep 60" }))
    expect("plan", 0, plan())
    p.repo:write("migrations/alpha/more.md", "by hand\n")
    expect("plan", 6, plan())
    tmp.remove(p.path .. "/migrations/alpha/more.md")
    local hold = p:hold "pick-best"
    local held = p:start({ "alpha" }, hold.env)
    hold.arrived()
    expect("plan", 5, plan())
    hold.release()
    assert.equal(0, held.wait())
    local partly = expect("plan", 1, plan({ "--to-end" }, { agent = p:script([[
      cd $MIGHOST_WORK_DIR
      test $MIGHOST_STAGE = expand || exit 3
      echo x >plan.md
      printf '## Precondition\n\nx\n\n## Definition of Done\n\nx\n' >phase-1-a.md
      echo done]]) }))
    assert.equal("expand", partly.data.steps[1].step)
    p.repo:write("migrations/alpha/.planning/state.json", "{")
    p.repo:commit("Broken")
    expect("plan", 12, plan())
    expect_no_project("plan", { "plan", "--with", "replay" })
    p.repo:write(".mighost/stages/review.lua", "")
    expect("plan", 10, plan())
    p.repo:write(".mighost/scripts/plan.lua", "")
    expect("plan", 10, plan())
  end)

  it("answers as its schema says when it is interrupted", function()
    local p <close> = project.new()
    local hold = p:hold "approaches"
    for signal, code in pairs { INT = 130, TERM = 143 } do
      local run_of = p:start({ "alpha", "--target", "T", "--json" }, hold.env)
      hold.arrived()
      run_of.stop(signal)
      assert.equal(code, run_of.wait())
      local answer = schema.expect("plan", p.home:read("out"))
      assert.equal(code, answer.code)
      assert.is_string(answer.fix)
    end
  end)
end)

describe("mighost migration refine and review --json", function()
  it("answer as their schemas say, on every exit", function()
    local p <close> = project.new()
    local words = { "alpha", "--message", "x", "--json" }
    p:plan({ "alpha", "--target", "T", "--to-end" },
      { env = { PLANNER_DECISION = "approve-needs-human - look" } })
    local review = { "alpha", "--json" }
    local left = expect("review", 3, p:review(review, { agent = "true" }))
    assert.matches("/alpha$", left.data.workspace)
    expect("review", 1, p:review(review, { agent = "false" }))
    expect("review", 8, p:review(review, { agent = "/nowhere/agent" }))
    expect("review", 0, p:review(review, { agent = p:script([[sed -i \
      -e 's/"awaiting_human_review": .*/"awaiting_human_review": false,/' \
      -e 's/"human_review_reason": .*/"human_review_reason": null,/' manifest.json]]) }))
    expect("review", 2, p:review(review))
    expect("review", 2, p:review { "--json" })
    expect("refine", 1, p:refine(words, { agent = "false" }))
    expect("refine", 0, p:refine(words))
    expect("refine", 2, p:refine { "alpha", "--json" })
    expect("refine", 2, p:refine { "nosuch", "--message", "x", "--json" })
    p.repo:write("migrations/alpha/plan.md", "by hand\n")
    expect("refine", 6, p:refine(words))
    expect_no_project("refine", { "migration", "refine", "alpha", "--message", "x" })
    expect_no_project("review", { "migration", "review", "alpha" })
  end)
end)

describe("an answer in JSON", function()
  it("holds every character, and U+FFFD for bytes that are none", function()
    local p <close> = project.new()
    local odd = "tab\t nul\0 quote\" \\ \u{202E} \u{1F600} line\nend \127"
    sample.write(p.repo, "migrations", "a", { steps = 2, reason = odd, target = odd })
    local answer = schema.expect("list", run(p, "migration", "list").stdout)
    assert.equal(odd, answer.data.migrations[1].reason)
    assert.equal(odd, schema.expect("show", run(p, "migration", "show", "a").stdout).data.target)
    p.repo:write("migrations/a/.planning/stages/approaches.stdout.md", "bad \xff byte")
    assert.equal("bad \u{FFFD} byte", schema.expect("show-step",
      run(p, "migration", "show", "a", "--step", "1").stdout).data.text)
  end)

  it("is the last word even where the command is none", function()
    local p <close> = project.new()
    local result = run(p, "migration", "shwo")
    assert.equal(2, result.exit)
    assert.equal("mighost migration show", strict.decode(result.stdout).fix)
  end)
end)
