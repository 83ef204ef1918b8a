local answers = require "planning.review_answer"
local project = require "spec.support.project"
local sessions = require "planning.session"
local tree = require "host.tree"

--- A project with a ready plan that waits for a person, and what a maker is called with.
local function prepare(p, body)
  p:plan({ "alpha", "--target", "T", "--to-end" },
    { env = { PLANNER_DECISION = "approve-needs-human - look" } })
  local session = assert(sessions.prepare(p:open(), {
    with = "command", agent_command = p:script("cd $MIGHOST_WORK_DIR\n" .. body),
  }))
  assert(session:open())
  assert(session:start_evidence("plan"))
  local opts = session:step_options("alpha")
  opts.command = { "again" }
  local told = {}
  opts.on_event = function(event)
    told[event.kind] = event
  end
  return session, opts, told
end

--- Calls the maker as the engine does.
local function make(p, body, look)
  local session, opts, told = prepare(p, body)
  local lease <close> = assert(session.site:lease("alpha", "spec"))
  local snapshot = assert(session.site:snapshot(lease))
  local live = session.project.live_path .. "/alpha"
  local results = table.pack(answers.maker(look or function()
    return { name = "alpha", status = "ready", phases = {}, human_review_reason = "look" }, nil
  end, true)(session.project, session.reg,
    { live = live, published = "migrations/alpha", place = session.place }, snapshot, opts))
  session.site:close()
  return results, told, snapshot
end

local RESOLVE <const> = [[sed -i \
  -e 's/"awaiting_human_review": .*/"awaiting_human_review": false,/' \
  -e 's/"human_review_reason": .*/"human_review_reason": null,/' manifest.json]]

describe("planning.review_answer", function()
  it("makes a record of what was decided, over what was live", function()
    local p <close> = project.new()
    local results, told, snapshot = make(p, RESOLVE)
    local record = assert(results[1], results[2]).record
    assert.same({ "human-review", "resolved", "ready", "review", "review", "resolved: look" }, {
      record.step, record.outcome, record.stands, record.operation, record.request, record.summary,
    })
    assert.equal(snapshot:digest(), record.base_digest)
    assert.equal(record.digest, tree.digest(results[1].workspace.path))
    assert.equal("command", told.started.agent)
    assert.is_nil(told.failed)
  end)

  it("makes none of what is undecided, and says where it is", function()
    local p <close> = project.new()
    local results, told = make(p, "true")
    assert.same({ nil, "EHUMAN", "again" }, { results[1], results[3], results[4] })
    assert.equal("EHUMAN", told.failed.name)
    local why <close> = assert(io.open(told.failed.evidence .. "/why.txt"))
    assert.matches("^EHUMAN: alpha is left unresolved", why:read("a"))
    local report <close> = assert(io.open(told.failed.evidence .. "/report.json"))
    assert.matches('"exit":0', report:read("a"))
  end)

  it("asks nobody where there is nothing to review", function()
    local p <close> = project.new()
    local results, told = make(p, "touch $HOME/asked", function()
      return nil, "it waits for nobody", "EUSAGE", "fix"
    end)
    assert.same({ nil, "it waits for nobody", "EUSAGE", "fix" },
      { results[1], results[2], results[3], results[4] })
    assert.same({}, told)
    assert.is_false(p.home:exists("asked"))
  end)
end)
