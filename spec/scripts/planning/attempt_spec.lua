local artifacts = require "planning.artifacts"
local attempt = require "planning.attempt"
local held_jobs = require "spec.support.job"
local json = require "lib.json"
local project = require "spec.support.project"
local tables = require "lib.tables"
local workspace = require "planning.workspace"

--- Runs the due step of `alpha`; returns what it gave, the events, and the folder of its evidence.
local function run(p, held, more)
  local events = {}
  local opts = tables.copy({
    slug = "alpha", run = assert(artifacts.start(held.project.state_home, p.path)),
    with = "command", agent_command = p:agent_command(), effort = "low", prefix = "mighost",
    sandbox = "off", -- the scripted agent writes its log
    again = { "--with", "command" },
    on_event = function(event)
      table.insert(events, event)
    end,
  }, more)
  local results = table.pack(attempt.run(held.project, held.reg, held.job, held.snapshot, opts))
  return results, events, opts.run.path .. "/planning/" .. held.job.step
end

local function read(path)
  local file <close> = io.open(path, "rb")
  return file and file:read("a")
end

local function kinds(events)
  local list = {}
  for _, event in ipairs(events) do
    if event.kind ~= "progress" then
      table.insert(list, event.kind)
    end
  end
  return list
end

describe("planning.attempt", function()
  it("asks the agent, judges, and records what was accepted, with all the evidence", function()
    local p <close> = project.new()
    local held <close> = held_jobs.open(p)
    local results, events, evidence = run(p, held)
    local record = assert(results[1], results[2])
    assert.same({ "approaches", "completed", "pick-best", "2 approaches: in-place, rewrite" },
      { record.step, record.outcome, record.cursor, record.summary })
    assert.matches("^mighost: planning/alpha/approaches\n\nWhy:\n2 approaches", record.message)
    assert.same({ "started", "answered" }, kinds(events))
    assert.equal("mighost plan alpha --target T --with command", events[1].again)
    assert.matches("^Stage: approaches\n", read(evidence .. "/prompt.md"))
    assert.equal("Two approaches: in-place and rewrite.\n", read(evidence .. "/answer.md"))
    assert.equal(0, json.decode(read(evidence .. "/report.json")).exit)
    assert.is_nil(read(evidence .. "/why.txt"))
    assert.same({ "alpha" }, workspace.slugs_with_answers(held.place))
  end)

  it("keeps the evidence of a failure and says how to take the step again", function()
    local p <close> = project.new()
    local held <close> = held_jobs.open(p)
    local results, events, evidence =
      run(p, held, { agent_command = "sh -c 'echo hm >&2; exit 3'" })
    assert.is_nil(results[1])
    assert.matches("exited with status 3: hm", results[2])
    assert.same({ "EEXITED", "mighost plan alpha --target T --with command" },
      { results[3], results[4] })
    assert.same({ "started", "answered", "failed" }, kinds(events))
    assert.matches("^EEXITED: the agent command for approaches", read(evidence .. "/why.txt"))
    assert.equal("hm\n", read(evidence .. "/stderr.log"))
    assert.equal(3, json.decode(read(evidence .. "/report.json")).exit)
    assert.same({}, workspace.slugs_with_answers(held.place))
    assert.equal(1, #workspace.list(held.place, "alpha"))
  end)

  it("needs no target to take the step again once the migration is published", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local held <close> = held_jobs.open(p)
    local results = run(p, held, { agent_command = "false" })
    assert.equal("mighost plan alpha --with command", results[4])
  end)

  it("refuses an agent that nobody knows", function()
    local p <close> = project.new()
    local held <close> = held_jobs.open(p)
    assert.equal("EAGENT", (run(p, held, { with = "oracle" }))[3])
  end)

  it("keeps to the limits of the stage, unless others were asked for", function()
    local p <close> = project.new()
    local held <close> = held_jobs.open(p)
    held.job.stage = setmetatable({ timeout = 0.2, silence = 0.3 }, { __index = held.job.stage })
    local slow = { agent_command = "sleep 60", timeout = 50, silence = 50 }
    assert.matches("did not finish within 0%.2 s", (run(p, held, slow))[2])
    slow.timeout_given = 40
    assert.matches("printed nothing for 0%.3 s", (run(p, held, slow))[2])
    slow.silence_given = 0.4
    assert.matches("printed nothing for 0%.4 s", (run(p, held, slow))[2])
  end)

  it("gives the traceback of a stage whose prompt fails, and asks nobody", function()
    local p <close> = project.new()
    local held <close> = held_jobs.open(p)
    for _, broken in ipairs { function() error "oops" end, function() return 1 end,
      function() return " \n" end } do
      held.job.stage = setmetatable({ prompt = broken }, { __index = held.job.stage })
      local results = run(p, held)
      assert.is_nil(results[1])
      assert.matches("the prompt of approaches", results[2])
      assert.equal("ESCRIPT", results[3])
    end
    assert.same({}, p:calls())
  end)

  it("keeps paths of this machine out of what it publishes", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T", "--steps", "4" }
    local held <close> = held_jobs.open(p)
    local script = p:script('d="final-decision: approve-needs-human - see"\n'
      .. 'echo "$d $MIGHOST_WORK_DIR/plan.md"')
    local results = run(p, held, { agent_command = script })
    assert.matches("Why:\nsee <work>/plan%.md\n", assert(results[1], results[2]).message)
    assert.matches('"final_reason": "see <work>/plan%.md"',
      held.job.dir:read(".planning/state.json"))
  end)

  it("records calls, also those whose answer is refused, and answers from them", function()
    local p <close> = project.new()
    local rec = p.home:join("rec")
    do
      local held <close> = held_jobs.open(p)
      assert.is_truthy((run(p, held, { record = rec }))[1])
    end
    assert.same({ "approaches-1" }, p.home:names("rec"))
    assert.same({ "in-place.md", "rewrite.md" }, p.home:names("rec/approaches-1/files/approaches"))
    local q <close> = project.new()
    local held <close> = held_jobs.open(q)
    local results, events = run(q, held, { with = "replay", recording = rec, strict = true })
    assert.is_truthy(results[1], results[2])
    assert.same({ "started", "answered" }, kinds(events))
  end)

  it("shows in what a prompt differs from the recorded one", function()
    local p <close> = project.new()
    local rec = p.home:join("rec")
    local held <close> = held_jobs.open(p)
    assert.is_truthy((run(p, held, { record = rec }))[1])
    p.home:write("rec/approaches-1/prompt.md", "another\n")
    local q <close> = project.new()
    local again <close> = held_jobs.open(q)
    local strict = run(q, again, { with = "replay", recording = rec, strict = true })
    assert.equal("EJUDGE", strict[3])
    assert.matches("%-another\n%+Stage: approaches", strict[2])
    local _, events = run(q, again, { with = "replay", recording = rec })
    assert.same({ "warning", "started", "answered" }, kinds(events))
    assert.matches("%-another", events[1].detail)
  end)

  it("does not fail because a call cannot be recorded", function()
    local p <close> = project.new()
    local held <close> = held_jobs.open(p)
    local results, events = run(p, held, { record = p.home:write("file", "x") .. "/rec" })
    assert.is_truthy(results[1], results[2])
    assert.same({ "started", "answered", "warning" }, kinds(events))
  end)
end)
