--- A person's review, at the terminal, of a plan that follows a team's own pipeline, with an agent
--- and a rule of the team's.

local program = require "spec.support.program"
local project = require "spec.support.project"
local sh = require "spec.support.sh"
local strict = require "lib.strict"
local team = require "spec.support.team"

local PTY <const> = program.exe:gsub("/bin/[^/]+$", "/spec/pty")
local PLANNER <const> = program.root .. "/spec/support/agents/team.sh"
local TO_END <const> = { "x", "--target", "T", "--pipeline", "secure", "--to-end", "--quiet" }
local AGENT <const> = [[
return {
  needs_model = false, inherits_env = true,
  command = function() return nil, "it only talks with people" end,
  answer = function() return nil, "it only talks with people" end,
  interactive = function(call)
    %s
    return { argv = { "sh", call.env.HOME .. "/reviewer.sh", call.prompt_file },
      writes = { call.work_dir } }
  end,
}]]
-- What is typed decides.
local REVIEWER <const> = [[
test -t 0 && test -t 1 && test -t 2
grep -q '^Stage: human-review$' "$1"
printf 'approve? '
read -r answer
[ "$answer" = yes ] || exit 0
echo 'Decided: yes.' >>plan.md
sed -i -e 's/"awaiting_human_review": .*/"awaiting_human_review": false,/' \
  -e 's/"human_review_reason": .*/"human_review_reason": null,/' manifest.json
stty raw -echo
]]
local RULE <const> = [[
return { modes = { "ready-publish" }, check = function(m, report)
  if %s then
    report { severity = "error", code = "undecided", path = "plan.md", message = "say who decided" }
  end
end }]]

--- Writes files of a team's, false removes one, and trusts them.
local function use(p, files)
  for path, text in pairs(files) do
    if text then
      p.repo:write(".mighost/" .. path, text)
    else
      assert(os.remove(p.path .. "/.mighost/" .. path))
    end
  end
  assert(p:run({ "trust", "--yes" }).exit == 0)
  p.repo:commit "Scripts of ours"
end

--- A project whose plan waits for a person at the end of the team's pipeline.
local function waiting()
  local p = project.new()
  local files = team.files()
  files["agents/reviewer.lua"] = AGENT:format ""
  use(p, files)
  p.home:write("reviewer.sh", "set -eu\n" .. REVIEWER)
  local result = p:plan(TO_END, { agent = PLANNER,
    env = { PLANNER_DECISION = "approve-needs-human - a format changes" } })
  assert(result.exit == 3, result.stderr)
  return p
end

--- Reviews on a terminal, where this is typed; the terminal must be left as it was.
local function review(p, typed)
  local result = sh.run {
    argv = { PTY, "80", "sh", "-c", 'stty -g >"$HOME/before"; "$@"; code=$?; '
      .. 'stty -g >"$HOME/after"; exit $code', "sh", program.exe, "migration", "review", "x",
      "--with", "reviewer" },
    cwd = p.path, env = p:env { TERM = "xterm" }, stdin = typed .. "\n",
  }
  assert.equal(p.home:read("before"), p.home:read("after"))
  return result
end

local function manifest_of(p)
  return strict.decode(p:read("x/manifest.json"))
end

--- It must have ended so and published nothing.
local function expect_unpublished(p, code, words, result)
  assert.equal(code, result.exit, result.stdout)
  assert.matches(words, result.stdout, 1, true)
  assert.is_nil(table.concat(p:subjects(), "\n"):find("review/x", 1, true))
  assert.is_true(manifest_of(p).awaiting_human_review)
  assert.same({}, p:problems())
end

describe("a review at the terminal of a plan with a team's pipeline", function()
  it("publishes what was decided, and leaves the recorded graph as it is", function()
    local p <close> = waiting()
    use(p, { ["rules/decided.lua"] = RULE:format "not m.read('plan.md'):find('Decided: yes')" })
    local before = strict.decode(p:read "x/.planning/state.json")
    local result = review(p, "yes")
    assert.equal(0, result.exit, result.stdout)
    assert.matches("approve? ", result.stdout, 1, true)
    assert.matches("human%-review +resolved +%x+ .* resolved: a format changes", result.stdout)
    assert.is_false(manifest_of(p).awaiting_human_review)
    assert.equal("ready", manifest_of(p).status)
    assert.matches("Decided: yes", p:read "x/plan.md")
    assert.same(before, strict.decode(p:read "x/.planning/state.json"))
    assert.equal("secure", before.pipeline.name)
    assert.equal(0, p:run({ "migration", "doctor", "--all" }).exit)
    assert.same({}, p:problems())
  end)

  it("goes on under the recorded graph when pipeline and stages are gone", function()
    local p <close> = waiting()
    local gone = {}
    for path in pairs(team.files()) do
      gone[path] = false
    end
    use(p, gone)
    assert.equal(0, review(p, "yes").exit)
    assert.is_false(manifest_of(p).awaiting_human_review)
    -- Feedback reopens planning, which takes the stages.
    local refined = p:refine({ "x", "--message", "Shorter." }, { agent = PLANNER })
    assert.equal(2, refined.exit, refined.stderr)
    assert.matches("the plan, which stands at revise, still needs the stage", refined.stderr)
  end)

  it("publishes nothing where nobody decides, or a rule of the team's forbids it", function()
    local p <close> = waiting()
    use(p, { ["rules/decided.lua"] = RULE:format "not m.read('plan.md'):find('Decided by')" })
    expect_unpublished(p, 3, "x is left unresolved", review(p, "no"))
    local refused = review(p, "yes")
    expect_unpublished(p, 1, "migrations/x/plan.md: say who decided (undecided)", refused)
    local copy = assert(refused.stdout:match("workspace: (%S+)"))
    assert.equal(0, sh.run({ argv = { "grep", "-q", "Decided", copy .. "/plan.md" } }).exit)
  end)

  it("says in which line of the team's file it fails, before anything starts", function()
    local p <close> = waiting()
    for body, words in pairs {
      ["error 'no terminal for you'"] = "agents/reviewer.lua:6: no terminal for you",
      ["do return { argv = { 5 } } end"] = "field 'argv' must be a list of strings",
      ["do return nil, 'on holiday' end"] = "on holiday",
    } do
      use(p, { ["agents/reviewer.lua"] = AGENT:format(body) })
      local result = review(p, "yes")
      expect_unpublished(p, 2, words, result)
      assert.is_nil(result.stdout:find("approve?", 1, true))
      assert.is_nil(result.stdout:find("traceback", 1, true))
    end
  end)

  it("asks about scripts that have changed before it starts anything", function()
    local p <close> = waiting()
    p.repo:write(".mighost/agents/reviewer.lua", AGENT:format "-- changed")
    p.repo:commit "Somebody's"
    expect_unpublished(p, 10, ".mighost/agents/reviewer.lua (changed)", review(p, "yes"))
  end)
end)
