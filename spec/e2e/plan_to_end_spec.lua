local project = require "spec.support.project"
local sh = require "spec.support.sh"

local STEPS <const> = { "approaches", "pick-best", "expand", "review", "final-review" }

local function subjects_of(slug, steps)
  local subjects = { "Start", "Add a file", "mighost: set up planning" }
  for _, step in ipairs(steps) do
    table.insert(subjects, ("mighost: planning/%s/%s"):format(slug, step))
  end
  return subjects
end

local function show(p, slug)
  local result = p:run { "migration", "list", "--no-headers" }
  for line in result.stdout:gmatch("[^\n]+") do
    if line:match("^[^\t]+") == slug then
      return line
    end
  end
end

describe("mighost plan --to-end", function()
  it("plans to terminal-ready: one commit a step, shown as it happens", function()
    local p <close> = project.new()
    local result = p:plan { "alpha", "--target", "Split the parser", "--to-end" }
    assert.equal(0, result.exit, result.stderr)
    assert.same(subjects_of("alpha", STEPS), p:subjects())
    local shown = {}
    for line in result.stdout:gmatch("[^\n]+") do
      table.insert(shown, line:match("^%S+"))
    end
    assert.same(STEPS, shown)
    assert.same({}, p:problems())
    assert.matches("^alpha\tready\tphase%-1%-part%-1%.md\tno\t", show(p, "alpha"))
    assert.equal(0, p:run({ "migration", "doctor", "--all" }).exit)
  end)

  it("says in each commit why, and which publication it was", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "Split the parser" }
    local message = p.repo:git("log", "-1", "--format=%B")
    assert.matches("^mighost: planning/alpha/approaches\n\n"
      .. "Why:\n2 approaches: in%-place, rewrite\n\nPublish%-Id: %x+\n$", message)
  end)

  it("takes one step without --to-end, as many as --steps says, and stops where planning is over",
    function()
      local p <close> = project.new()
      p:plan { "alpha", "--target", "T" }
      assert.same({ "approaches 1" }, p:calls())
      p:plan { "alpha", "--steps", "2" }
      assert.same({ "approaches 1", "pick-best 1", "expand 1" }, p:calls())
      assert.equal(0, p:plan({ "alpha", "--steps", "9" }).exit)
      assert.equal(5, #p:calls())
      local result = p:plan { "alpha" }
      assert.equal(0, result.exit)
      assert.matches("alpha is ready: nothing to plan", result.stderr)
      assert.equal(5, #p:calls())
    end)

  it("plans to terminal-ready-awaiting-human and ends with 3", function()
    local p <close> = project.new()
    local result = p:plan({ "alpha", "--target", "T", "--to-end" },
      { env = { PLANNER_DECISION = "approve-needs-human - a public format changes" } })
    assert.equal(3, result.exit)
    assert.matches("a public format changes", result.stderr)
    assert.matches("\tyes\t", show(p, "alpha"))
    assert.matches("a public format changes$", show(p, "alpha"))
    assert.same({}, p:problems())
    assert.equal(3, p:plan({ "alpha" }).exit)
    assert.equal(5, #p:calls())
  end)

  it("plans to terminal-skipped and leaves the reason", function()
    local p <close> = project.new()
    local result = p:plan({ "alpha", "--target", "T", "--to-end" },
      { env = { PLANNER_DECISION = "reject - it is not worth it" } })
    assert.equal(0, result.exit)
    assert.equal("# Intentionally skipped\n\nit is not worth it\n",
      p:read("alpha/intentional-skip.md"))
    assert.matches("^alpha\tskipped\t", show(p, "alpha"))
    assert.same({}, p:problems())
  end)

  it("revises what a review found and reviews again", function()
    local p <close> = project.new()
    local result = p:plan({ "alpha", "--target", "T", "--to-end" },
      { env = { PLANNER_REVIEW = "findings" } })
    assert.equal(0, result.exit, result.stderr)
    assert.same({ "approaches 1", "pick-best 1", "expand 1", "review 1", "revise 1", "review-2 1",
      "final-review 1" }, p:calls())
    assert.matches("Second version", p:read("alpha/plan.md"))
    assert.matches('"review_findings": "migrations/alpha/%.planning/stages/review%.stdout%.md"',
      p:read("alpha/.planning/state.json"))
  end)

  it("fails when the second review still finds something, and publishes nothing", function()
    local p <close> = project.new()
    local env = { PLANNER_REVIEW = "findings", PLANNER_REVIEW_2 = "findings" }
    local result = p:plan({ "alpha", "--target", "T", "--to-end" }, { env = env })
    assert.equal(1, result.exit)
    assert.matches("1 finding left after the revision", result.stderr)
    assert.matches("next: mighost plan alpha", result.stderr)
    assert.is_nil(p:read("alpha/.planning/stages/review-2.stdout.md"))
    assert.equal("mighost: planning/alpha/revise", p:subjects()[#p:subjects()])
    assert.same({}, p:problems())
    local evidence = result.stderr:match("failed; evidence: ([^;%s]+)")
    local why <close> = assert(io.open(evidence .. "/why.txt"))
    assert.matches("^EJUDGE: ", why:read("l"))
    for _, name in ipairs { "prompt.md", "answer.md", "stdout.log", "stderr.log", "report.json" } do
      local file <close> = io.open(evidence .. "/" .. name)
      assert.is_truthy(file, name)
    end
    assert.equal(0, p:plan({ "alpha", "--to-end" }, { env = { PLANNER_REVIEW_2 = "clear" } }).exit)
    assert.equal(2, p:count("review-2"))
  end)
end)

describe("mighost plan", function()
  it("makes the slug from the target", function()
    local p <close> = project.new()
    local result = p:plan { "--json", "--target",
      "Retire the old parser: it is slow, and nobody understands it any more" }
    local slug = result.stdout:match('"slug":"([^"]+)"')
    assert.matches("^retire%-the%-old%-parser%-it%-is%-slow%-and%-nob%-%d+T%d%d%d%d%d%d$", slug)
  end)

  it("goes on with the oldest migration when none is named", function()
    local p <close> = project.new()
    p:plan { "zulu", "--target", "first" }
    p:plan { "alpha", "--target", "second" }
    local result = p:plan { "--json" }
    assert.matches('"slug":"zulu"', result.stdout)
    assert.matches('"step":"pick%-best"', result.stdout)
  end)

  it("has nothing to do where there is nothing to plan, and says so in JSON", function()
    local p <close> = project.new()
    local result = p:plan { "--json" }
    assert.equal(0, result.exit)
    assert.matches('"message":"nothing to plan"', result.stdout)
    assert.matches('"ok":true', result.stdout)
  end)

  it("leaves a person's work in other files alone: staged, changed, untracked", function()
    local p <close> = project.new()
    p.repo:write("README", "staged\n")
    p.repo:git("add", "README")
    p.repo:write("README", "staged\nand changed\n")
    p.repo:write("notes.txt", "mine\n")
    local before = p.repo:status()
    local index = p.repo:git("ls-files", "--stage", "README")
    assert.equal(0, p:plan({ "alpha", "--target", "T", "--to-end" }).exit)
    assert.equal(before, p.repo:status())
    assert.equal(index, p.repo:git("ls-files", "--stage", "README"))
    assert.equal("staged\nand changed\n", p.repo:read("README"))
    assert.equal("a project", p.repo:git("show", "HEAD:README"))
  end)

  it("works from below the root and in a linked work tree", function()
    local p <close> = project.new()
    p.repo.dir:mkdir("src/deep")
    assert.equal(0, p:plan({ "-C", "src/deep", "alpha", "--target", "T" }).exit)
    p.repo:git("worktree", "add", "-q", "-b", "side", p.home:join("side"))
    local result = p:plan { "-C", p.home:join("side"), "alpha" }
    assert.equal(0, result.exit, result.stderr)
    for branch, step in pairs { side = "pick-best", main = "approaches" } do
      assert.equal("mighost: planning/alpha/" .. step,
        p.repo:git("log", "-1", "--format=%s", branch))
    end
  end)

  it("publishes bytes as they are, whatever git would like to do with line ends", function()
    local p <close> = project.new()
    p.repo:git("config", "core.autocrlf", "input")
    local agent = p:script([[printf 'a\r\n' >"$MIGHOST_WORK_DIR/approaches/a.md" 2>/dev/null ||
      { mkdir "$MIGHOST_WORK_DIR/approaches"; printf 'a\r\n' >"$MIGHOST_WORK_DIR/approaches/a.md"; }
      printf 'b\n' >"$MIGHOST_WORK_DIR/approaches/b.md"; echo done]])
    assert.equal(0, p:plan({ "alpha", "--target", "T" }, { agent = agent }).exit)
    assert.equal("a\r\n", sh.check { argv = { "git", "-C", p.path, "cat-file", "blob",
      "HEAD:migrations/alpha/approaches/a.md" } })
    assert.same({}, p:problems())
  end)

  it("only says what it would do with --dry-run", function()
    local p <close> = project.new()
    local result = p:plan { "alpha", "--target", "T", "--dry-run" }
    assert.equal(0, result.exit, result.stderr)
    assert.matches("would start the migration alpha", result.stdout)
    assert.same({}, p:calls())
    assert.is_nil(p.repo.dir:exists("migrations/alpha") or nil)
    assert.is_false(p.home:exists("state"))
    p:plan { "alpha", "--target", "T" }
    assert.matches("for pick%-best of alpha", p:plan({ "-n" }).stdout)
    p.repo:write("migrations/alpha/plan.md", "by hand\n")
    assert.equal(6, p:plan({ "alpha", "-n" }).exit)
  end)
end)
