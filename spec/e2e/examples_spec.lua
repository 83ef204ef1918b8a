--- What `mighost init --example` writes: checked, tested and used as a team would.

local example = require "project.example"
local program = require "spec.support.program"
local project = require "spec.support.project"
local sh = require "spec.support.sh"

--- A project with an example of this kind, trusted.
local function with_example(kind)
  local p = project.new()
  local result = p:run { "init", "--example", kind, "--commit" }
  assert(result.exit == 0, result.stderr)
  assert(p:run({ "trust", "--yes" }).exit == 0)
  return p, result
end

describe("mighost init --example", function()
  for _, kind in ipairs(example.kinds) do
    it(("writes a %s that its own spec and mighost check find sound"):format(kind), function()
      local p <close>, result = with_example(kind)
      local spec = result.stderr:match("to try it: mighost trust, then mighost (%S+)")
      local tested = p:run { spec }
      assert.equal(0, tested.exit, tested.stderr)
      assert.matches(": ok\n$", tested.stdout)
      local checked = p:run { "check" }
      assert.equal(0, checked.exit, checked.stdout .. checked.stderr)
      assert.equal("", p.repo:status())
    end)
  end

  it("writes all of them into one project, and each one's spec holds there", function()
    local p <close> = project.new()
    local specs = {}
    for _, kind in ipairs(example.kinds) do
      local result = p:run { "init", "--example", kind, "--commit" }
      assert.equal(0, result.exit, result.stderr)
      table.insert(specs, (result.stderr:match("to try it: mighost trust, then mighost (%S+)")))
    end
    for _, rule in ipairs { "disjoint-phases", "effort-reason" } do
      local file <close> = assert(io.open(("%s/scripts/examples/rules/%s.lua"):format(program.root,
        rule)))
      p.repo:write((".mighost/rules/%s.lua"):format(rule), file:read("a"))
    end
    assert(p:run({ "trust", "--yes" }).exit == 0)
    for _, spec in ipairs(specs) do
      local tested = p:run { spec }
      assert.equal(0, tested.exit, spec .. ": " .. tested.stderr)
    end
    local checked = p:run { "check" }
    assert.equal(0, checked.exit, checked.stdout .. checked.stderr)
    assert.is_nil(checked.stdout:find("warning", 1, true))
  end)

  it("notices a broken one", function()
    local p <close> = with_example("rule")
    local path = ".mighost/rules/rollback.lua"
    p.repo:write(path, (p.repo:read(path):gsub("## Rollback", "## Way back")))
    p:run { "trust", "--yes" }
    assert.equal(1, p:run({ ".mighost/spec/rollback.lua" }).exit)
  end)

  it("plans with the pipeline to the end, as recorded", function()
    local p <close> = with_example("pipeline")
    local result = p:run { "plan", "x", "--target", "Add sessions", "--pipeline", "secure",
      "--with", "replay", "--recording", ".mighost/recordings/secure", "--to-end" }
    assert.equal(0, result.exit, result.stderr)
    assert.matches("\nsecurity%-review findings .*\nrevise .*\nsecurity%-review clear ",
      result.stdout)
    assert.equal(0, p:run({ "migration", "doctor", "--all" }).exit)
    assert.same({}, p:problems())
  end)

  it("has a recording of today's prompts", function()
    local p <close> = with_example("pipeline")
    local result = p:run { "plan", "x", "--target", "Add sessions", "--pipeline", "secure",
      "--with", "replay", "--recording", ".mighost/recordings/secure", "--to-end", "--strict" }
    assert.equal(0, result.exit,
      "run mighost spec/support/record-example.lua: " .. result.stderr)
  end)

  it("plans with the agent, where its program is there", function()
    local p <close> = with_example("agent")
    local ours = p.home:write("bin/ours", "#!/bin/sh\ncat >/dev/null\ncd \"$OURS_WORK_DIR\"\n"
      .. "mkdir approaches; echo a >approaches/a.md; echo b >approaches/b.md\n"
      .. "printf 'Two.\\ntokens: 10 5\\n'\n")
    sh.check { argv = { "chmod", "+x", ours } }
    local env = { PATH = p.home:join("bin") .. ":" .. os.getenv("PATH") }
    local result = p:run({ "plan", "x", "--target", "T", "--with", "ours", "--model", "m" }, env)
    assert.equal(0, result.exit, result.stderr)
    assert.equal("Two.\n", p:read("x/.planning/stages/approaches.stdout.md"))
    assert.matches("15 tokens", p:run({ "migration", "show", "x" }).stdout)
  end)

  it("refuses to write over a team's own, and says what it would do", function()
    local p <close> = project.new()
    assert.matches("would create the example of a rule",
      p:run({ "init", "--example", "rule", "--dry-run" }).stdout)
    p.repo:write(".mighost/rules/rollback.lua", "mine\n")
    assert.equal(2, p:run({ "init", "--example", "rule" }).exit)
    assert.equal(2, p:run({ "init", "--example", "rule", "--dry-run" }).exit)
    local before = p.repo:read(".mighost/config.json")
    assert.equal(2, p:run({ "init", "--example", "rule", "--live-migrations-dir", "plans" }).exit)
    assert.equal(before, p.repo:read(".mighost/config.json"))
    assert.matches("'--example' must be used at most 1 time",
      p:run({ "init", "--example", "stage", "--example", "agent" }).stderr, 1, true)
    assert.equal(2, p:run({ "init", "--example", "poem" }).exit)
  end)
end)
