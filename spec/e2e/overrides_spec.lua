--- What a team or a person puts in the place of mighost's own, or adds to it, used end to end.

local json = require "lib.json"
local project = require "spec.support.project"
local sh = require "spec.support.sh"

local STAGE <const> = [[
local words = require "lib.words"
return {
  name = "approaches", outcomes = { "completed" }, produces = { "approaches/*.md" },
  prompt = function(ctx) return words.greeting .. ", " .. ctx.target end,
  judge = function(answer) return "completed", words.greeting end,
}]]
local AGENT <const> = [[
return {
  needs_model = false, inherits_env = true,
  command = function(call)
    return { argv = { %q }, stdin = call.prompt, env = {
      MIGHOST_STAGE = call.stage, MIGHOST_VISIT = tostring(call.visit),
      MIGHOST_WORK_DIR = call.work_dir,
    } }
  end,
  answer = function(report)
    if report.exit ~= 0 then
      return nil, "it ended with " .. report.exit, "broken"
    end
    return { text = report.stdout.text(65536) }
  end,
}]]
local SHORT <const> = [[
return {
  name = "short", start = "approaches",
  edges = {
    ["approaches"] = { completed = "pick-best" },
    ["pick-best"] = { completed = "expand" },
    ["expand"] = { completed = "final-review" },
    ["final-review"] = { ["approve-auto"] = "done", ["approve-needs-human"] = "human",
      reject = "no" },
  },
  terminals = {
    done = { status = "ready" }, human = { status = "ready", awaiting_human_review = true },
    no = { status = "skipped" },
  },
}]]
local RULE <const> = [[
return {
  modes = { "planning-snapshot", "doctor" },
  check = function(m, report)
    if %s then
      report { severity = %q, code = %q, path = "plan.md", message = "of " .. m.slug }
    end
  end,
}]]

--- A project with files of the team's, trusted, and of its user's.
local function with(team, own)
  local p = project.new()
  for path, text in pairs(team) do
    p.repo:write(".mighost/" .. path, text)
  end
  for path, text in pairs(own or {}) do
    p.home:write("config/mighost/" .. path, text)
  end
  if next(team) then
    p.repo:commit("Bring scripts")
    local result = p:run { "trust", "--yes" }
    assert(result.exit == 0, result.stderr)
  end
  return p
end

--- The prompt of the newest call for a stage.
local function prompt_of(p, stage)
  return sh.check { argv = { "sh", "-c", ("cat %s/*/planning/%s/prompt*"):format(
    sh.quote(p.home:join("state/mighost/runs")), stage) } }
end

local function words(greeting)
  return ("return { greeting = %q }"):format(greeting)
end

describe("a file of one's own", function()
  it("serves before mighost's, the team's before the user's", function()
    local own = { ["stages/approaches.lua"] = STAGE, ["lib/words.lua"] = words "mine" }
    do
      local p <close> = with({}, own)
      assert.matches("completed .* mine\n", p:plan({ "a", "--target", "T" }).stdout)
      assert.matches("\nmine, T\n", prompt_of(p, "approaches"))
    end
    local p <close> = with({ ["stages/approaches.lua"] = STAGE, ["lib/words.lua"] = words "ours" },
      own)
    assert.matches("completed .* ours\n", p:plan({ "a", "--target", "T" }).stdout)
    assert.matches("\nours, T\n", prompt_of(p, "approaches"))
    local which = p:run({ "which", "stage", "approaches" }).stdout
    assert.matches("project\tserves\n.*user\thidden\n.*installed\thidden\n$", which)
  end)

  it("finds the helpers of its own layer, then mighost's", function()
    local p <close> = with({ ["lib/words.lua"] = words "ours" }, {
      ["stages/approaches.lua"] = STAGE, ["lib/words.lua"] = words "mine",
    })
    assert.matches("completed .* mine\n", p:plan({ "a", "--target", "T" }).stdout)
    p.home:write("config/mighost/lib/words.lua", "return { greeting = require('lib.time').nosuch "
      .. "or 'with help' }")
    assert.matches("completed .* with help\n", p:plan({ "b", "--target", "T" }).stdout)
  end)

  it("may be a stage of a person's whose folder others may write: it is refused", function()
    local p <close> = with({}, { ["stages/approaches.lua"] = STAGE })
    sh.check { argv = { "chmod", "o+w", p.home:join("config/mighost/stages") } }
    local result = p:plan { "a", "--target", "T" }
    assert.equal(10, result.exit)
    assert.matches("may be written by everyone", result.stderr)
    assert.matches("next: chmod o%-w ", result.stderr)
    assert.same({}, p:calls())
  end)
end)

describe("an agent of the team's", function()
  it("plans from beginning to end", function()
    local p <close> = with({ ["agents/ours.lua"] = AGENT:format(project.agent) })
    local result = p:run { "plan", "a", "--target", "T", "--with", "ours", "--to-end" }
    assert.equal(0, result.exit, result.stderr)
    assert.equal(5, #p:calls())
    assert.matches("asking ours", result.stderr)
    assert.matches("ready", p:run({ "migration", "list" }).stdout)
    assert.matches('"agent": "ours"', p:read "a/.planning/state.json")
    assert.same({}, p:problems())
  end)

  it("may replace one of mighost's", function()
    local p <close> = with({ ["agents/claude.lua"] = AGENT:format(project.agent) })
    assert.equal(0, p:run({ "plan", "a", "--target", "T", "--with", "claude" }).exit)
    assert.same({ "approaches 1" }, p:calls())
  end)

  it("that breaks names its file and line", function()
    for line, text in pairs {
      ["ours.lua:2: "] = "\nreturn { needs_model = }",
      ["ours.lua: field 'answer' is missing"] = "return { needs_model = false, inherits_env = true,"
        .. " command = function() end }",
      ["ours.lua:3: "] = "return { needs_model = false, inherits_env = true,\n"
        .. "command = function(call)\n local x = nil + 1 end, answer = function() end }",
    } do
      local p <close> = with({ ["agents/ours.lua"] = text })
      local result = p:run { "plan", "a", "--target", "T", "--with", "ours" }
      assert.equal(2, result.exit)
      assert.matches(".mighost/agents/" .. line, result.stderr, 1, true)
    end
  end)

  it("is named among those that there are", function()
    local p <close> = with({ ["agents/ours.lua"] = AGENT:format(project.agent) })
    local result = p:run { "plan", "a", "--target", "T", "--with", "our" }
    assert.equal(8, result.exit)
    assert.matches("there is no agent our; there are: .*ours", result.stderr)
  end)

  it("may be named by the configuration, and so may its program", function()
    local p <close> = project.new()
    local settings = json.decode(p.repo:read(".mighost/config.json"))
    settings.with, settings.agent_command = "command", project.agent
    p.repo:write(".mighost/config.json", json.encode(settings))
    p.repo:commit("Choose an agent")
    assert.equal(10, p:run({ "plan", "a", "--target", "T" }).exit)
    assert.same({}, p:calls())
    assert.equal(0, p:run({ "trust", "--yes" }).exit)
    assert.equal(0, p:run({ "plan", "a", "--target", "T" }).exit)
    assert.same({ "approaches 1" }, p:calls())
  end)
end)

describe("the environment that a trusted configuration gives", function()
  it("reaches agents, beside what they inherit, and nothing else", function()
    local p <close> = project.new()
    local settings = json.decode(p.repo:read(".mighost/config.json"))
    settings.agent_env = { OURS_GREETING = "hello", LANG = "C.ours" }
    p.repo:write(".mighost/config.json", json.encode(settings))
    local program = p:script(('env >"$MIGHOST_WORK_DIR/seen"; exec %s'):format(project.agent))
    p.repo:write(".mighost/agents/ours.lua",
      (AGENT:format(program):gsub("inherits_env = true", "inherits_env = false")))
    p.repo:commit("Bring an environment")
    local result = p:run { "plan", "a", "--target", "T", "--with", "ours" }
    assert.equal(10, result.exit)
    assert.matches("agent_env in .mighost/config.json", result.stderr, 1, true)
    assert.equal(0, p:run({ "trust", "--yes" }).exit)
    result = p:run({ "plan", "a", "--target", "T", "--with", "ours" }, { OTHER = "x" })
    assert.equal(0, result.exit, result.stderr)
    local seen = "\n" .. p:read "a/seen"
    assert.matches("\nOURS_GREETING=hello\n", seen, 1, true)
    assert.matches("\nLANG=C.ours\n", seen, 1, true)
    assert.is_nil(seen:find("\nOTHER=", 1, true))
  end)
end)

describe("a rule of the team's", function()
  it("adds to mighost's, and stops what it calls an error", function()
    local p <close> = with({ ["rules/ours.lua"] = RULE:format("m.read('plan.md')", "error", "no") })
    assert.equal(0, p:plan({ "a", "--target", "T", "--steps", "2" }).exit)
    local head = p.repo:head()
    local result = p:plan { "a" }
    assert.equal(1, result.exit)
    assert.matches("migrations/a/plan.md: of a (no)", result.stderr, 1, true)
    assert.equal(head, p.repo:head())
    assert.same({}, p:problems())
  end)

  it("shows in doctor, beside mighost's or in the place of one", function()
    local p <close> = with({ ["rules/ours.lua"] = RULE:format("true", "warning", "ours") })
    assert.equal(0, p:plan({ "a", "--target", "T" }).exit)
    local path = "migrations/a/manifest.json"
    p.repo:write(path, (p.repo:read(path):gsub('"name": "a"', '"name": "b"')))
    local result = p:run { "migration", "doctor", "a" }
    assert.equal(1, result.exit)
    assert.matches("a\terror\tmanifest-slug-mismatch\t", result.stdout, 1, true)
    assert.matches("a\twarning\tours\tmigrations/a/plan.md\tof a\n", result.stdout, 1, true)
    p.repo:write(".mighost/rules/manifest-name.lua", RULE:format("true", "info", "theirs"))
    assert.equal(0, p:run({ "trust", "--yes" }).exit)
    result = p:run { "migration", "doctor", "a" }
    assert.equal(0, result.exit)
    assert.matches("a\tinfo\ttheirs\t", result.stdout, 1, true)
    assert.is_nil(result.stdout:find("manifest-slug-mismatch", 1, true))
  end)

  it("that cannot be loaded stops a plan before an agent is asked, and is a finding", function()
    local p <close> = project.new()
    assert.equal(0, p:plan({ "a", "--target", "T" }).exit)
    p.repo:write(".mighost/rules/ours.lua", "return {\n modes = { 'doctor'\n")
    p.repo:commit("Bring a broken rule")
    assert.equal(0, p:run({ "trust", "--yes" }).exit)
    local result = p:plan { "a" }
    assert.equal(2, result.exit)
    assert.matches(".mighost/rules/ours.lua:3: ", result.stderr, 1, true)
    assert.same({ "approaches 1" }, p:calls())
    result = p:run { "migration", "doctor", "a" }
    assert.equal(1, result.exit)
    assert.matches("a\terror\trule%-failed\t.*/%.mighost/rules/ours%.lua:3: ", result.stdout)
    assert.matches("rule%-failed", p:run({ "migration", "show", "a" }).stdout)
    assert.equal(0, p:run({ "migration", "list" }).exit)
  end)
end)

describe("a pipeline of the team's", function()
  it("is followed where it is asked for, or where the configuration says so", function()
    local p <close> = with({ ["stages/short.lua"] = SHORT })
    local result = p:plan { "a", "--target", "T", "--pipeline", "short", "--to-end" }
    assert.equal(0, result.exit, result.stderr)
    assert.same({ "approaches 1", "pick-best 1", "expand 1", "final-review 1" }, p:calls())
    assert.matches('"file": "short.lua"', p:read "a/.planning/state.json")
    assert.is_nil(p:run({ "migration", "list" }).stdout:find("planning:"))
    assert.equal(0, p:run({ "migration", "doctor", "--all" }).exit)
  end)

  it("may stand in the place of mighost's own", function()
    local p <close> = with({ ["stages/pipeline.lua"] = SHORT })
    assert.equal(0, p:plan({ "a", "--target", "T", "--to-end" }).exit)
    assert.equal(4, #p:calls())
    assert.matches('"name": "short"', p:read "a/.planning/state.json")
  end)
end)

describe("a command of one's own", function()
  local HELLO <const> = "--- Says hello.\nlocal words = require 'lib.words'\n"
    .. "print(words.greeting, require('lib.quote').word('a b'), ...)\nreturn 7\n"

  it("runs by its name, with its arguments, its helpers and its exit code", function()
    local p <close> = with({ ["scripts/team/hello.lua"] = HELLO, ["lib/words.lua"] = words "ours" },
      { ["scripts/hello.lua"] = HELLO, ["lib/words.lua"] = words "mine" })
    assert.same({ exit = 7, stdout = "ours\t'a b'\tx\t--y\n", stderr = "" },
      p:run { "team", "hello", "x", "--y" })
    assert.same({ exit = 7, stdout = "mine\t'a b'\n", stderr = "" }, p:run { "hello.lua" })
    local help = p:run({ "help" }).stdout
    assert.matches("\n  team hello +Says hello.\n", help)
    assert.matches("\n  hello +Says hello.\n", help)
    assert.matches("team needs one of: hello", p:run({ "team" }).stderr)
  end)

  it("may take the place of mighost's, helpers or not", function()
    local p <close> = with({
      ["scripts/plan.lua"] = "local mighost = require 'mighost'\nprint(#assert(mighost.list("
        .. "assert(mighost.open()))))",
      ["lib/text.lua"] = "error('mighost must not use this')",
    })
    assert.same({ exit = 0, stdout = "0\n", stderr = "" }, p:run { "plan" })
  end)

  it("that breaks names its file and line", function()
    local p <close> = with({ ["scripts/a.lua"] = "\nreturn {", ["scripts/b.lua"] = "\nerror('why')",
      ["scripts/c.lua"] = "require 'lib.broken'", ["lib/broken.lua"] = "\n\n)" })
    assert.matches("/.mighost/scripts/a.lua:2: ", p:run({ "a" }).stderr, 1, true)
    assert.matches("/.mighost/scripts/b.lua:2: why", p:run({ "b" }).stderr, 1, true)
    assert.matches("/.mighost/lib/broken.lua:3: ", p:run({ "c" }).stderr, 1, true)
  end)
end)

describe("what a script prints", function()
  it("is told to people and mixes with nothing", function()
    local p <close> = with({ ["rules/ours.lua"] = "return { modes = { 'doctor' }, "
      .. "check = function(m) print('looking at', m.slug, '\\27[2J') end }" })
    assert.equal(0, p:plan({ "a", "--target", "T" }).exit)
    local result = p:run { "migration", "doctor", "a", "--json" }
    assert.equal(0, result.exit)
    assert.is_true(json.decode(result.stdout).ok)
    assert.matches("mighost: rules/ours.lua: looking at", result.stderr, 1, true)
    assert.is_nil(result.stderr:find("\27", 1, true))
    assert.equal("", p:run({ "migration", "doctor", "a", "-q" }).stderr)
  end)
end)
