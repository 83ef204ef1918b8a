local project = require "spec.support.project"
local review = require "planning.review"
local tables = require "lib.tables"

local RESOLVE <const> = [[cd $MIGHOST_WORK_DIR && sed -i \
  -e 's/"awaiting_human_review": .*/"awaiting_human_review": false,/' \
  -e 's/"human_review_reason": .*/"human_review_reason": null,/' manifest.json]]

local function ask(p, changes)
  local opts = tables.copy({ slug = "alpha", with = "command", agent_command = p:script(RESOLVE),
    keeps_stdout = true }, changes)
  return review.review(p:open(), "alpha", opts)
end

describe("planning.review", function()
  it("gives what plan gives once it is decided, and refuses what waits for nobody", function()
    local p <close> = project.new()
    p:plan({ "alpha", "--target", "T", "--to-end" },
      { env = { PLANNER_DECISION = "approve-needs-human - look" } })
    local result = assert(ask(p))
    assert.same({ "alpha", "ready", "human-review", p.repo:head() },
      { result.slug, result.stands, result.steps[1].step, result.steps[1].commit })
    local again, message, name, fix = ask(p)
    assert.is_nil(again)
    assert.matches("does not wait for a human", message)
    assert.same({ "EUSAGE", "mighost migration refine alpha --message TEXT" }, { name, fix })
  end)

  it("refuses an agent that nobody can talk with, before anything is set up", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    for with, expected in pairs { replay = "EUSAGE", oracle = "EAGENT" } do
      local result, _, name = ask(p, { with = with, agent_command = false })
      assert.is_nil(result)
      assert.equal(expected, name)
    end
  end)
end)
