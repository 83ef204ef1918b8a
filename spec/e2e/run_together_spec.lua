--- Several runs in one work tree share what is to be done.

local json = require "lib.json"
local program = require "spec.support.program"
local project = require "spec.support.project"
local sh = require "spec.support.sh"

local SLUGS <const> = { "alpha", "beta", "gamma" }

describe("two runs in one work tree", function()
  it("share the plans: none is planned twice, none is left out", function()
    if not project.can_confine() then
      return pending("agents cannot be confined here: what others publish counts as their doing")
    end
    local p <close> = project.new { confined = true }
    for _, slug in ipairs(SLUGS) do
      assert.equal(0, p:plan({ slug, "--target", "T " .. slug }).exit)
    end
    local words = { program.exe, "run", "--focus-on-live-migrations", "--validation-command",
      "true", "--with", "command", "--agent-command", project.agent, "--quiet" }
    for index, word in ipairs(words) do
      words[index] = sh.quote(word)
    end
    local line = table.concat(words, " ")
    local both = sh.run { cwd = p.path,
      env = p:env { PLANNER_DECISION = "reject - it is not worth it" },
      argv = { "sh", "-c", ("%s >%s/one & %s >%s/two; second=$?; wait $! && exit $second"):format(
        line, p.home.path, line, p.home.path) } }
    assert.equal(0, both.exit, both.stderr)
    for _, slug in ipairs(SLUGS) do
      assert.matches('"status": "skipped"', p:read(slug .. "/manifest.json"))
    end
    local calls = 0
    for _, run in ipairs(json.decode(p:run({ "runs", "--json" }).stdout).data.runs) do
      calls = calls + run.calls
    end
    assert.equal(3 * 5, calls)
    assert.equal(3 + 3 * 5, #p:subjects())
    assert.same({}, p:problems())
  end)
end)
