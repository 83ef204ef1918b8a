local adapter = require "spec.support.adapter"
local recordings = require "spec.support.agent_recordings"
local registry = require "planning.registry"

local LOST <const> = "failed: API Error: Connection to the API was lost (ECONNRESET). "
  .. "This is usually temporary — try again."

-- Each recording: its exit code, and the answer, or the kind of failure and its line.
local VERDICTS <const> = {
  plain = { 0, "A plain answer from the scripted model.\nSecond line." },
  ["plain-opus"] = { 0, "A plain answer from the scripted model.\nSecond line." },
  thinking = { 0, "Thought about it." },
  tools = { 0, "Done: note.md is in /workspace/work." },
  slow = { 0, "A slow answer that trickles in small pieces, one after another." },
  ["bad-tool"] = { 0,
    "The tool said: <tool_use_error>Error: No such tool available: NoSuchTool</tool_use_error>" },
  ["http429-once"] = { 0, "Recovered after one HTTP 429." },
  ["break-once"] = { 0, "This answer broke once, then came through." },
  ["landlock-outside"] = { 0, "last tool result was: /bin/bash: line 1: "
    .. "/workspace/outside/escape2.md: Permission denied\nrc=1" },
  ["sigterm-tool"] = { 0, "Slept." },
  empty = { 0, nil, "empty", "gave an empty answer" },
  http400 = { 1, nil, "refused",
    "was refused by its service: API Error: 400 scripted bad request" },
  http401 = { 1, nil, "auth",
    "is not logged in, or its key is refused: Invalid API key · Fix external API key" },
  http500 = { 1, nil, "broken", "failed: API Error: 500 scripted internal error. This is a "
    .. "server-side issue, usually temporary — try again in a moment. If it persists, check your "
    .. "inference gateway (127.0.0.1:PORT)." },
  overloaded = { 1, nil, "rate-limited", "found its service overloaded: API Error: 529 Overloaded. "
    .. "This is a server-side issue, usually temporary — try again in a moment. If it persists, "
    .. "check your inference gateway (127.0.0.1:PORT)." },
  ["break"] = { 1, nil, "broken", LOST },
  ["break-after-tool"] = { 1, nil, "broken", LOST },
  truncate = { 1, nil, "broken", LOST },
  refusal = { 1, nil, "refused", "was refused by its service: API Error: Claude Code is unable to "
    .. "respond to this request, which appears to violate our Usage Policy "
    .. "(https://www.anthropic.com/legal/aup). Try rephrasing the request in a new session or "
    .. "change your model." },
  ["max-tokens"] = { 1, nil, "broken", "failed: API Error: Claude's response exceeded the 32000 "
    .. "output token maximum. To configure this behavior, set the CLAUDE_CODE_MAX_OUTPUT_TOKENS "
    .. "environment variable." },
  ["slash-unknown"] = { 0, nil, "broken", "asked no model: Unknown command: /nonsense-command" },
  timeout = { 1, nil, "broken", "failed: Request timed out" },
  ["sigterm-api"] = { 143, nil, "broken", "ended with status 143 without a result" },
  ["sigint-tool"] = { 1, nil, "broken", "failed: error_during_execution" },
  ["landlock-no-tmp"] = { 0, nil, "empty",
    "ended without output, as it does when it cannot write its temporary folder" },
}

local call <const>, printed <const>, report <const> =
  adapter.call, adapter.printed, adapter.report
local RESULT <const> = '{"type":"result","is_error":false,"num_turns":1,"result":"%s"}\n'

describe("the agent claude", function()
  local agent = assert(registry.new():agent "claude")

  it("is called with the prompt on standard input and its settings kept to the user's", function()
    local spec = assert(agent.command(call()))
    assert.equal("claude --print --model m-1 --effort xhigh --permission-mode bypassPermissions "
      .. "--verbose --output-format stream-json --include-partial-messages --setting-sources user",
      table.concat(spec.argv, " "))
    assert.equal("Stage: review\n", spec.stdin)
    assert.same({ IS_SANDBOX = "1", CLAUDE_CODE_TMPDIR = "/t", DISABLE_AUTOUPDATER = "1" },
      spec.env)
    assert.is_true(agent.needs_model)
    assert.is_false(agent.inherits_env)
    assert.same({ "ANTHROPIC_*", "CLAUDE_*", "AWS_*", "DISABLE_*" }, agent.passes)
  end)

  it("names its settings, and those in the file that it writes itself", function()
    for _, ask in ipairs { agent.command, agent.interactive } do
      local settings = ask(call()).settings
      assert.same({ path = "/h/.claude.json",
        keys = { { "mcpServers" }, { "projects", "*", "mcpServers" } } }, settings[1])
      local listed = table.concat(settings, "\n", 2)
      for _, name in ipairs { "settings.json", "hooks", "agents", "commands", "plugins" } do
        assert.is_truthy(listed:find("/h/.claude/" .. name, 1, true))
      end
      settings = ask(call { env = { HOME = "/h", CLAUDE_CONFIG_DIR = "/c" } }).settings
      assert.same({ "/c/.claude.json", "/c/settings.json" }, { settings[1].path, settings[2] })
      assert.is_nil(ask(call { env = {} }).settings)
    end
  end)

  it("writes its own folder and file, wherever they are", function()
    for _, ask in ipairs { agent.command, agent.interactive } do
      local spec = ask(call())
      assert.same({ { "/w", "/a", "/h/.claude" }, { "/h/.claude.json" } },
        { spec.writes, spec.updates })
      spec = ask(call { env = { HOME = "/h", CLAUDE_CONFIG_DIR = "/c" } })
      assert.same({ { "/w", "/a", "/c" }, {} }, { spec.writes, spec.updates })
      spec = ask(call { env = {} })
      assert.same({ { "/w", "/a" }, {} }, { spec.writes, spec.updates })
    end
  end)

  it("takes part in a review with the prompt in a file", function()
    local spec = agent.interactive(call())
    assert.matches("^Read /a/prompt%.md ", spec.argv[#spec.argv])
    assert.is_nil(spec.stdin)
  end)

  it("refuses a prompt that it would not take, before the start", function()
    assert.is_truthy(agent.command(call { prompt = ("x"):rep(10000000) }))
    local spec, why = agent.command(call { prompt = ("x"):rep(10000001) })
    assert.is_nil(spec)
    assert.equal("the prompt has 10000001 bytes; claude takes at most 10000000", why)
  end)

  it("gives of each recording the verdict that it deserves", function()
    if not recordings.are_there() then
      return pending("there is no ../shared/agent-recordings")
    end
    for _, name in ipairs(recordings.names "claude") do
      local verdict = assert(VERDICTS[name], name)
      local answer, why, kind = agent.answer(recordings.report("claude", name, verdict[1]))
      assert.same({ name, verdict[2], verdict[3], verdict[4] },
        { name, answer and answer.text, kind, why })
    end
  end)

  it("tells what an answer and what a failure cost", function()
    if not recordings.are_there() then
      return pending("there is no ../shared/agent-recordings")
    end
    local answer = agent.answer(recordings.report("claude", "plain", 0))
    assert.same({ input_tokens = 1750, output_tokens = 20, cache_creation_tokens = 0,
      cache_read_tokens = 0, cost_usd = 0.00555 }, answer.usage)
    local _, _, _, more = agent.answer(recordings.report("claude", "refusal", 1))
    assert.equal(0.005373, more.usage.cost_usd)
  end)

  it("believes no success of a program that mighost ended", function()
    local text = RESULT:format("Slept.")
    assert.equal("Slept.", agent.answer(report(text)).text)
    for _, ended_by in ipairs { "timeout", "silence", "interrupt" } do
      local answer, why, kind = agent.answer(report(text, { ended_by = ended_by }))
      assert.same({ nil, "was ended: " .. ended_by, "broken" }, { answer, why, kind })
    end
  end)

  it("counts the last result alone, and no partial message", function()
    local partial = '{"type":"stream_event","event":{"delta":{"text":"no"}}}\n'
    local odd = '{"type":"future","result":"no"}\n"result"\nnot JSON "result"\n'
    assert.equal("two", agent.answer(report(
      partial .. RESULT:format("one") .. odd .. RESULT:format("two") .. partial)).text)
    local _, why, kind = agent.answer(report(partial .. odd))
    assert.same({ "ended with status 0 without a result", "broken" }, { why, kind })
  end)

  it("believes no result of a program that failed afterwards", function()
    local _, why, kind = agent.answer(report(RESULT:format("x"), { exit = 7,
      stderr = printed("first\nlast words\n") }))
    assert.same({ "ended with status 7 after its result: last words", "broken" }, { why, kind })
    _, why = agent.answer(report("", { exit = false, signal = 9 }))
    assert.equal("was ended by signal 9", why)
  end)

  it("knows from its error output that nobody is logged in", function()
    local _, why, kind = agent.answer(report("", { exit = 1,
      stderr = printed("Not logged in · Please run /login\n") }))
    assert.same({ "is not logged in, or its key is refused: Not logged in · Please run /login",
      "auth" }, { why, kind })
  end)

  it("tells when a limit ends", function()
    local _, why, kind, more = agent.answer(report(
      '{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1800000000}}\n'
      .. '{"type":"assistant","error":"rate_limit","message":{}}\n'
      .. '{"type":"result","is_error":true,"result":"You\'ve hit your limit · resets 3pm"}\n',
      { exit = 1 }))
    assert.same({ "is rate-limited: You've hit your limit · resets 3pm", "rate-limited",
      1800000000 }, { why, kind, more.retry_at // 1 | 0 })
  end)

  it("survives a result whose fields are anything", function()
    for _, fields in ipairs { '"result":7', '"result":null,"subtype":[]', '"subtype":{"a":1}' } do
      local line = ('{"type":"result","is_error":true,%s}\n'):format(fields)
      local _, why, kind = agent.answer(report(line, { exit = 1 }))
      assert.same({ "failed", "broken" }, { why, kind })
    end
  end)

  it("says that the model is unknown", function()
    local _, why, kind = agent.answer(report('{"type":"result","is_error":true,'
      .. '"api_error_status":404,"result":"There\'s an issue with the selected model (x)."}\n',
      { exit = 1 }))
    assert.matches("^asked for a model that its service does not have: There's an issue", why)
    assert.equal("refused", kind)
  end)
end)
