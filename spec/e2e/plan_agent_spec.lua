local project = require "spec.support.project"
local sh = require "spec.support.sh"

-- What the agent does at the stage approaches, the exit code that follows, and what the error says.
local FAILURES <const> = {
  { "exits non-zero", "echo sorry >&2; exit 3", 1, "exited with status 3: sorry" },
  { "kills itself", "kill -9 $$", 1, "ended by signal 9" },
  { "prints nothing", "mkdir $MIGHOST_WORK_DIR/approaches", 1, "printed nothing" },
  { "prints only blanks", "printf ' \\n\\t\\n'", 1, "printed nothing" },
  { "prints NUL bytes", "printf 'a\\000b'", 1, "NUL bytes" },
  { "prints invalid UTF-8", "printf 'ab\\377cd'", 1, "invalid UTF%-8 at byte 3" },
  { "prints 9 MiB", "head -c 9437184 /dev/zero | tr '\\0' a", 1, "at most 8 MiB" },
  { "prints 1 GiB and more", "head -c 1200000000 /dev/zero | tr '\\0' a", 1, "more than 1024 MiB" },
  { "prints one endless line", "exec yes | tr -d '\\n'", 1, "more than 1024 MiB" },
  { "writes no file", "echo done", 1, "approaches" },
  { "leaves a link", "ln -s /etc/passwd $MIGHOST_WORK_DIR/approaches.md; echo done", 1,
    "approaches%.md" },
  { "leaves a FIFO", "mkfifo $MIGHOST_WORK_DIR/pipe; echo done", 1, "pipe" },
  { "leaves a file of git's", "echo '* text' >$MIGHOST_WORK_DIR/.gitattributes; echo done", 1,
    "%.gitattributes" },
  { "leaves a repository", "cd $MIGHOST_WORK_DIR; mkdir .git; echo x >.git/HEAD; echo done", 1,
    "%.git/HEAD" },
  { "leaves a file name with a line end", "echo x >\"$MIGHOST_WORK_DIR/a\nb\"; echo done", 1,
    "control character" },
  { "leaves a file of 17 MiB", "head -c 17825792 /dev/zero >$MIGHOST_WORK_DIR/big; echo done", 1,
    "larger than 16 MiB" },
  { "leaves 20001 files", "cd $MIGHOST_WORK_DIR && seq 1 20001 | xargs touch && echo done", 1,
    "at most 20000" },
}

--- Plans with an agent that fails its first step: nothing of it is kept but the evidence, and the
--- step can be taken again.
local function expect_failed_step(agent, exit, said, options)
  local p <close> = project.new()
  local head = p.repo:head()
  local result = p:plan({ "alpha", "--target", "T", table.unpack(options or {}) },
    { agent = p:script(agent) })
  assert.equal(exit, result.exit, result.stderr)
  assert.matches(said, result.stderr)
  assert.is_nil(result.stderr:find("traceback", 1, true))
  assert.equal(head, p.repo:head())
  assert.is_false(p.repo.dir:exists("migrations/alpha"))
  assert.same({}, p:problems())
  assert.matches("next: mighost plan alpha %-%-target T", result.stderr)
  local evidence = result.stderr:match("failed; evidence: ([^;%s]+)")
  local why <close> = assert(io.open(evidence .. "/why.txt"))
  assert.matches("^E%u+: ", why:read("l"))
  assert.equal(0, p:plan({ "alpha", "--target", "T" }).exit)
end

describe("an agent that", function()
  for _, failure in ipairs(FAILURES) do
    local name, agent, exit, said = table.unpack(failure)
    it(name .. " fails the step, and nothing is lost", function()
      expect_failed_step(agent, exit, said)
    end)
  end

  it("is not done in time is ended, with everything that it started", function()
    expect_failed_step("(while :; do echo tick; sleep 0.1; done) & wait", 11,
      "did not finish within 1 s", { "--timeout", "1" })
  end)

  it("gives no sign of life is ended", function()
    expect_failed_step("sleep 600", 11, "printed nothing for 1 s", { "--silence-timeout", "1" })
  end)

  it("is not there, or cannot be executed, is an error before anything else", function()
    local p <close> = project.new()
    local head = p.repo:head()
    local path = p.home:write("plain.txt", "not a program\n")
    for _, agent in ipairs { "/nowhere/agent", "no-such-program-anywhere", path } do
      local result = p:plan({ "alpha", "--target", "T" }, { agent = agent })
      assert.equal(8, result.exit, result.stderr)
      assert.matches("cannot be started", result.stderr)
      assert.equal(head, p.repo:head())
    end
  end)

  it("writes an empty file where content is asked for fails at once", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T", "--steps", "2" }
    local agent = p:script([[cd $MIGHOST_WORK_DIR
      printf '# Phase\n\n## Precondition\n\nx\n' >phase-1-a.md
      printf '\n## Definition of Done\n\ny\n' >>phase-1-a.md; : >plan.md; echo done]])
    local result = p:plan({ "alpha" }, { agent = agent })
    assert.equal(1, result.exit)
    assert.matches("plan%.md", result.stderr)
    assert.equal("mighost: planning/alpha/pick-best", p:subjects()[#p:subjects()])
  end)

  it("names no approach, or one that is not there, fails the step", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    for _, words in ipairs { "chosen-approach: a-third-one", "chosen-approach: both" } do
      local result = p:plan({ "alpha" }, { agent = p:script("echo '" .. words .. "'") })
      assert.equal(1, result.exit)
      assert.equal("mighost: planning/alpha/approaches", p:subjects()[#p:subjects()])
    end
  end)

  it("leaves out the decision fails the final review", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T", "--steps", "4" }
    local result = p:plan({ "alpha" }, { agent = p:script("echo looks good") })
    assert.equal(1, result.exit)
    assert.matches("final%-decision", result.stderr)
  end)

  it("changes what only mighost writes is corrected, and people are told", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local agent = p:script([[cd $MIGHOST_WORK_DIR
      echo '{}' >manifest.json; rm .planning/state.json
      echo no >.planning/stages/approaches.stdout.md
      echo more >.planning/stages/extra.md; echo 'chosen-approach: rewrite']])
    local before = p:read("alpha/.planning/stages/approaches.stdout.md")
    local result = p:plan({ "alpha" }, { agent = agent })
    assert.equal(0, result.exit, result.stderr)
    assert.matches("changed manifest%.json, which only mighost writes", result.stderr)
    assert.equal(before, p:read("alpha/.planning/stages/approaches.stdout.md"))
    assert.is_nil(p:read("alpha/.planning/stages/extra.md"))
    assert.equal(0, p:run({ "migration", "doctor", "alpha" }).exit)
    assert.equal(0, p:plan({ "alpha", "--to-end" }).exit)
  end)

  it("is told all about its call", function()
    local p <close> = project.new()
    local agent = p:script("env >" .. sh.quote(p.home:join("env")) .. "; exit 1")
    p:plan({ "alpha", "--target", "T", "--model", "m-1", "--effort", "high" },
      { agent = agent, env = { OWN_THING = "passed on" } })
    local env = p.home:read("env")
    for name, value in pairs {
      MIGHOST_STAGE = "approaches", MIGHOST_VISIT = "1", MIGHOST_SLUG = "alpha",
      MIGHOST_MODEL = "m-1", MIGHOST_EFFORT = "high", MIGHOST_ROLE = "planning.approaches",
      MIGHOST_REPO_ROOT = p.path, MIGHOST_LIVE_DIR = p.path .. "/migrations/alpha",
      OWN_THING = "passed on",
    } do
      assert.is_truthy(env:find(name .. "=" .. value .. "\n", 1, true), name)
    end
    assert.matches("MIGHOST_WORK_DIR=/[^\n]+/alpha\n", env)
    assert.matches("MIGHOST_ARTIFACTS=/[^\n]+/planning/approaches\n", env)
  end)

  it("gets a prompt that begins with stage, target and folders", function()
    local p <close> = project.new()
    local seen = p.home:join("prompt")
    local agent = p.home:write("see.sh", "#!/bin/sh\ncat >" .. sh.quote(seen) .. "\nexit 1\n")
    p:plan({ "alpha", "--target", "Split it\nin two" }, { agent = "sh " .. sh.quote(agent) })
    local prompt = p.home:read("prompt")
    assert.matches("^Stage: approaches\nTarget: Split it in two\nStaged work dir: /[^\n]+/alpha\n"
      .. "Live migration dir: [^\n]+/migrations/alpha\n\n", prompt)
    assert.matches("## Taste\n\n", prompt)
  end)

  it("prints a secret of the environment: its value is nowhere afterwards", function()
    local p <close> = project.new()
    local secret = "hunter2-" .. ("x"):rep(20)
    local agent = p:script([[mkdir -p $MIGHOST_WORK_DIR/approaches; cd $MIGHOST_WORK_DIR/approaches
      echo a >a.md; echo b >b.md; echo "I used $MY_API_KEY today"; echo "log $MY_API_KEY" >&2]])
    local result = p:plan({ "alpha", "--target", "T", "--show-agent-logs", "--record", "rec" },
      { agent = agent, env = { MY_API_KEY = secret } })
    assert.equal(0, result.exit, result.stderr)
    assert.is_nil((result.stdout .. result.stderr):find(secret, 1, true))
    assert.matches("<redacted:MY_API_KEY>", p:read("alpha/.planning/stages/approaches.stdout.md"))
    local grep = sh.run { argv = { "grep", "-rlF", secret, p.path, p.home:join("state") } }
    assert.equal("", grep.stdout)
    local fail = p:script('echo "chosen-approach: $MY_API_KEY"; exit 0')
    result = p:plan({ "alpha" }, { agent = fail, env = { MY_API_KEY = secret } })
    assert.equal(1, result.exit)
    assert.is_nil(result.stderr:find(secret, 1, true))
  end)
end)

describe("mighost plan --with replay", function()
  local function replay(p, args)
    return p:run { "plan", "--with", "replay", table.unpack(args) }
  end

  it("plans what was recorded, file by file", function()
    local p <close> = project.new()
    local rec = p.home:join("rec")
    local env = { PLANNER_REVIEW = "findings" }
    local made = p:plan({ "alpha", "--target", "T", "--to-end", "--record", rec }, { env = env })
    assert.equal(0, made.exit, made.stderr)
    local q <close> = project.new()
    local result = replay(q,
      { "beta", "--target", "T", "--to-end", "--recording", rec, "--strict" })
    assert.equal(0, result.exit, result.stderr)
    assert.same({}, q:calls())
    for _, path in ipairs { "plan.md", "phase-1-part-1.md", "approaches/rewrite.md",
      ".planning/stages/revise.stdout.md" } do
      assert.equal(p:read("alpha/" .. path), q:read("beta/" .. path))
    end
    assert.same({}, q:problems())
  end)

  it("warns of a prompt that differs, and refuses it with --strict", function()
    local p <close> = project.new()
    local rec = p.home:join("rec")
    p:plan { "alpha", "--target", "T", "--record", rec }
    local strict = replay(p, { "beta", "--target", "Other", "--recording", rec, "--strict" })
    assert.equal(1, strict.exit)
    assert.matches("%-Target: T\n?", strict.stderr)
    assert.matches("%+Target: Other", strict.stderr)
    local result = replay(p, { "beta", "--target", "Other", "--recording", rec })
    assert.equal(0, result.exit)
    assert.matches("warning: the prompt of approaches is not the recorded one", result.stderr)
    assert.matches("no answer for visit 1 of pick%-best",
      replay(p, { "beta", "--recording", rec }).stderr)
    assert.equal(8, replay(p, { "beta", "--recording", rec }).exit)
  end)

  it("answers from the plan that came with mighost where no recording is named", function()
    local p <close> = project.new()
    local result = replay(p, { "--target", "Anything", "--to-end" })
    assert.equal(0, result.exit, result.stderr)
    local steps = {}
    for line in result.stdout:gmatch("[^\n]+") do
      table.insert(steps, line:match("^%S+"))
    end
    assert.same({ "approaches", "pick-best", "expand", "review", "revise", "review-2",
      "final-review" }, steps)
    assert.same({}, p:problems())
  end)
end)
