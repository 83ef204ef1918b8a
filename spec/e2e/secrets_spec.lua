local program = require "spec.support.program"
local project = require "spec.support.project"
local sh = require "spec.support.sh"

local SECRET <const> = 'marked-"value"-7f3a91c2\\d'
local IN_JSON <const> = 'marked-\\"value\\"-7f3a91c2\\\\d'

--- The files below these folders, git's packed objects included as text, that hold a value.
local function holders(p, value)
  local found = sh.run { argv = { "grep", "-rlF", "-e", value, p.path, p.home:join("state"),
    p.home:join("rec") } }.stdout
  local log = sh.check { argv = { "git", "log", "--all", "-p", "--format=%B" }, cwd = p.path }
  return found .. (log:find(value, 1, true) and "git history" or "")
end

local function expect_nowhere(p, result)
  for _, value in ipairs { SECRET, IN_JSON, "value\"-7f3a91c2" } do
    assert.equal("", holders(p, value))
    assert.is_nil((result.stdout .. result.stderr):find(value, 1, true))
  end
end

--- An agent that tells its secret wherever it can; `last` ends it.
local function teller(p, last)
  return p:script([[cd "$MIGHOST_WORK_DIR"; mkdir -p approaches
    for idea in a b; do echo "use $SOME_API_KEY" >approaches/$idea.md; done
    echo "chosen-approach: $SOME_API_KEY"; echo "I use $SOME_API_KEY"
    echo "log $SOME_API_KEY" >&2; ]] .. last)
end

describe("a secret of the environment", function()
  it("is nowhere after a step that was accepted", function()
    local p <close> = project.new()
    local result = p:plan({ "alpha", "--target", "T", "--record", p.home:join("rec"),
      "--show-agent-logs", "--verbose" },
      { agent = teller(p, "exit 0"), env = { SOME_API_KEY = SECRET } })
    assert.equal(0, result.exit, result.stderr)
    expect_nowhere(p, result)
    assert.matches("the agent wrote a secret into approaches/a%.md; it was replaced", result.stderr)
    local clean = "use <redacted:SOME_API_KEY>\n"
    assert.equal(clean, p:read("alpha/approaches/a.md"))
    assert.equal(clean, p.home:read("rec/approaches-1/files/approaches/a.md"))
    assert.same({}, p:problems())
  end)

  it("is in no message, log or recording of a step that failed", function()
    local p <close> = project.new()
    p.home:mkdir("rec")
    assert.equal(0, p:plan({ "alpha", "--target", "T" }).exit)
    for _, last in ipairs { "exit 3", "exit 0", "kill -9 $$", "mv approaches/a.md plan.md" } do
      local result = p:plan({ "alpha", "--record", p.home:join("rec"), "--show-agent-logs" },
        { agent = teller(p, last), env = { SOME_API_KEY = SECRET } })
      assert.equal(1, result.exit)
      assert.is_nil((result.stdout .. result.stderr):find(SECRET, 1, true))
      for _, folder in ipairs { p.path, p.home:join("rec"), p.home:join("state/mighost/runs") } do
        local found = sh.run { argv = { "grep", "-rlF", "-e", SECRET, folder } }
        assert.equal("", found.stdout)
      end
    end
  end)

  for _, agent in ipairs { "claude", "codex" } do
    it("that " .. agent .. " tells of is nowhere afterwards", function()
      local p <close> = project.new()
      p.home:mkdir("rec")
      local name = agent == "claude" and "ANTHROPIC_API_KEY" or "CODEX_API_KEY"
      local body = agent == "claude" and ([[
cat >/dev/null
value=$(printf '%%s' "$%s" | sed 's/["\\]/\\&/g')
printf '{"type":"result","is_error":false,"num_turns":1,'
printf '"result":"chosen-approach: in-place\\n%%s"}\n' "$value"
]]):format(name) or ([[
cat >/dev/null
printf 'chosen-approach: in-place\n%%s\n' "$%s" | tee "$8"
echo "ERROR: $%s" >&2
]]):format(name, name)
      p.home:write("bin/" .. agent, "#!/bin/sh\n" .. body)
      sh.check { argv = { "chmod", "+x", p.home:join("bin/" .. agent) } }
      assert.equal(0, p:plan({ "alpha", "--target", "T" }).exit)
      local result = p:run({ "plan", "alpha", "--with", agent, "--model", "m", "--record",
        p.home:join("rec") }, { PATH = p.home:join("bin") .. ":" .. os.getenv "PATH",
        [name] = SECRET })
      assert.equal(0, result.exit, result.stderr)
      expect_nowhere(p, result)
      assert.matches("<redacted:" .. name,
        p:read("alpha/.planning/stages/pick-best.stdout.md"))
    end)
  end

  it("that is passed on, or stands in a trusted configuration, is nowhere afterwards", function()
    local p <close> = project.new()
    p.home:mkdir "rec"
    p.home:write("bin/codex", [[#!/bin/sh
cat >/dev/null
printf 'chosen-approach: in-place\n%s %s\n' "$MY_TOKEN" "$TEAM_PASSWORD" | tee "$8"
echo "$MY_TOKEN $TEAM_PASSWORD ${OTHER_TOKEN-unset}" >&2
]])
    sh.check { argv = { "chmod", "+x", p.home:join "bin/codex" } }
    assert.equal(0, p:plan({ "alpha", "--target", "T" }).exit)
    local config = p.repo:read ".mighost/config.json"
    p.repo:write(".mighost/config.json",
      (config:gsub("{", '{"agent_env": {"TEAM_PASSWORD": "a-configured-value"},', 1)))
    p.repo:commit "Configure"
    local env = { PATH = p.home:join "bin" .. ":" .. os.getenv "PATH", MY_TOKEN = "a-passed-value",
      OTHER_TOKEN = "a-kept-value" }
    assert.equal(0, p:run({ "trust", "--yes" }, env).exit)
    local result = p:run({ "plan", "alpha", "--with", "codex", "--model", "m", "--pass-env",
      "MY_TOKEN", "--record", p.home:join "rec" }, env)
    assert.equal(0, result.exit, result.stderr)
    assert.equal("chosen-approach: in-place\n<redacted:MY_TOKEN> <redacted:TEAM_PASSWORD>\n",
      p:read "alpha/.planning/stages/pick-best.stdout.md")
    for _, value in ipairs { "a-passed-value", "a-kept-value" } do
      assert.equal("", holders(p, value))
    end
    local kept = sh.run { argv = { "grep", "-rlF", "a-configured-value", p.home:join "rec",
      p.home:join "state/mighost/runs", p.home:join "state/mighost/projects",
      p.path .. "/migrations" } }
    assert.equal("", kept.stdout)
    local again = p:run({ "plan", "alpha", "--with", "codex", "--model", "m", "--pass-env", "X_*",
      "--pass-env", "Y" }, { PATH = "/usr/bin:/bin" })
    assert.matches("%-%-pass%-env X_%* %-%-pass%-env Y", (again.stderr:gsub("'", "")))
    assert.equal(2, p:run({ "plan", "--pass-env", "A=B" }).exit)
  end)

  it("that is not meant for an agent does not reach it", function()
    local p <close> = project.new()
    p.home:write("bin/claude", "#!/bin/sh\nenv >\"$HOME/env\"\nexit 1\n")
    sh.check { argv = { "chmod", "+x", p.home:join("bin/claude") } }
    p:run({ "plan", "alpha", "--target", "T", "--with", "claude", "--model", "m" },
      { PATH = p.home:join("bin") .. ":" .. os.getenv "PATH", GITHUB_TOKEN = SECRET,
        ANTHROPIC_API_KEY = "meant-for-it", MIGHOST_ROOT = program.root })
    local env = p.home:read("env")
    assert.is_nil(env:find("GITHUB_TOKEN", 1, true))
    assert.is_nil(env:find("MIGHOST_ROOT", 1, true))
    assert.is_truthy(env:find("ANTHROPIC_API_KEY=meant-for-it\n", 1, true))
  end)
end)
