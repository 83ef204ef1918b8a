local program = require "spec.support.program"
local project = require "spec.support.project"
local sh = require "spec.support.sh"

local REAL <const> = os.getenv "MIGHOST_TEST_REAL_AGENTS"
local FOLDER <const> = program.root .. "/spec/support/agents/"

-- Starts the stub, tells both programs where it is, runs "$@", ends the stub.
local WITH_STUB <const> = [[
node "$STUB" "$PLANNER" "$HOME/port" >&2 & stub=$!
trap 'kill $stub' EXIT
tries=0
while [ ! -s "$HOME/port" ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
url=http://127.0.0.1:$(cat "$HOME/port")
mkdir -p "$CODEX_HOME"
cat >"$CODEX_HOME/config.toml" <<END
model_provider = "stub"
[model_providers.stub]
name = "stub"
base_url = "$url/v1"
wire_api = "responses"
env_key = "OPENAI_API_KEY"
END
ANTHROPIC_BASE_URL=$url "$@"
]]

--- Plans to the end with the real program and a stub of its service.
local function plan(p, agent, stub, model)
  return sh.run {
    argv = { "sh", "-c", WITH_STUB, "sh", program.exe, "plan", "alpha", "--target", "T", "--with",
      agent, "--model", model, "--to-end", "--timeout", "120" },
    cwd = p.path,
    env = p:env {
      MIGHOST_SANDBOX = "require", -- with what its adapter names it must have enough
      STUB = FOLDER .. stub, PLANNER = FOLDER .. "planner.sh",
      PATH = REAL .. "/node_modules/.bin:" .. os.getenv "PATH",
      ANTHROPIC_API_KEY = "sk-ant-stub", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC = "1",
      OPENAI_API_KEY = "sk-stub", CODEX_HOME = p.home:join("codex"),
    },
  }
end

for agent, case in pairs {
  claude = { "anthropic-stub.js", "claude-sonnet-4-5", "spent +%$[%d.]+, %d+ tokens in 7 calls" },
  codex = { "openai-stub.js", "gpt-5", "spent +%d+ tokens in 7 calls" },
} do
  describe("the real " .. agent, function()
    it("plans through all stages against a stub of its service", function()
      if not REAL then
        return pending("MIGHOST_TEST_REAL_AGENTS names no folder with the npm packages")
      end
      local p <close> = project.new()
      local result = plan(p, agent, case[1], case[2])
      assert.equal(0, result.exit, result.stderr)
      assert.matches("review%-2 +clear.*final%-review +approve%-auto", result.stdout)
      assert.same({}, p:problems())
      assert.matches(case[3], p:run({ "migration", "show", "alpha" }).stdout)
    end)
  end)
end
