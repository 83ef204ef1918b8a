local loop_progress = require "cli.loop_progress"
local program = require "spec.support.program"
local tmp = require "spec.support.tmp"

--- Runs Lua text that has `shown`, a progress over the options `opts`.
local function run(opts, body)
  local dir <close> = tmp.dir()
  dir:write("call/stdout.log", "one\n\27[31mtwo\nnot yet")
  local script = dir:write("show.lua", ([[
    local loop_progress = require "cli.loop_progress"
    local shown <close> = loop_progress.new(%s)
    local HOME = %q
    %s
    shown:finish()
    return 0
  ]]):format(opts, dir.path, body))
  local result = program.run { args = { script } }
  assert.equal(0, result.exit, result.stderr)
  return result, dir.path
end

local OUTCOME <const> = [[
  shown:event { kind = "outcome", attempt = 3, role = "phase.execute", decision = "commit",
    commit = "0123456789abcdef", target = "a\27b", text = "it is\ndone", seconds = 61.2 }
  shown:event { kind = "outcome", attempt = 4, role = "refactor", decision = "abandon",
    failure_kind = "timeout", seconds = 3599.9, snapshot = "/state/failure.md" }
]]

describe("cli.loop_progress", function()
  it("prints each outcome as a line of data, and where its snapshot is", function()
    local result = run("{}", OUTCOME)
    assert.equal("  3  phase.execute          commit    0123456     1:01  a\\u{1B}b: it is done\n"
      .. "  4  refactor               abandon   -        1:00:00  timeout\n", result.stdout)
    assert.equal("mighost: failure snapshot: /state/failure.md\n", result.stderr)
    assert.equal("", run("{ quiet = true }", OUTCOME).stderr)
  end)

  it("tells what happens, with folders relative to the run's", function()
    local result, home = run("{}", [[
      for _, event in ipairs {
        { kind = "run", id = "r1", path = HOME },
        { kind = "validating", role = "baseline", evidence = HOME .. "/baseline/initial" },
        { kind = "target", attempt = 1, target = "src/a.c" },
        { kind = "asking", role = "classify", attempt = 1, agent = "command", effort = "low",
          evidence = HOME .. "/classify" },
        { kind = "progress", role = "classify", elapsed = 1, bytes = 5, last_line = "x" },
        { kind = "answered" },
        { kind = "classified", attempt = 1, decision = "needs-plan", text = "a format changes" },
        { kind = "asking", role = "refactor", attempt = 1, retry = 2, agent = "command",
          effort = "low", evidence = "/elsewhere" },
        { kind = "started", slug = "a", step = "expand", agent = "replay",
          evidence = HOME .. "/attempt-001/planning/expand" },
        { kind = "validating", role = "validation", attempt = 1, retry = 2, evidence = "/v" },
        { kind = "resumed", target = "a/b", text = "a/b: it was put back" },
        { kind = "resumed", slug = "a", step = "expand" },
        { kind = "retrying", role = "validation", attempt = 1, retry = 2, text = "it was red" },
        { kind = "pausing", text = "rate limited", seconds = 30 },
        { kind = "warning", text = "odd" },
        { kind = "unheard-of", text = "nothing" },
      } do
        shown:event(event)
      end
    ]])
    assert.equal(([[
mighost: run r1; evidence: HOME
mighost: baseline: running the validation command (baseline/initial)
mighost: 1: target: src/a.c
mighost: 1: classify: asking command, effort low (classify)
mighost: 1: needs-plan: a format changes
mighost: 1: refactor, try 2: asking command, effort low (/elsewhere)
mighost: a: expand: asking replay (attempt-001/planning/expand)
mighost: 1: validation, try 2: running the validation command (/v)
mighost: picked up: a/b: it was put back
mighost: a: expand was answered and accepted before; publishing that answer
mighost: 1: validation, try 2: trying again: it was red
mighost: rate limited; asking again after 30 s
mighost: warning: odd
]]):gsub("HOME", function() return home end), result.stderr)
    assert.equal("", result.stdout)
  end)

  it("shows what agents or validations print, each only when asked to", function()
    local body = [[
      shown:event { kind = "%s", role = "x", attempt = 1, agent = "a", effort = "low", slug = "s",
        step = "expand", evidence = HOME .. "/call" }
      shown:event { kind = "progress", role = "x", elapsed = 1, bytes = 5, last_line = "x" }
    ]]
    local function shows(opts, kind)
      return run(opts, body:format(kind)).stderr:find("  one\n", 1, true) ~= nil
    end
    for _, kind in ipairs { "asking", "started" } do
      assert.is_true(shows("{ show_agent_logs = true }", kind))
      assert.is_false(shows("{ show_command_logs = true }", kind))
      assert.is_false(shows("{}", kind))
    end
    assert.is_true(shows("{ show_command_logs = true }", "validating"))
    assert.is_false(shows("{ show_agent_logs = true }", "validating"))
  end)

  it("sums a run up in a table", function()
    local counts = { targets = 3, plans = 1, planning_steps = 7, phases = 3, commits = 12,
      retries = 1, failures = 0 }
    assert.equal(
      "targets  plans  steps  phases  commits  retries  failures  time     calls  cost\n"
      .. "3        1      7      3       12       1        0         2:03:04  14     $0.42\n",
      loop_progress.table(counts, { calls = 14, tokens = 1, cost_usd = 0.42 }, 7384))
    assert.matches("  0:00  +0      %-\n$",
      loop_progress.table(counts, { calls = 0, tokens = 0 }, 0.2))
  end)

  it("ends with the code of what happened", function()
    local body = [[
      local code = loop_progress.run(shown, {}, {}, function(_, request)
        request.on_event { kind = "target", attempt = 1, target = "t" }
        return %s
      end)
      io.stderr:write("code ", code, "\n")
    ]]
    local result = [[{ id = "r1", status = "%s", counts = { targets = 0, plans = 0,
      planning_steps = 0, phases = 0, commits = 0, retries = 0, failures = 0 },
      spent = { calls = 0 }, seconds = 1 %s }]]
    local done = run("{}", body:format(result:format("completed", "")))
    assert.matches("target: t\nmighost: completed\ncode 0\n$", done.stderr)
    assert.matches("^\ntargets ", done.stdout)
    local red = run("{}", body:format(result:format("baseline_failed",
      ', name = "EVALIDATION", message = "it is red"')))
    assert.matches("mighost: baseline_failed: it is red\n  next: mighost runs show r1\ncode 9\n$",
      red.stderr)
    local refused = run("{}", body:format('nil, "no", "EDIRTY", "git status"'))
    assert.equal("", refused.stdout)
    assert.matches("mighost: no\n  next: git status\ncode 6\n$", refused.stderr)
  end)
end)
