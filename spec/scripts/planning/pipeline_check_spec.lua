local pipeline_check = require "planning.pipeline_check"

---A sound pipeline, changed.
local function check(change)
  local fields = {
    name = "x",
    start = "a",
    edges = {
      a = { completed = "b" },
      b = { again = "a", done = "ready", no = "skipped" },
    },
    terminals = { ready = { status = "ready" }, skipped = { status = "skipped" } },
    refine = { to = "a", from = { "b", "ready" } },
    max_visits = { a = 2 },
  }
  change(fields)
  return pipeline_check.check(fields, "/home/x/stages/x.lua")
end

local function refused(message, change)
  assert.same({ nil, "/home/x/stages/x.lua: " .. message }, { check(change) })
end

describe("planning.pipeline_check", function()
  it("refuses a graph that would take long to check", function()
    local function chain(length)
      return function(fields)
        for index = 1, length - 2 do
          fields.edges["s" .. index] = { completed = "s" .. index + 1 }
        end
        fields.edges["s" .. length - 2] = { completed = "ready" }
        fields.edges.b.longer = "s1"
      end
    end
    assert.is_truthy(check(chain(500)))
    refused("it has 501 stages; there may be 500", chain(501))
  end)

  it("accepts a sound graph and fills in what may be left out", function()
    local pipeline = assert(check(function(fields)
      fields.refine = nil
      fields.max_visits = nil
      fields.edges.b.again = nil
    end))
    assert.equal("x.lua", pipeline.file)
    assert.same({}, pipeline.max_visits)
    assert.is_nil(pipeline.refine)
  end)

  it("refuses fields that are missing, unknown or of a wrong type", function()
    refused("field 'start' is missing", function(f) f.start = nil end)
    refused("unknown field 'edge' (did you mean 'edges'?)", function(f) f.edge = {} end)
    refused("field 'edges' must be a table with named fields, not a string", function(f)
      f.edges = ""
    end)
    refused("refine: field 'to' is missing", function(f) f.refine.to = nil end)
    refused("refine: field 'from' must be a list of strings, not a string", function(f)
      f.refine.from = "b"
    end)
    refused("terminal 'ready': unknown field 'state' (did you mean 'status'?)", function(f)
      f.terminals.ready.state = "ready"
    end)
  end)

  it("refuses edges that lead nowhere or have no name", function()
    refused("stage 'a' has no outcomes", function(f) f.edges.a = {} end)
    refused("stage 'a' has no outcomes", function(f) f.edges.a = "b" end)
    refused("outcome 'completed' of stage 'a' leads to 'c', which does not exist", function(f)
      f.edges.a.completed = "c"
    end)
    refused("the outcomes of stage 'a' must be names with cursors", function(f)
      f.edges.a = { "b" }
    end)
    refused("the outcomes of stage 'a' must be names with cursors", function(f)
      f.edges.a.completed = {}
    end)
    refused("the outcomes of stage 'a' must be names with cursors", function(f)
      f.edges.a = { [""] = "b" }
    end)
  end)

  it("refuses names that are not safe or mean two things", function()
    refused('the stage name "../a" is not safe as a file name', function(f)
      f.edges["../a"] = { x = "ready" }
    end)
    refused('the stage name ".a" is not safe as a file name', function(f)
      f.edges[".a"] = { x = "ready" }
    end)
    refused("'a' is both a stage and a terminal", function(f)
      f.terminals.a = { status = "ready" }
    end)
    refused('terminal "a b" must have a plain name and be a table', function(f)
      f.terminals["a b"] = { status = "ready" }
    end)
  end)

  it("refuses terminals of another status", function()
    refused('the status of terminal \'ready\' must be ready or skipped, not "done"', function(f)
      f.terminals.ready.status = "done"
    end)
  end)

  it("refuses a start, a refinement or a limit for what is not there", function()
    refused("start is 'ready', which is not a stage", function(f) f.start = "ready" end)
    refused("refine.to is 'ready', which is not a stage", function(f) f.refine.to = "ready" end)
    refused("refine.from has 'c', which is neither a stage nor a terminal", function(f)
      f.refine.from = { "c" }
    end)
    refused("max_visits has 'ready', which is not a stage", function(f) f.max_visits.ready = 1 end)
    for _, limit in ipairs { 0, -1, 1.5, "2" } do
      refused("max_visits of 'a' must be a whole number from 1 on", function(f)
        f.max_visits.a = limit
      end)
    end
  end)

  it("refuses stages that cannot be reached or cannot end", function()
    refused("stage 'c' cannot be reached", function(f) f.edges.c = { x = "ready" } end)
    refused("no terminal can be reached from stage 'c'", function(f)
      f.edges.a.other = "c"
      f.edges.c = { x = "c" }
      f.max_visits.c = 1
    end)
    assert.is_truthy(check(function(f)
      f.edges.c = { x = "ready" }
      f.refine.to = "c"
    end))
  end)

  it("refuses a loop that nothing bounds", function()
    refused("stage 'a' is in a loop without a limit: give max_visits", function(f)
      f.max_visits = {}
    end)
    refused("stage 'b' is in a loop without a limit: give max_visits", function(f)
      f.edges.b.self = "b"
    end)
    assert.is_truthy(check(function(f) f.max_visits = { b = 1 } end))
    refused("stage 'b' is in a loop without a limit: give max_visits", function(f)
      f.edges.b.more = "c"
      f.edges.c = { x = "b" }
    end)
  end)
end)
