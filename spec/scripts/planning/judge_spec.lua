local held_jobs = require "spec.support.job"
local judge = require "planning.judge"
local project = require "spec.support.project"
local tables = require "lib.tables"

--- Decides an answer with a judge of the spec's own.
local function decide(more, after)
  local stage = tables.copy({ name = "s", outcomes = { "good", "bad" }, produces = {} }, more)
  local answer = { text = "answer", files = {} }
  return judge.decide({ stage = stage }, answer, { step = "s" }, after or {})
end

describe("planning.judge", function()
  it("takes a declared outcome with its reason", function()
    assert.same({ text = "answer", outcome = "good", reason = "why" }, decide {
      judge = function(answer, ctx)
        return answer.text == "answer" and ctx.step == "s" and "good", "why"
      end,
    })
    assert.is_nil(assert(decide { judge = function() return "bad" end }).reason)
    assert.is_nil(assert(decide { judge = function() return "bad", "" end }).reason)
  end)

  it("passes on a refusal with its reason", function()
    local judged, message, name = decide { judge = function() return nil, "too vague" end }
    assert.same({ nil, "the answer to s was refused: too vague", "EJUDGE" },
      { judged, message, name })
  end)

  it("tells a judge's own mistakes from refusals", function()
    for _, wrong in ipairs {
      function() return nil end, function() return nil, "" end, function() return "odd" end,
      function() return true end, function() return "good", {} end, function() error "oops" end,
    } do
      local judged, message, name = decide { judge = wrong }
      assert.is_nil(judged)
      assert.equal("ESCRIPT", name)
      assert.matches("the judge of s", message)
    end
    assert.matches("traceback", (select(4, decide { judge = function() error "oops" end })))
  end)

  it("wants what the stage produces, after the judge", function()
    local judged, message, name = decide({ judge = function() return "good" end,
      produces = { "plan.md" } }, { ["notes.md"] = { kind = "file", size = 1 } })
    assert.same({ nil, "s must write plan.md, but the workspace holds none", "EJUDGE" },
      { judged, message, name })
    assert.is_truthy(decide({ judge = function() return "good" end, produces = { "plan.md" } },
      { ["plan.md"] = { kind = "file", size = 1 } }))
  end)

  it("sees what the agent left, with mighost's own files put back", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local held <close> = held_jobs.open(p)
    local job = held.job
    assert(job.dir:write("plan.md", "new\n"))
    assert(job.dir:write(".planning/stages/approaches.stdout.md", "forged\n"))
    assert(job.dir:remove("manifest.json"))
    local found, after, touched = assert(judge.inspect(job))
    assert.same({ "plan.md" }, found.changed)
    assert.same({ ".planning/stages/approaches.stdout.md", "manifest.json" }, touched)
    assert.equal(p:read("alpha/.planning/stages/approaches.stdout.md"),
      job.dir:read(".planning/stages/approaches.stdout.md"))
    assert.equal(4, after["plan.md"].size)
  end)
end)
