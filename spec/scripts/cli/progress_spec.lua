local program = require "spec.support.program"
local tmp = require "spec.support.tmp"

--- Runs Lua text that has `shown`, a progress over the options `opts`.
local function run(opts, body)
  local dir <close> = tmp.dir()
  local script = dir:write("show.lua", ([[
    local progress = require "cli.progress"
    local shown = progress.new(%s)
    local HOME = %q
    %s
    shown:finish()
    return 0
  ]]):format(opts, dir.path, body))
  dir:write("stdout.log", "one\n\27[31mtwo\nnot yet")
  local result = program.run { args = { script } }
  assert.equal(0, result.exit, result.stderr)
  return result
end

local STEP <const> = [[
  shown:step { step = "expand", outcome = "completed", commit = "0123456789abcdef", seconds = 1.25,
    summary = "two phases" }
]]

describe("cli.progress", function()
  it("prints each accepted step as data", function()
    local result = run("{}", STEP .. 'assert(shown.accepted[1].step == "expand")')
    assert.equal("expand         completed           0123456    1.2 s  two phases\n", result.stdout)
    assert.equal("", result.stderr)
  end)

  it("leaves stdout to the document with --json", function()
    local result = run("{ json = true }", STEP)
    assert.equal("", result.stdout)
    assert.matches("^mighost: expand  ", result.stderr)
    assert.equal("", run("{ json = true, quiet = true }", STEP).stderr)
  end)

  it("tells what happens, and what only --verbose wants", function()
    local events = [[
      for _, event in ipairs {
        { kind = "run", id = "x" },
        { kind = "started", slug = "a", step = "expand", agent = "replay", evidence = HOME },
        { kind = "progress", step = "expand", elapsed = 61, bytes = 5, last_line = "x" },
        { kind = "warning", text = "odd", detail = "more of it" },
        { kind = "recovered", slug = "a", text = "it was finished" },
        { kind = "set-aside", slug = "a", why = "old", path = "/p" },
        { kind = "resumed", slug = "a", step = "expand" },
        { kind = "busy", slug = "a", text = "taken" },
        { kind = "waiting", slug = "a", text = "cooling" },
        { kind = "failed", slug = "a", step = "expand", evidence = "/e", workspace = "/w",
          traceback = "a trace" },
      } do
        shown:event(event)
      end
      assert(shown.workspace == "/w")
    ]]
    local plain = run("{}", events).stderr
    for _, words in ipairs { "a: expand, asking replay (evidence: ", "warning: odd",
      "a: it was finished", "a: old; it is kept in /p", "publishing that answer", "taken",
      "expand failed; evidence: /e; workspace: /w" } do
      assert.is_truthy(plain:find(words, 1, true), words)
    end
    for _, words in ipairs { "more of it", "cooling", "a trace", "1:01" } do
      assert.is_nil(plain:find(words, 1, true), words)
      if words ~= "1:01" then
        assert.is_truthy(run("{ verbose = true }", events).stderr:find(words, 1, true), words)
      end
    end
    assert.equal("", run("{ quiet = true }", events).stderr)
  end)

  it("shows whole lines of the logs, once each and harmless", function()
    local body = [[
      shown:event { kind = "started", slug = "a", step = "s", agent = "x", evidence = HOME }
      shown:event { kind = "progress", step = "s", elapsed = 0, bytes = 0, last_line = "" }
    ]]
    local told = run("{ show_agent_logs = true }", body).stderr
    assert.equal(1, select(2, told:gsub("  one\n", "")))
    assert.is_truthy(told:find("\\u{1B}[31mtwo", 1, true))
    assert.is_nil(told:find("not yet", 1, true))
    local done = body .. 'shown:event { kind = "answered" }'
    local all = run("{ show_agent_logs = true }", done).stderr
    assert.equal(1, select(2, all:gsub("  one\n", "")))
    assert.is_truthy(all:find("not yet", 1, true))
    assert.is_nil(run("{}", body).stderr:find("one", 1, true))
  end)

  it("hears a request through its callbacks", function()
    run("{ quiet = true }", [[
      local request = progress.attach(shown, { slug = "a" })
      request.on_step { step = "s", outcome = "o", commit = "0123456", seconds = 0, summary = "" }
      request.on_event { kind = "failed", slug = "a", step = "s", evidence = "", workspace = "/w" }
      assert(request.slug == "a" and #shown.accepted == 1 and shown.workspace == "/w")
    ]])
  end)
end)
