local shapes = require "planning.shapes"
local tables = require "lib.tables"

local function noop() end

local function stage(changes)
  return tables.copy({ name = "a", outcomes = { "done" }, prompt = noop, judge = noop }, changes)
end

---What is wrong: "code at.the.place: message" each.
local function told(problems)
  local lines = {}
  for index, problem in ipairs(problems) do
    assert.equal("error", problem.severity)
    assert.is_true(#problem.mend > 0)
    lines[index] = ("%s %s: %s"):format(problem.code, table.concat(problem.at, "."),
      problem.message)
  end
  return lines
end

local function stage_told(changes)
  return told(shapes.stage(stage(changes), "a"))
end

describe("planning.shapes", function()
  it("finds nothing wrong with sound files", function()
    assert.same({}, stage_told())
    assert.same({}, stage_told {
      needs = { "plan.md", "phase-*.md" }, produces = { "notes/..x/*.md" }, timeout = 0.5,
      examples = { { text = "x", outcome = "done" }, { text = "y" } },
    })
    assert.same({}, shapes.rule { modes = { "doctor" }, check = noop })
    assert.same({}, shapes.agent {
      needs_model = false, inherits_env = false, command = noop, answer = noop,
    })
  end)

  it("tells every field that is wrong, with its place", function()
    assert.same({
      "unknown-field promt: unknown field 'promt' (did you mean 'prompt'?)",
      "wrong-type needs: field 'needs' must be a list of strings, not a string",
      "wrong-type timeout: field 'timeout' must be a number, not a string",
    }, stage_told { promt = noop, needs = "plan.md", timeout = "1" })
    local bare = stage()
    bare.judge = nil
    assert.same({ "missing-field : field 'judge' is missing" }, told(shapes.stage(bare, "a")))
    assert.same({ "missing-field : field 'check' is missing",
      "wrong-type modes: field 'modes' must be a list of strings, not a string" },
      told(shapes.rule { modes = "doctor" }))
  end)

  it("wants a stage to be named as its file, and to be no pipeline", function()
    assert.same({ 'wrong-name name: field \'name\' must be "b" as the file, not "a"' },
      told(shapes.stage(stage(), "b")))
    assert.same({ "both-kinds edges: has edges, so it is a pipeline, not a stage" },
      stage_told { edges = {} })
  end)

  it("wants outcomes that can be told apart", function()
    assert.same({ "no-outcomes outcomes: field 'outcomes' is empty" },
      stage_told { outcomes = {} })
    assert.same({
      "empty-name outcomes.2: field 'outcomes' has an empty name",
      "duplicate-name outcomes.3: field 'outcomes' names done twice",
    }, stage_told { outcomes = { "done", "", "done" } })
    assert.same({ "unsafe-name outcomes.2: field 'outcomes' has \"a b\", not a plain name" },
      stage_told { outcomes = { "to-be.done_2", "a b" } })
    for _, name in ipairs { "a\nb", "\27[2J", "-a", "ä", "a\tb" } do
      assert.matches("^unsafe%-name", stage_told({ outcomes = { name } })[1])
    end
  end)

  it("wants limits above zero and globs inside a migration", function()
    assert.same({
      "bad-limit silence: fields 'timeout' and 'silence' are seconds, more than 0 and at most "
        .. "1000000000",
      "bad-limit timeout: fields 'timeout' and 'silence' are seconds, more than 0 and at most "
        .. "1000000000",
    }, stage_told { silence = 0, timeout = -1 })
    for _, limit in ipairs { 0 / 0, 1 / 0, 1e300, 1000000001 } do
      assert.equal(1, #stage_told { timeout = limit })
    end
    assert.same({}, stage_told { timeout = 1000000000 })
    local globs = { "", "/plan.md", "../x", "a/./b", "a/.." }
    for index, line in ipairs(stage_told { needs = globs }) do
      assert.equal(("bad-glob needs.%d: field 'needs' has %q, not a path inside a migration")
        :format(index, globs[index]), line)
    end
    assert.equal(#globs, #stage_told { produces = globs })
    assert.same({
      "own-file produces.1: field 'produces' has \"manifest.json\", which only mighost writes",
      "own-file produces.3: field 'produces' has \".planning/state.json\", which only mighost "
        .. "writes",
    }, stage_told { produces = { "manifest.json", "notes/manifest.json", ".planning/state.json" } })
  end)

  it("wants examples that the stage could meet", function()
    assert.same({
      "wrong-type examples.1: field 'examples' has a string; each must be a table with 'text'",
      "unknown-field examples.2.txt: unknown field 'txt' (did you mean 'text'?)",
      "missing-field examples.2: field 'text' is missing",
      "undeclared-outcome examples.3.outcome: example 3 has the outcome clear, not one of "
        .. "the stage's",
    }, stage_told { examples = { "x", { txt = "x" }, { text = "x", outcome = "clear" } } })
  end)

  it("wants a rule to run in some mode that there is", function()
    assert.same({ "no-modes modes: field 'modes' is empty: the rule never runs" },
      told(shapes.rule { modes = {}, check = noop }))
    assert.same({ "unknown-mode modes.2: field 'modes' names always, which is not a mode" },
      told(shapes.rule { modes = { "doctor", "always" }, check = noop }))
  end)

  it("wants an agent that is attached to have a form for it", function()
    assert.same({ "missing-field attached: field 'attached' needs the field 'interactive'" },
      told(shapes.agent { needs_model = false, inherits_env = false, command = noop, answer = noop,
        attached = true }))
  end)

  it("wants an agent to name variables that there can be", function()
    local function told_of(passes, secrets)
      return told(shapes.agent { needs_model = false, inherits_env = false, command = noop,
        answer = noop, passes = passes, secrets = secrets })
    end
    assert.same({}, told_of({ "OURS_*", "_x1" }, { "OURS_KEY" }))
    assert.same({
      "bad-variable passes.1: field 'passes' has \"*\", which is not the name of a variable",
      "bad-variable passes.3: field 'passes' has \"A*B\", which is not the name of a variable",
      "bad-variable secrets.1: field 'secrets' has \"OURS_*\", which is not the name of a variable",
    }, told_of({ "*", "A", "A*B" }, { "OURS_*" }))
  end)
end)
