local mighost = require "mighost"
local project = require "spec.support.project"
local sessions = require "planning.session"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"
local trust = require "project.trust"

--- A scratch project as this process sees it, with the state of its own.
local function open(p)
  local opened = assert(mighost.open { repo_root = p.path })
  opened.state_home = p.home:join("state")
  return opened
end

describe("planning.session", function()
  it("sets up what a step needs: settings, place of publication, evidence", function()
    local p <close> = project.new()
    local told = {}
    local session = assert(sessions.prepare(open(p), {
      with = "command", agent_command = "true", effort = "low", timeout = 9, again = { "--x" },
      on_event = function(event)
        told[#told + 1] = event.kind
      end,
    }))
    assert.is_true(session:open())
    assert.equal(("%s/projects/%s"):format(p.home:join("state"), session.site:project_id()),
      session.place)
    assert.is_true(session:start_evidence("plan"))
    assert.same({ "run" }, told)
    local opts = session:step_options("alpha")
    assert.same({ "alpha", "command", "true", "low", 9, "mighost" }, { opts.slug, opts.with,
      opts.agent_command, opts.effort, opts.timeout, opts.prefix })
    assert.equal(session.run, opts.run)
    assert.same({ "--x" }, opts.again)
    session:clear_up()
    session.site:close()
  end)

  it("works with evidence of its own, which tells how that ended", function()
    local p <close> = project.new()
    for _, failure in ipairs { false, "it broke" } do
      local session = assert(sessions.prepare(open(p), { with = "replay" }))
      local results = table.pack(session:work("plan", function()
        assert.is_nil(session.run.about.status)
        return not failure and "done" or nil, failure or nil, failure and "EX", failure and "fix"
      end))
      assert.same(failure and { n = 4, nil, "it broke", "EX", "fix" }
        or { n = 4, "done", nil, false, false }, results)
      assert.same({ failure and "failed" or "completed", failure or nil },
        { session.run.about.status, session.run.about.message })
      session.site:close()
    end
    local session = assert(sessions.prepare(open(p), { with = "replay" }))
    p.repo:git("checkout", "-q", "--detach")
    assert.equal("EUNSUPPORTED", select(3, session:work("plan", error)))
  end)

  it("refuses what settings, trust or the repository refuse", function()
    local p <close> = project.new()
    local opened = open(p)
    assert.equal("EAGENT", select(3, sessions.prepare(opened, { with = "oracle" })))
    local session = assert(sessions.prepare(opened, { with = "replay" }))
    p.repo:git("checkout", "-q", "--detach")
    assert.equal("EUNSUPPORTED", select(3, session:open()))
    p.repo:git("checkout", "-q", "main")
    opened.live_path = p.path .. "/nowhere"
    assert.equal("ECONFIG", select(3, session:open()))
    opened.worktree = "/"
    assert.equal("ENOTREPO", select(3, session:open()))
    p.repo:write(".mighost/stages/review.lua", "")
    assert.equal("EUNTRUSTED", select(3, sessions.prepare(open(p), { with = "replay" })))
    tmp.remove(p.path .. "/.mighost/stages")
    p.repo:write(".mighost/rules/own.lua", "return {")
    local untrusted = open(p)
    assert(trust.accept(untrusted))
    assert.matches("own.lua:1: ", (select(2, sessions.prepare(untrusted, { with = "replay" }))))
  end)

  it("keeps nobody's evidence where it cannot", function()
    local p <close> = project.new()
    local session = assert(sessions.prepare(open(p), { with = "replay" }))
    session.project.state_home = p.home:write("file", "")
    local ok, message, name = session:start_evidence("plan")
    assert.is_nil(ok)
    assert.is_truthy(message:find("evidence", 1, true))
    assert.equal("ENOTDIR", name)
  end)

  it("clears up what older runs of the project left, but the newest", function()
    local p <close> = project.new()
    local session = assert(sessions.prepare(open(p), { with = "replay" }))
    assert(session:open())
    for _ = 1, 21 do
      p.home:write(("state/projects/%s/work/alpha/%s/alpha/x"):format(session.site:project_id(),
        sys.random_hex(16)), "")
    end
    session:clear_up()
    assert.equal(20, #p.home:names(("state/projects/%s/work/alpha"):format(
      session.site:project_id())))
    session.site:close()
  end)
end)
