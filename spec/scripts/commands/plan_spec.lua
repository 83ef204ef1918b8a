local json = require "lib.json"
local project = require "spec.support.project"

describe("mighost plan", function()
  it("shows each accepted step on standard output, and what happens on standard error", function()
    local p <close> = project.new()
    local result = p:plan { "alpha", "--target", "T", "--steps", "2" }
    assert.equal(0, result.exit)
    local lines = {}
    for line in result.stdout:gmatch("[^\n]+") do
      table.insert(lines, line)
    end
    assert.equal(2, #lines)
    assert.matches("^approaches +completed +%x%x%x%x%x%x%x +%d+%.%d s  2 approaches", lines[1])
    assert.matches("^pick%-best +completed +", lines[2])
    assert.matches("mighost: alpha: approaches, asking command %(evidence: /", result.stderr)
    assert.matches("mighost: next: mighost plan alpha\n$", result.stderr)
  end)

  it("prints one JSON document with --json, on failure too", function()
    local p <close> = project.new()
    local document = assert(json.decode(p:plan({ "alpha", "--target", "T", "--json" }).stdout))
    assert.same({ 1, true, 0, "alpha", "planning", 1 }, { document.schema, document.ok,
      document.code, document.data.slug, document.data.stands, #document.data.steps })
    local failed = p:plan({ "alpha", "--json", "--to-end" },
      { env = { PLANNER_DECISION = "perhaps" } })
    document = assert(json.decode(failed.stdout))
    assert.equal(1, failed.exit)
    assert.same({ false, 1, 3 }, { document.ok, document.code, #document.data.steps })
    assert.matches("^mighost plan alpha", document.fix)
    document = assert(json.decode(p:plan({ "--json", "--steps", "x" }).stdout))
    assert.same({ false, 2 }, { document.ok, document.code })
  end)

  it("tells what the command lacks, beside what it was given", function()
    local p <close> = project.new()
    local given = { "plan", "alpha", "--target", "T 1", "--steps", "2" }
    local result = p:run(given)
    assert.equal(2, result.exit)
    assert.is_truthy(result.stderr:find("next: mighost plan alpha --target 'T 1' --steps 2 --with "
      .. "command --agent-command 'PROGRAM ARGS'\n", 1, true), result.stderr)
    result = p:run { "plan", "--to-end", "--pipeline", "short", "--", "-x" }
    assert.is_truthy(result.stderr:find("next: mighost plan migrations/-x --pipeline short "
      .. "--to-end --with command", 1, true), result.stderr)
    result = p:run { "plan", "alpha", "--target", "T", "--with", "command",
      "--agent-command", "a 'b" }
    assert.equal(2, result.exit)
    assert.matches("a single quote is not closed", result.stderr)
    assert.is_nil(result.stderr:find("evidence", 1, true))
  end)

  it("asks whom the command line names, else MIGHOST_WITH, else the configuration", function()
    local p <close> = project.new()
    local config = p.repo:read(".mighost/config.json")
    p.repo:write(".mighost/config.json", (config:gsub("^{", '{"with": "replay",', 1)))
    local words = { "plan", "alpha", "--target", "T", "--dry-run" }
    assert.matches("ask the agent replay", p:run(words).stdout)
    local other = { MIGHOST_WITH = "human" }
    assert.matches("ask the agent human", p:run(words, other).stdout)
    table.move({ "--with", "replay" }, 1, 2, #words + 1, words)
    assert.matches("ask the agent replay", p:run(words, other).stdout)
  end)

  it("says nothing but the steps with --quiet", function()
    local p <close> = project.new()
    local result = p:plan { "alpha", "--target", "T", "--quiet" }
    assert.equal("", result.stderr)
    assert.matches("^approaches ", result.stdout)
  end)

  it("shows the agent's output line by line with --show-agent-logs, made harmless", function()
    local p <close> = project.new()
    local agent = p:script([[printf 'one\n\033[31mtwo\n'; echo three >&2; exit 1]])
    local result = p:plan({ "alpha", "--target", "T", "--show-agent-logs" }, { agent = agent })
    assert.equal(1, result.exit)
    for _, line in ipairs { "  one", "  \\u{1B}[31mtwo", "  three" } do
      assert.is_truthy(result.stderr:find(line .. "\n", 1, true), line)
    end
    assert.is_nil(result.stderr:find("\27", 1, true))
  end)

  it("shows blank lines, an unfinished last line, and megabytes of output", function()
    local p <close> = project.new()
    local agent = p:script([[printf 'a\n\nb\n'; head -c 3000000 /dev/zero | tr '\0' x
      printf '\nlast'; exit 1]])
    local result = p:plan({ "alpha", "--target", "T", "--show-agent-logs" }, { agent = agent })
    assert.is_truthy(result.stderr:find("mighost:   a\nmighost:   \nmighost:   b\n", 1, true))
    assert.is_truthy(result.stderr:find("mighost:   last\n", 1, true))
    local shown = 0
    for run in result.stderr:gmatch("xxx+") do
      shown = shown + #run
    end
    assert.equal(3000000, shown)
  end)

  it("tells how to go on with the options of this command", function()
    local p <close> = project.new()
    local result = p:plan({ "alpha", "--target", "two words", "--to-end", "--timeout", "60" },
      { agent = "false" })
    assert.matches("next: mighost plan alpha %-%-target 'two words' %-%-with command "
      .. "%-%-agent%-command false %-%-timeout 60 %-%-to%-end\n", result.stderr)
  end)

  it("has help with an example", function()
    local p <close> = project.new()
    local result = p:run { "plan", "--help" }
    assert.equal(0, result.exit)
    assert.matches("Usage: mighost plan", result.stdout)
    assert.matches("%$ mighost plan %-%-target", result.stdout)
  end)
end)
