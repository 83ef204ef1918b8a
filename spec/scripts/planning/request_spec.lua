local project = require "spec.support.project"
local requests = require "planning.request"
local sessions = require "planning.session"

--- An opened session with the scripted agent, and the options of a step of `alpha`.
local function open(p, told)
  local session = assert(sessions.prepare(p:open(), {
    with = "command", agent_command = p:agent_command(), sandbox = "off",
    on_step = function(step)
      told[#told + 1] = step.step
    end,
  }))
  assert(session:open())
  assert(session:start_evidence("plan"))
  local opts = session:step_options("alpha")
  opts.command = { "mighost", "again", "it's" }
  return session, opts
end

describe("planning.request", function()
  it("takes a step, tells of it once and says where the migration stands", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local told = {}
    local session, opts = open(p, told)
    opts.request = "this"
    local result = assert(requests.take(session, opts))
    assert.same({ "alpha", "planning", 1, { "pick-best" } },
      { result.slug, result.stands, #result.steps, told })
    assert.equal("this", result.steps[1].request)
    assert.equal(p.repo:head(), result.steps[1].commit)
    session.site:close()
  end)

  it("says how to go on after what passes by itself", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local session, opts = open(p, {})
    local lease <close> = assert(session.site:lease("alpha", "spec"))
    local result, _, name, fix = requests.take(session, opts)
    assert.is_nil(result)
    assert.same({ "EBUSY", "mighost again 'it'\\''s'" }, { name, fix })
    lease:drop()
    opts.make = function()
      return nil, "it moved", "ESTALE"
    end
    local _, message, stale, again = requests.take(session, opts)
    assert.same({ "ESTALE", fix }, { stale, again })
    assert.equal("it moved; mighost migration doctor alpha says what is there now", message)
    p.repo:write("migrations/.gitattributes", "* text=auto\n")
    assert.equal("EUNSUPPORTED", select(3, requests.take(session, opts)))
    session.site:close()
  end)

  it("names a slug that looks like an option by its path", function()
    local words = { "--message", "x" }
    assert.same({ "mighost", "migration", "refine", "alpha", "--message", "x" },
      requests.command("refine", { live = "m" }, "alpha", words))
    assert.same({ "mighost", "migration", "review", "m/-x", "--message", "x" },
      requests.command("review", { live = "m" }, "-x", words))
  end)
end)
