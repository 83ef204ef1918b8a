local agent = require "loop.agent"
local json = require "lib.json"
local loop = require "spec.support.loop"
local sys = require "host.sys"
local tables = require "lib.tables"

local function ask(ctx, more)
  local request = tables.copy({ role = "classify", prompt = "What is it?\n", effort = "low",
    writes = "nothing", folder = assert(ctx.run:folder("classify")) }, more)
  return request, agent.ask(ctx, request)
end

local function read(request, name)
  local file <close> = io.open(request.folder .. "/" .. name, "rb")
  return file and file:read("a")
end

describe("a call of an agent in the loop", function()
  it("gives the answer and keeps prompt, answer and report", function()
    local site <close> = loop.new()
    local ctx = site:context { agent = 'echo "$MIGHOST_ROLE $MIGHOST_EFFORT in $PWD"' }
    local request, answer = ask(ctx)
    assert.equal(("classify low in %s\n"):format(site.path), answer.text)
    assert.equal("low", answer.effort)
    assert.equal("What is it?\n", read(request, "got.md"))
    assert.equal("What is it?\n", read(request, "prompt.md"))
    assert.equal(answer.text, read(request, "answer.md"))
    local report = assert(json.decode(read(request, "report.json")))
    assert.same({ "classify", "low", 0 }, { report.role, report.effort, report.exit })
    assert.equal("asking", site:event("asking").kind)
  end)

  it("names the kind of each failure", function()
    local site <close> = loop.new()
    local cases = {
      { "echo no >&2; exit 3", {}, "EEXITED", "agent-exited-nonzero" },
      { "sleep 20", { timeout = 0.3 }, "ETIMEOUT", "timeout" },
      { "sleep 20", { silence = 0.3 }, "ESILENCE", "stuck" },
      { "true", {}, "EJUDGE", "agent-infra-failure" },
      { "true", { agent_command = "/nowhere/agent" }, "EAGENT", "agent-infra-failure" },
      { "true", { with = "nobody" }, "EAGENT", "agent-infra-failure" },
    }
    for _, case in ipairs(cases) do
      local ctx = site:context { agent = case[1], settings = case[2] }
      local request, answer, message, name, kind = ask(ctx)
      assert.is_nil(answer)
      assert.same({ case[3], case[4] }, { name, kind }, message)
      assert.is_truthy(name == "EAGENT" or read(request, "why.txt"):find(name, 1, true))
    end
  end)

  it("is recorded, and answered from the recording", function()
    local site <close> = loop.new()
    local recorded = site.home:join("recorded")
    local ctx = site:context { agent = "echo selected-candidate: seed",
      settings = { record = recorded } }
    ask(ctx)
    ask(ctx)
    ctx = site:context { settings = { with = "replay", recording = recorded, strict = true } }
    local _, first = ask(ctx)
    local _, second = ask(ctx)
    assert.equal("selected-candidate: seed\n", first.text)
    assert.equal("selected-candidate: seed\n", second.text)
    local _, third, message, name = ask(ctx)
    assert.is_nil(third)
    assert.matches("no answer for visit 3", message)
    assert.equal("EAGENT", name)
  end)

  it("warns of a prompt that is not the recorded one, or refuses it", function()
    local site <close> = loop.new()
    local recorded = site.home:join("recorded")
    ask(site:context { agent = "echo x", settings = { record = recorded } })
    local settings = { with = "replay", recording = recorded }
    local _, answer = ask(site:context { settings = settings }, { prompt = "Something else?\n" })
    assert.equal("x\n", answer.text)
    assert.matches("not the recorded one", site:event("warning").text)
    settings.strict = true
    local _, none, message, name = ask(site:context { settings = settings },
      { prompt = "Something else?\n" })
    assert.is_nil(none)
    assert.matches("not the recorded one", message)
    assert.equal("EJUDGE", name)
  end)

  it("works in the repository where it may write there, else beside its evidence", function()
    local site <close> = loop.new()
    local ctx = site:context { agent = 'echo "$MIGHOST_WORK_DIR"' }
    local request, answer = ask(ctx)
    assert.equal(request.folder .. "\n", answer.text)
    local _, other = ask(ctx, { writes = "worktree" })
    assert.equal(site.path .. "\n", other.text)
  end)

  it("is held to the work tree, or to its evidence; git and the plans stay as they are", function()
    if sys.sandbox() ~= "full" then
      return pending("this system has no full Landlock")
    end
    local site <close> = loop.new()
    local ctx = site:context { settings = { sandbox = "auto" } }
    ctx.settings.agent_command = site.inner:script([[
      for path in code.txt made .git/config migrations/made "$HOME/made"; do
        if (echo x >>"$path") 2>/dev/null; then echo "$path"; fi
      done
      git status --porcelain >&2 || echo git; echo .]])
    local _, answer, message = ask(ctx)
    assert.is_truthy(answer, message)
    assert.equal(".\n", answer.text)
    _, answer, message = ask(ctx, { writes = "worktree" })
    assert.is_truthy(answer, message)
    local mounted = sys.features().read_only_mounts
    assert.equal(mounted and "code.txt\nmade\n.\n"
      or "code.txt\nmade\n.git/config\nmigrations/made\n.\n", answer.text)
    assert.matches(mounted and "; mounted read%-only: 2$" or "; nothing mounted read%-only: %u+$",
      answer.report.sandbox)
  end)
end)
