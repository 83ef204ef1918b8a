local project = require "spec.support.project"
local rehearsal = require "planning.rehearsal"
local shipped = require "spec.support.shipped"
local tables = require "lib.tables"

local function run(p, more)
  local seen = {}
  local opts = tables.copy({ recording = shipped.path, on_stage = function(rehearsed)
    seen[#seen + 1] = rehearsed
  end }, more)
  local results, message, name = rehearsal.run(p:open(), opts)
  return results, message, name, seen
end

describe("planning.rehearsal", function()
  it("gives the outcome of each recorded stage, and leaves nothing behind", function()
    local p <close> = project.new()
    local head = p.repo:head()
    local results, message, _, seen = run(p)
    assert.is_nil(message)
    assert.same(results, seen)
    local steps = {}
    for index, rehearsed in ipairs(results) do
      steps[index] = rehearsed.stage
      assert.is_string(rehearsed.outcome, rehearsed.message)
      assert.is_nil(rehearsed.refused)
    end
    assert.same(shipped.steps, steps)
    assert.same({}, p.home:names("state/mighost/rehearsals"))
    assert.equal(head, p.repo:head())
    assert.same({}, p:problems())
  end)

  it("tells what became of damaged answers", function()
    local p <close> = project.new()
    local results = assert(run(p, { variants = 12 }))
    for _, rehearsed in ipairs(results) do
      assert.equal(12, rehearsed.refused + rehearsed.accepted)
      assert.same({}, rehearsed.problems)
      assert.is_true(rehearsed.refused > 0)
    end
  end)

  it("stops at an answer that is refused, and where the recording ends", function()
    local p <close> = project.new()
    local rec = p.home:join("rec")
    p:plan { "alpha", "--target", "T", "--steps", "2", "--record", rec }
    local results, message = run(p, { recording = rec })
    assert.equal(2, #results)
    assert.matches("no answer for visit 1 of expand", message)
    p.home:write("rec/pick-best-1/answer.md", "chosen-approach: nowhere\n")
    results = run(p, { recording = rec })
    assert.is_nil(results[2].outcome)
    assert.matches("the answer to pick%-best was refused", results[2].message)
    p.home:write("rec/approaches-1/answer.md", "a\0b")
    results = run(p, { recording = rec })
    assert.same({ 1, "the agent printed NUL bytes, which no answer has" },
      { #results, results[1].message })
  end)

  it("notices a prompt that is not the recorded one", function()
    local p <close> = project.new()
    local rec = p.home:join("rec")
    p:plan { "alpha", "--target", "T", "--record", rec }
    local taste = require("project.taste").read(p.path, p:open().config)
    assert.is_false((run(p, { recording = rec, taste = taste }))[1].prompt_differs)
    assert.is_true((run(p, { recording = rec, taste = "another one" }))[1].prompt_differs)
  end)

  it("refuses a recording or a pipeline that is not there", function()
    local p <close> = project.new()
    local _, message, name = run(p, { recording = "/nowhere" })
    assert.matches("^the recording /nowhere has no answer", message)
    assert.equal("EAGENT", name)
    _, _, name = run(p, { pipeline = "none" })
    assert.equal("EUSAGE", name)
  end)
end)
