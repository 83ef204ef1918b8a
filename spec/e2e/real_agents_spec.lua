local program = require "spec.support.program"
local project = require "spec.support.project"
local sh = require "spec.support.sh"

local REAL <const> = os.getenv "MIGHOST_TEST_REAL_AGENTS"

-- Starts the stub, runs "$@" with its address, ends the stub.
local WITH_STUB <const> = [[
node "$STUB" "$PLANNER" "$HOME/port" >&2 & stub=$!
trap 'kill $stub' EXIT
tries=0
while [ ! -s "$HOME/port" ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
ANTHROPIC_BASE_URL=http://127.0.0.1:$(cat "$HOME/port") "$@"
]]

describe("the real claude", function()
  it("plans through all stages against a stub of its service", function()
    if not REAL then
      return pending("MIGHOST_TEST_REAL_AGENTS names no folder with the npm packages")
    end
    local p <close> = project.new()
    local folder = program.root .. "/spec/support/agents/"
    local result = sh.run {
      argv = { "sh", "-c", WITH_STUB, "sh", program.exe, "plan", "alpha", "--target", "T", "--with",
        "claude", "--model", "claude-sonnet-4-5", "--to-end", "--timeout", "120" },
      cwd = p.path,
      env = p:env { STUB = folder .. "anthropic-stub.js", PLANNER = folder .. "planner.sh",
        PATH = REAL .. "/node_modules/.bin:" .. os.getenv "PATH", ANTHROPIC_API_KEY = "sk-ant-stub",
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC = "1", DISABLE_AUTOUPDATER = "1" },
    }
    assert.equal(0, result.exit, result.stderr)
    assert.matches("final%-review +approve%-auto", result.stdout)
    assert.same({}, p:problems())
    assert.matches("spent +%$[%d.]+, %d+ tokens in 7 calls",
      p:run({ "migration", "show", "alpha" }).stdout)
  end)
end)
