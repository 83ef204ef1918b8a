local json = require "lib.json"
local program = require "spec.support.program"
local project = require "spec.support.project"
local recordings = require "spec.support.agent_recordings"
local sh = require "spec.support.sh"

local BIN <const> = program.root .. "/spec/support/agents/bin"

--- Runs mighost plan with a program that stands in for the real one.
local function plan(p, agent, args, env)
  local all = { "plan", "--with", agent, "--model", "m-1" }
  env = env or {}
  env.PATH = env.PATH or BIN .. ":" .. os.getenv "PATH"
  return p:run(table.move(args, 1, #args, #all + 1, all), env)
end

for _, agent in ipairs { "claude", "codex" } do
  describe("mighost plan --with " .. agent, function()
    it("plans to the end, and tells what it cost", function()
      local p <close> = project.new()
      local result = plan(p, agent, { "alpha", "--target", 'Say "so"', "--to-end" })
      assert.equal(0, result.exit, result.stderr)
      assert.same({}, p:problems())
      assert.equal("chosen-approach: in-place\n",
        p:read("alpha/.planning/stages/pick-best.stdout.md"))
      local shown = p:run { "migration", "show", "alpha" }
      assert.matches(agent == "claude" and "spent     %$1%.25, 6000 tokens in 5 calls"
        or "spent     6000 tokens in 5 calls", shown.stdout)
      local data = json.decode(p:run({ "migration", "show", "--json", "alpha" }).stdout).data
      assert.equal(5, data.spent.calls)
      assert.same({ agent, "m-1" }, { data.history[1].agent, data.history[1].model })
    end)

    it("asks for a model before anything else", function()
      local p <close> = project.new()
      local result = p:run({ "plan", "alpha", "--target", "T", "--with", agent })
      assert.equal(2, result.exit)
      assert.matches("the agent " .. agent .. " needs a model", result.stderr)
      assert.matches("next: mighost plan alpha --target T --with " .. agent .. " --model MODEL",
        result.stderr, 1, true)
    end)

    it("says that the program is not there", function()
      local p <close> = project.new()
      local result = plan(p, agent, { "alpha", "--target", "T" }, { PATH = "/usr/bin:/bin" })
      assert.equal(8, result.exit)
      assert.matches("the agent " .. agent .. " for approaches cannot be started", result.stderr)
    end)
  end)
end

describe("mighost plan --with claude", function()
  it("gives the prompt on standard input, and only what is meant for it", function()
    local p <close> = project.new()
    local calls = p.home:join("claude")
    local result = plan(p, "claude", { "alpha", "--target", "T" },
      { CLAUDE_CALLS = calls, OTHER_THING = "x" })
    assert.equal(0, result.exit, result.stderr)
    assert.matches("^Stage: approaches\nTarget: T\n", p.home:read("claude.prompt"))
    assert.is_nil(p.home:read("claude"):find("Stage:", 1, true))
  end)

  it("plays recorded runs to their verdict", function()
    if not recordings.are_there() then
      return pending("there is no ../shared/agent-recordings")
    end
    for name, expected in pairs {
      plain = { 0, 0, "review +findings" }, http401 = { 1, 8, "is not logged in" },
      overloaded = { 1, 8, "found its service overloaded" }, refusal = { 1, 8, "was refused" },
      ["break"] = { 1, 1, "Connection to the API was lost" }, empty = { 0, 1, "an empty answer" },
      ["landlock-no-tmp"] = { 0, 1, "ended without output" },
    } do
      local p <close> = project.new()
      assert.equal(0, p:plan({ "alpha", "--target", "T", "--steps", "3" }).exit)
      local result = plan(p, "claude", { "alpha" },
        { CLAUDE_PLAYS = ("%s/claude/%s.stdout"):format(recordings.path, name),
          CLAUDE_EXITS = tostring(expected[1]) })
      assert.equal(expected[2], result.exit, name .. ": " .. result.stderr)
      assert.matches(expected[3], result.stdout .. result.stderr)
      assert.is_nil(result.stderr:find('{"type"', 1, true))
      assert.same({}, p:problems())
    end
  end)
end)

--- A program that is rate-limited, having written a file, until it has been called `count` times.
local function limited(p, count)
  p.home:write("bin/claude", ([[#!/bin/sh
echo x >>"$CLAUDE_CALLS"
[ $(wc -l <"$CLAUDE_CALLS") -gt %d ] && exec env -u CLAUDE_CALLS '%s/claude' "$@"
work=$(sed -n 's/^Staged work dir: //p' | head -n 1)
mkdir -p "$work/approaches"
for file in approaches/half.md manifest.json; do echo half >"$work/$file"; done
echo '{"type":"result","is_error":true,"api_error_status":429,"result":"Too many"}'
exit 1
]]):format(count, BIN))
  assert(os.execute("chmod +x '" .. p.home:join("bin/claude") .. "'"))
  return { PATH = p.home:join("bin") .. ":" .. os.getenv "PATH", CLAUDE_CALLS = p.home:join("n") }
end

describe("an agent that is rate-limited", function()
  it("is asked again within the budget, in a workspace as it was", function()
    local p <close> = project.new()
    local result = plan(p, "claude", { "alpha", "--target", "T", "--max-wait", "1" }, limited(p, 1))
    assert.equal(0, result.exit, result.stderr)
    assert.matches("is rate%-limited: Too many; asking again after 1 s", result.stderr)
    assert.is_nil(p:read("alpha/approaches/half.md"))
    assert.is_nil(result.stderr:find("which only mighost writes", 1, true))
    assert.same({}, p:problems())
  end)

  it("can be interrupted while it waits", function()
    local p <close> = project.new()
    local env = limited(p, 9)
    local args = { "timeout", "--foreground", "-s", "INT", "2", -- else it sends the signal twice
      program.exe, "plan", "alpha", "--target", "T", "--with", "claude", "--model", "m-1",
      "--max-wait", "60" }
    local result = sh.run { argv = args, cwd = p.path, env = p:env(env) }
    assert.equal(124, result.exit) -- of timeout: it had to send its signal
    assert.matches("asking again after 30 s\nmighost: interrupted\n  next: mighost plan alpha ",
      result.stderr)
    assert.equal("x\n", p.home:read("n"))
    assert.same({}, p:problems())
  end)

  it("fails the step when the budget is spent, and at once without one", function()
    local p <close> = project.new()
    local env = limited(p, 9)
    local result = plan(p, "claude", { "alpha", "--target", "T" }, env)
    assert.equal(8, result.exit)
    assert.matches("is rate%-limited: Too many", result.stderr)
    assert.equal("x\n", p.home:read("n"))
    result = plan(p, "claude", { "alpha", "--target", "T", "--max-wait", "1" }, env)
    assert.equal(8, result.exit)
    assert.equal("x\nx\nx\n", p.home:read("n"))
    assert.matches("%-%-max%-wait 1", result.stderr)
  end)
end)

describe("mighost plan --with codex", function()
  it("plays recorded runs to their verdict", function()
    if not recordings.are_there() then
      return pending("there is no ../shared/agent-recordings")
    end
    for name, expected in pairs {
      plain = { 0, 0, "review +findings" }, http429 = { 1, 8, "is rate%-limited" },
      http400 = { 1, 8, "scripted bad request" }, stall = { 1, 1, "idle timeout" },
      empty = { 0, 1, "an empty answer" },
    } do
      local p <close> = project.new()
      assert.equal(0, p:plan({ "alpha", "--target", "T", "--steps", "3" }).exit)
      local result = plan(p, "codex", { "alpha" },
        { CODEX_PLAYS = ("%s/codex/%s"):format(recordings.path, name),
          CODEX_EXITS = tostring(expected[1]) })
      assert.equal(expected[2], result.exit, name .. ": " .. result.stderr)
      assert.matches(expected[3], result.stdout .. result.stderr)
      assert.same({}, p:problems())
    end
  end)
end)
