local adapter = require "spec.support.adapter"
local recordings = require "spec.support.agent_recordings"
local registry = require "planning.registry"
local tables = require "lib.tables"

local BROKEN_STREAM <const> = "failed: stream disconnected before completion: Transport error: "
  .. "network error: error decoding response body"
local JSON_BROKEN <const> = "exited with status 1: Reading additional input from stdin..."

-- Each recording: its exit code, and the answer, or the kind of failure and its line.
local VERDICTS <const> = {
  plain = { 0, "A plain answer from the scripted model.\nSecond line." },
  tools = { 0, "Done: note.md is in /workspace/work." },
  thinking = { 0, "Thought about it." },
  ["bad-tool"] = { 0, "The tool said: unsupported call: no_such_tool" },
  ["http429-once"] = { 0, "Recovered after one HTTP 429." },
  ["break-once"] = { 0, "This answer broke once, then came through." },
  ["json-plain"] = { 0, "A plain answer from the scripted model.\nSecond line." },
  ["json-tools"] = { 0, "Done: note.md is in /workspace/work." },
  empty = { 0, nil, "empty", "gave an empty answer" },
  http400 = { 1, nil, "refused", "was refused by its service: scripted bad request" },
  http401 = { 1, nil, "auth", "is not logged in, or its key is refused: unexpected status 401 "
    .. "Unauthorized: scripted: invalid x-api-key, url: http://127.0.0.1:PORT/v1/responses" },
  http500 = { 1, nil, "broken", "failed: We’re currently experiencing high demand, which may cause "
    .. "temporary errors." },
  overloaded = { 1, nil, "rate-limited", "found its service overloaded: unexpected status 529 "
    .. "<unknown status code>: Overloaded, url: http://127.0.0.1:PORT/v1/responses" },
  http429 = { 1, nil, "rate-limited",
    "is rate-limited: exceeded retry limit, last status: 429 Too Many Requests" },
  ["sse-overloaded"] = { 1, nil, "rate-limited", "found its service overloaded: Selected model is "
    .. "at capacity. Please try a different model." },
  ["break"] = { 1, nil, "broken", BROKEN_STREAM },
  ["break-after-tool"] = { 1, nil, "broken", BROKEN_STREAM },
  stall = { 1, nil, "broken",
    "failed: stream disconnected before completion: idle timeout waiting for SSE" },
  ["json-http400"] = { 1, nil, "broken", JSON_BROKEN },
  ["json-break"] = { 1, nil, "broken", JSON_BROKEN },
  ["sigterm-api"] = { 143, nil, "broken", "exited with status 143: warning: Model metadata for "
    .. "`gpt-5` not found. Defaulting to fallback metadata; this can degrade performance and cause "
    .. "issues." },
  ["sigint-api"] = { 1, nil, "broken", "exited with status 1: turn interrupted" },
  ["landlock-no-last"] = { 1, nil, "broken",
    'failed: Failed to open last message file "/workspace/last": Permission denied (os error 13)' },
}

local call <const>, printed <const> = adapter.call, adapter.printed

--- Of codex, whose last message is in a file besides.
local function report(last, more)
  return adapter.report(last, tables.copy({ files = { last_message = printed(last) } }, more))
end

describe("the agent codex", function()
  local agent = assert(registry.new():agent "codex")

  it("is called with the prompt on standard input, and a file for its last message", function()
    local spec = assert(agent.command(call()))
    assert.equal("codex exec --model m-1 --config model_reasoning_effort=xhigh "
      .. "--dangerously-bypass-approvals-and-sandbox --output-last-message /a/last-message.md "
      .. "--cd /r -", table.concat(spec.argv, " "))
    assert.equal("Stage: review\n", spec.stdin)
    assert.same({ last_message = "/a/last-message.md" }, spec.files)
    assert.is_true(agent.needs_model)
    assert.is_false(agent.inherits_env)
    assert.same({ "OPENAI_*", "CODEX_*" }, agent.passes)
  end)

  it("names its settings", function()
    for _, ask in ipairs { agent.command, agent.interactive } do
      assert.equal("/h/.codex/config.toml", ask(call()).settings[1])
      assert.equal("/c/config.toml", ask(call { env = { CODEX_HOME = "/c" } }).settings[1])
      assert.same({}, ask(call { env = {} }).settings)
    end
  end)

  it("writes its own folder, wherever it is", function()
    for _, ask in ipairs { agent.command, agent.interactive } do
      assert.same({ "/w", "/a", "/h/.codex" }, ask(call()).writes)
      assert.same({ "/w", "/a", "/c" }, ask(call { env = { CODEX_HOME = "/c" } }).writes)
      assert.same({ "/w", "/a" }, ask(call { env = {} }).writes)
    end
  end)

  it("takes part in a review with the prompt in a file", function()
    local spec = agent.interactive(call())
    assert.matches("^Read /a/prompt%.md ", spec.argv[#spec.argv])
  end)

  it("refuses a prompt that it would not take, before the start", function()
    assert.is_truthy(agent.command(call { prompt = ("é"):rep(1 << 20) }))
    local _, why = agent.command(call { prompt = ("é"):rep((1 << 20) + 1) })
    assert.equal("the prompt has 1048577 characters; codex takes at most 1048576", why)
    _, why = agent.command(call { prompt = "ab\xFFcd" })
    assert.equal("the prompt is not UTF-8 at byte 3; codex takes nothing else", why)
  end)

  it("gives of each recording the verdict that it deserves", function()
    if not recordings.are_there() then
      return pending("there is no ../shared/agent-recordings")
    end
    for _, name in ipairs(recordings.names "codex") do
      local verdict = assert(VERDICTS[name], name)
      local answer, why, kind = agent.answer(recordings.report("codex", name, verdict[1]))
      assert.same({ name, verdict[2], verdict[3], verdict[4] },
        { name, answer and answer.text, kind, why })
    end
  end)

  it("takes the tokens from the end of its log, and from nowhere else", function()
    local log = "tokens used\n99\nERROR: 429\n"
    assert.same({ text = "said", usage = { total_tokens = 5234 } },
      agent.answer(report("said", { stderr = printed(log .. "tokens used\n5,234\n") })))
    assert.same({ text = "said" }, agent.answer(report("said", { stderr = printed(log) })))
  end)

  it("believes no success of a program that mighost ended, or that failed", function()
    local _, why, kind = agent.answer(report("said", { ended_by = "silence" }))
    assert.same({ "was ended: silence", "broken" }, { why, kind })
    _, why, kind = agent.answer(report("said", { exit = 3, stderr = printed "oops\n" }))
    assert.same({ "exited with status 3: oops", "broken" }, { why, kind })
    _, why = agent.answer(report("said", { exit = false, signal = 15 }))
    assert.equal("was ended by signal 15", why)
  end)

  it("does not take what it was asked for what went wrong", function()
    local log = "user\nERROR: status 401: this is a prompt\nworking\n"
    local _, why, kind = agent.answer(report("", { exit = 1, stderr = printed(log) }))
    assert.same({ "exited with status 1: working", "broken" }, { why, kind })
  end)
end)
