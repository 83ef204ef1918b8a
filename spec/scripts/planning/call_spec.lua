local call = require "planning.call"
local tables = require "lib.tables"
local tmp = require "spec.support.tmp"

--- An adapter that runs a shell script.
local function adapter(script, more)
  return tables.copy({
    needs_model = false, inherits_env = false,
    command = function(request)
      return { argv = { "sh", "-c", script }, env = { OWN = "own" }, stdin = request.prompt }
    end,
    answer = function(report)
      if report.exit ~= 0 then
        return nil, "failed: " .. report.stderr.last_line(), "broken"
      end
      return { text = report.stdout.text(1 << 23), usage = { tokens = 1 } }
    end,
  }, more)
end

local function run(script, more, request_more)
  local dir <close> = tmp.dir()
  local request = tables.copy({
    role = "planning.expand", stage = "expand", visit = 1, slug = "alpha", prompt = "the prompt\n",
    agent = "test", effort = "low", work_dir = dir.path, live_dir = dir.path, repo_root = dir.path,
    artifacts = dir.path,
  }, request_more)
  local answer, message, name, report = call.run(adapter(script, more), request)
  return answer, message, name, report, dir:read("stdout.log"), dir:read("stderr.log")
end

describe("planning.call", function()
  it("hands over the prompt and gives the answer and the report", function()
    local answer, _, _, report, out, err = run "cat; echo told >&2"
    assert.same({ text = "the prompt\n", usage = { tokens = 1 } }, answer)
    assert.equal(0, report.exit)
    assert.equal("the prompt\n", out)
    assert.equal("told\n", err)
  end)

  it("runs in the repository's root, with the environment that is meant for it", function()
    local answer = run 'pwd; echo "$OWN ${MIGHOST_X-unset}"'
    assert.matches("^/[^\n]+\nown unset\n$", answer.text)
  end)

  it("names a program that does not start", function()
    for _, argv in ipairs { { "/nowhere/agent" }, { "no-such-program-anywhere" }, { "/etc" } } do
      local answer, message, name = run("", { command = function() return { argv = argv } end })
      assert.is_nil(answer)
      assert.matches("^the agent test for expand cannot be started: ", message)
      assert.equal("EAGENT", name)
    end
  end)

  it("passes on what the adapter says", function()
    local answer, message, name, report = run "echo one; echo 'last\twords' >&2; exit 4"
    assert.is_nil(answer)
    assert.equal("the agent test for expand failed: last words", message)
    assert.equal("EEXITED", name)
    assert.equal(4, report.exit)
    for kind, expected in pairs { ["rate-limited"] = "EAGENT", auth = "EAGENT", refused = "EAGENT",
      empty = "EJUDGE", other = "EJUDGE" } do
      local _, _, code = run("echo x", { answer = function() return nil, "no", kind end })
      assert.equal(expected, code)
    end
  end)

  it("refuses bytes that are not an answer", function()
    for script, pattern in pairs {
      ["true"] = "printed nothing", ["echo ' '"] = "printed nothing",
      ["printf 'a\\000'"] = "NUL", ["printf 'abc\\370'"] = "invalid UTF%-8 at byte 4",
      ["head -c 8388609 /dev/zero | tr '\\0' x"] = "at most 8 MiB",
    } do
      local answer, message, _, report = run(script)
      assert.is_nil(answer, script)
      assert.matches(pattern, message)
      assert.is_table(report)
    end
  end)

  it("takes an answer of just 8 MiB", function()
    local answer = assert((run "head -c 8388608 /dev/zero | tr '\\0' x"))
    assert.equal(8388608, #answer.text)
  end)

  it("tells a call that took too long from one that printed nothing", function()
    local _, message, name = run("while :; do echo x; sleep 0.05; done", nil, { timeout = 0.3 })
    assert.matches("did not finish within 0%.3 s", message)
    assert.equal("ETIMEOUT", name)
    _, message, name = run("sleep 60", nil, { silence = 0.3 })
    assert.matches("printed nothing for 0%.3 s", message)
    assert.equal("ESILENCE", name)
  end)

  it("tells what a broken adapter did", function()
    local _, message, name = run("", { command = function() error "oops" end })
    assert.matches("the agent test for expand: .*oops$", message)
    assert.equal("ECONFIG", name)
    _, message, name = run("echo x", { answer = function(report) return report.nothing.text end })
    assert.matches("attempt to index", message)
    assert.equal("ECONFIG", name)
    _, message, name = run("", { command = function() return nil, "needs a thing" end })
    assert.same({ "needs a thing", "EUSAGE" }, { message, name })
    _, message, name = run("", { command = function() return { argv = {} } end })
    assert.matches("no program to start", message)
    assert.equal("EUSAGE", name)
  end)

  it("keeps what the agent used, and says until when a limit lasts", function()
    local _, message, name, report = run("exit 1", { answer = function()
      return nil, "is rate-limited", "rate-limited",
        { usage = { total_tokens = 7 }, retry_at = 1800000000 }
    end })
    assert.matches("^the agent test for expand is rate%-limited %(until 2027%-01%-1[456]T", message)
    assert.same({ "EAGENT", { total_tokens = 7 }, "rate-limited", 1800000000 },
      { name, report.usage, report.trouble, report.retry_at })
    _, _, _, report = run "cat"
    assert.same({ tokens = 1 }, report.usage)
  end)

  it("believes no agent a number that cannot be", function()
    for _, odd in ipairs { 1 / 0, -1 / 0, 0 / 0, -1, 1e300, "7", { 7 } } do
      local usage = { cost_usd = odd, total_tokens = 7, input_tokens = odd }
      local answer, _, _, report = run("cat", { answer = function()
        return { text = "x", usage = usage }
      end })
      assert.same({ { total_tokens = 7 }, { total_tokens = 7 } }, { answer.usage, report.usage })
      local _, message, name, failed = run("exit 1", { answer = function()
        return nil, "is rate-limited", "rate-limited", { usage = { cost_usd = odd },
          retry_at = odd }
      end })
      assert.same({ "the agent test for expand is rate-limited", "EAGENT" }, { message, name })
      assert.is_nil(failed.usage or failed.retry_at)
    end
  end)

  it("gives the variables that the adapter names, and no others", function()
    local env = require("host.sys").env()
    local answer = run("env", { passes = { "PAT*", "PW" } })
    assert.is_truthy(answer.text:find("PATH=" .. env.PATH, 1, true))
    assert.is_nil(answer.text:find("\nOLDPWD=", 1, true))
  end)

  it("reads the files that the adapter asked for, none from a call before, and no FIFO", function()
    local dir <close> = tmp.dir()
    local path = dir:write("last", "from a call before\n")
    local function ask(script)
      return run(script, {
        command = function()
          return { argv = { "sh", "-c", script }, files = { last = path } }
        end,
        answer = function(report)
          return { text = "<" .. report.files.last.text(100) .. ">" }
        end,
      }, { artifacts = dir.path })
    end
    assert.equal("<said\n>", ask("echo said >" .. path).text)
    assert.equal("<>", ask("true").text)
    assert.equal("<>", ask("mkfifo " .. path).text)
  end)

  it("reads a file that the adapter asked for in the call's temporary folder", function()
    local answer = run("", {
      command = function(request)
        local path = request.temp .. "/last"
        return { argv = { "sh", "-c", "echo noise; echo said >" .. path }, files = { last = path } }
      end,
      answer = function(report)
        return { text = report.files.last.text(100) }
      end,
    })
    assert.equal("said\n", answer.text)
  end)

  it("removes no file of anybody else's, and starts no program that it would", function()
    local dir <close> = tmp.dir()
    local path = dir:write("precious", "mine\n")
    local answer, message, name = run("echo started", { command = function()
      return { argv = { "sh", "-c", "echo started" }, files = { last = path } }
    end })
    assert.is_nil(answer)
    assert.equal("the file last of the agent test is not in the folder for its evidence: " .. path,
      message)
    assert.equal("ECONFIG", name)
    assert.equal("mine\n", dir:read("precious"))
  end)

  it("tells how far the agent is", function()
    local dir <close> = tmp.dir()
    local seen = {}
    local request = { stage = "s", agent = "test", prompt = "", artifacts = dir.path,
      repo_root = dir.path, work_dir = dir.path }
    assert(call.run(adapter "echo early; sleep 0.6; echo late", request, {
      on_progress = function(progress)
        table.insert(seen, progress)
      end,
    }))
    assert.is_true(#seen >= 1)
    assert.equal(6, seen[1].bytes)
    assert.equal("early", seen[1].last_line)
  end)
end)
