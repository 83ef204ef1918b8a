local json = require "lib.json"
local project = require "spec.support.project"
local schema = require "spec.support.schema"
local sh = require "spec.support.sh"

local SECRET <const> = "sesame-open-3141592"
local WORKER <const> = [[
  case $MIGHOST_ROLE in
  classify) echo "decision: cohesive-cleanup" ;;
  refactor) echo "$MIGHOST_EFFORT" >>README; echo "token $SPEC_LOOP_TOKEN" ;;
  esac]]

local function run(p, args, opts)
  opts = opts or {}
  local all = { opts.command or "run", "--validation-command", opts.validation or "true" }
  table.move({ "--with", "command", "--agent-command", opts.agent or p:script(WORKER) }, 1, 4,
    #all + 1, all)
  return p:run(table.move(args, 1, #args, #all + 1, all), opts.env)
end

local function evidence_of(result)
  return (assert(result.stderr:match("evidence: ([^\n]+)"), result.stderr))
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

describe("mighost run", function()
  it("does nothing, and says so with 0, where nothing matches", function()
    local p <close> = project.new()
    local result = run(p, { "--globs", "*.nosuch", "--max-refactors", "3" })
    assert.equal(0, result.exit, result.stderr)
    assert.matches("\n0 .*completed\n$", result.stdout .. result.stderr)
    assert.matches("mighost: warning: nothing matches: there is no source target\n", result.stderr)
  end)

  it("works on general refactoring where nothing matches but a scope is given", function()
    local p <close> = project.new()
    local result = run(p, { "--globs", "*.nosuch", "--max-refactors", "3", "--scope-instruction",
      "comments only" })
    assert.equal(0, result.exit, result.stderr)
    assert.equal("mighost: general refactoring", p:subjects()[4])
    assert.equal(4, #p:subjects())
    assert.is_truthy(read(evidence_of(result) .. "/classify/prompt.md"):find("comments only", 1,
      true))
  end)

  it("ends with 1 when the failure budget is spent, and leaves a story", function()
    local p <close> = project.new()
    local result = run(p, { "--paths", "README", "--max-refactors", "0",
      "--max-consecutive-failures", "2" }, { agent = p:script("echo hm; exit 7") })
    assert.equal(1, result.exit)
    assert.matches("mighost: max_consecutive_failures: 2 failures in a row\n", result.stderr)
    local shown = schema.expect("runs-show", p:run({ "runs", "show", "--json" }).stdout).data.run
    assert.equal("max_consecutive_failures", shown.outcome)
    assert.equal(2, #shown.snapshots)
    assert.equal(2, #shown.agent_calls)
    assert.equal(2, shown.summary.counts.failures)
    local page = p:run({ "runs", "show" }).stdout
    assert.matches("\nActions\n  1  classify +abandon", page)
    assert.matches("\nFailures\n  /", page)
  end)

  it("ends with 9 at a red baseline, 2 without a branch, 6 over somebody's work", function()
    local p <close> = project.new()
    local red = run(p, { "--paths", "README", "--max-refactors", "1" }, { validation = "false" })
    assert.equal(9, red.exit)
    assert.matches("mighost: baseline_failed: ", red.stderr)
    assert.equal(0, #p:calls())
    p.repo:write("new", "x")
    assert.equal(6, run(p, { "--paths", "README", "--max-refactors", "1" }).exit)
    sh.check { argv = { "rm", p.path .. "/new" } }
    p.repo:git("checkout", "-q", "--detach")
    assert.equal(2, run(p, { "--paths", "README", "--max-refactors", "1" }).exit)
  end)

  it("ends with 10 where the repository brings a validation command that nobody trusts", function()
    local p <close> = project.new()
    p.repo:write(".mighost/config.json", '{"schema_version": 1, "live_migrations_dir": '
      .. '"migrations", "validation_command": "sh -c \'touch ../trespass\'"}')
    p.repo:commit("Name a program")
    local result = p:run { "run-once", "--paths", "README", "--with", "replay" }
    assert.equal(10, result.exit, result.stderr)
    assert.matches("mighost trust", result.stderr)
    local trusted = p:run { "trust", "--yes" }
    assert.equal(0, trusted.exit, trusted.stderr)
    p.repo:write(".mighost/config.json", '{"schema_version": 1, "live_migrations_dir": '
      .. '"migrations", "validation_command": "false"}')
    p.repo:commit("Name another")
    assert.equal(10, p:run({ "run-once", "--paths", "README", "--with", "replay" }).exit)
    assert.equal(0, p:run({ "trust", "--yes" }).exit)
    assert.equal(9, p:run({ "run-once", "--paths", "README", "--with", "replay" }).exit)
  end)

  it("is interrupted at once, also between two actions, and says so", function()
    local p <close> = project.new()
    local started = p:start({ "--paths", "README", "--max-refactors", "0", "--sleep", "60",
      "--validation-command", "true" }, nil, { "run" })
    -- the scripted planner knows no such role: the first action fails, then the run sleeps
    local patience = os.time() + 60
    repeat
      local err = p.home:read("err") or ""
      assert(os.time() < patience, err)
    until err:find("failure snapshot", 1, true)
    started.stop("INT")
    assert.equal(130, started.wait())
    local runs = json.decode(p:run({ "runs", "--json" }).stdout).data.runs
    assert.equal("interrupted", runs[1].outcome)
    assert.same({}, p:problems())
  end)

  it("puts everything back when it is interrupted while an agent works", function()
    local p <close> = project.new()
    local up, down = p.home:join("up"), p.home:join("down")
    sh.check { argv = { "mkfifo", up, down } }
    local agent = p:script(([[
      case $MIGHOST_ROLE in
      classify) echo "decision: cohesive-cleanup" ;;
      refactor) echo half >>README; echo new >new.txt; echo ready >%s; read -r _ <%s ;;
      esac]]):format(up, down))
    local started = p:start({ "--paths", "README", "--max-refactors", "1", "--validation-command",
      "true", "--agent-command", agent }, nil, { "run" })
    assert.equal("ready\n", sh.check { argv = { "timeout", "60", "cat", up } })
    started.stop("INT")
    assert.equal(130, started.wait())
    assert.equal("a project\n", p.repo:read("README"))
    assert.same({}, p:problems())
    assert.equal(3, #p:subjects())
    local shown = schema.expect("runs-show", p:run({ "runs", "show", "--json" }).stdout).data.run
    assert.equal("interrupted", shown.outcome)
    assert.equal("interrupted", shown.summary.status)
  end)

  it("tells agents what prompt files say, and why they are asked again", function()
    local p <close> = project.new()
    local words = p.home:write("words.md", "Only ever add lines.\n")
    local fix = p.home:write("fix.md", "Look at the end of the file.\n")
    local agent = p:script([[
      case $MIGHOST_ROLE in
      classify) echo "decision: cohesive-cleanup" ;;
      refactor)
        case $MIGHOST_ARTIFACTS in
        */retry-02/*) echo good >>README ;;
        *) echo bad >>README ;;
        esac
        echo done ;;
      esac]])
    local result = run(p, { "--paths", "README", "--max-refactors", "1", "--max-attempts", "2",
      "--refactoring-prompt", words, "--fix-prompt", fix },
      { agent = agent, validation = "grep -q good README" })
    assert.equal(9, result.exit)
    p.repo:write("README", "a good project\n")
    p.repo:commit("Begin green")
    result = run(p, { "--paths", "README", "--max-refactors", "1", "--max-attempts", "2",
      "--refactoring-prompt", words, "--fix-prompt", fix },
      { agent = agent, validation = "sh -c '! grep -q bad README'" })
    assert.equal(0, result.exit, result.stderr)
    assert.equal("a good project\ngood\n", p.repo:read("README"))
    local attempt = evidence_of(result) .. "/attempt-001/"
    local first = read(attempt .. "refactor/prompt.md")
    local second = read(attempt .. "retry-02/refactor/prompt.md")
    assert.is_truthy(first:find("Only ever add lines.", 1, true))
    assert.is_nil(first:find("Look at the end", 1, true))
    assert.is_truthy(second:find("Only ever add lines.", 1, true))
    assert.is_truthy(second:find("Look at the end of the file.", 1, true))
    assert.matches("\n1 +0 +0 +0 +1 +1 +0 ", result.stdout)
  end)

  it("goes on after kill -9: what the dead run was at is put back, and said", function()
    local p <close> = project.new()
    local up, down = p.home:join("up"), p.home:join("down")
    sh.check { argv = { "mkfifo", up, down } }
    local agent = p:script(([[
      case $MIGHOST_ROLE in
      classify) echo "decision: cohesive-cleanup" ;;
      refactor)
        echo half >>README; echo new >new.txt
        if [ -p %s ]; then echo ready >%s; read -r _ <%s; fi
        echo done ;;
      esac]]):format(up, up, down))
    local args = { "--paths", "README", "--validation-command", "true", "--agent-command", agent }
    local started = p:start(args, nil, { "run-once" })
    assert.equal("ready\n", sh.check { argv = { "timeout", "60", "cat", up } })
    started.stop("KILL")
    assert.equal(137, started.wait())
    assert.equal("a project\nhalf\n", p.repo:read("README"))
    sh.check { argv = { "rm", up } }
    local again = run(p, { "--paths", "README" }, { command = "run-once", agent = agent })
    assert.equal(0, again.exit, again.stderr)
    assert.matches("picked up: README: [^\n]*put back; it is kept in [^\n]*rejected.patch\n",
      again.stderr)
    assert.equal("a project\nhalf\n", p.repo:read("README"))
    assert.same({ "mighost: README" }, { p:subjects()[4], p:subjects()[5] })
    assert.same({}, p:problems())
    local outcomes = {}
    for _, listed in ipairs(json.decode(p:run({ "runs", "--json" }).stdout).data.runs) do
      outcomes[listed.outcome] = true
    end
    assert.same({ completed = true, interrupted = true }, outcomes)
  end)

  it("keeps secrets out of all that it keeps", function()
    local p <close> = project.new()
    local result = run(p, { "--paths", "README", "--max-refactors", "1" },
      { env = { SPEC_LOOP_TOKEN = SECRET }, validation = "sh -c 'echo $SPEC_LOOP_TOKEN'" })
    assert.equal(0, result.exit, result.stderr)
    local found = sh.run { argv = { "grep", "-rl", SECRET, p.home.path, p.path } }
    assert.equal("", found.stdout)
    assert.is_truthy(read(evidence_of(result) .. "/attempt-001/refactor/answer.md"):find(
      "<redacted:SPEC_LOOP_TOKEN>", 1, true))
  end)

  it("bounds the effort that targets ask for, and says what was used", function()
    local p <close> = project.new()
    local list = p.home:write("list.jsonl", '{"description": "d", "files": ["README"], '
      .. '"effort-override": "xhigh"}\nnonsense\n')
    local result = run(p, { "--targets", list, "--max-allowed-effort", "medium" })
    assert.equal(0, result.exit, result.stderr)
    assert.matches("warning: .*list.jsonl: line 2 is skipped: ", result.stderr)
    assert.matches("warning: d asks for effort xhigh; medium is the most", result.stderr)
    assert.equal("a project\nmedium\n", p.repo:read("README"))
    local summary = json.decode(read(evidence_of(result) .. "/summary.json"))
    assert.same({ "xhigh", "medium" }, { summary.attempts[1].effort_asked,
      summary.attempts[1].effort_used })
  end)

  it("is recorded, and answered from the recording", function()
    local p <close> = project.new()
    local kept = p.home:join("kept")
    local recorded = run(p, { "--paths", "README", "--max-refactors", "1", "--record", kept })
    assert.equal(0, recorded.exit, recorded.stderr)
    p.repo:git("reset", "-q", "--hard", "HEAD^")
    local replayed = p:run { "run", "--paths", "README", "--max-refactors", "1", "--with", "replay",
      "--recording", kept, "--validation-command", "true" }
    assert.equal(0, replayed.exit, replayed.stderr)
    assert.matches("classify: asking replay", replayed.stderr)
  end)

  it("shows what agents and validations print when it is asked to", function()
    local p <close> = project.new()
    local validation = "sh -c 'echo all is green'"
    local quiet = run(p, { "--paths", "README", "--max-refactors", "1" },
      { validation = validation })
    assert.is_nil(quiet.stderr:find("all is green", 1, true))
    local both = run(p, { "--paths", "README", "--max-refactors", "1", "--show-agent-logs",
      "--show-command-logs" }, { validation = validation })
    assert.is_truthy(both.stderr:find("  all is green\n", 1, true), both.stderr)
    assert.is_truthy(both.stderr:find("  decision: cohesive-cleanup\n", 1, true))
    assert.equal("", run(p, { "--paths", "README", "--max-refactors", "1", "--quiet" }).stderr)
  end)
end)
