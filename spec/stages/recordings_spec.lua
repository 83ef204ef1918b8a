local json = require "lib.json"
local plan_files = require "lib.plan_files"
local project = require "spec.support.project"
local shipped = require "spec.support.shipped"
local tree = require "host.tree"

local AGAIN <const> = "run: mighost spec/support/record-shipped.lua"

local function subjects_of(steps, slug)
  local subjects = {}
  for index, step in ipairs(steps) do
    subjects[index] = ("mighost: planning/%s/%s"):format(slug, step)
  end
  return subjects
end

describe("the shipped recording", function()
  it("holds one call of each stage, and a digest of each prompt that is right", function()
    for _, step in ipairs(shipped.steps) do
      local folder = step .. "-1/"
      local call = assert(json.decode(shipped.read(shipped.path, folder .. "call.json")))
      local prompt = shipped.read(shipped.path, folder .. "prompt.md")
      assert.equal("planning." .. step, call.role)
      assert.equal(tree.sha256(prompt), call.prompt_sha256, step .. ": " .. AGAIN)
      assert.equal("Stage: " .. step, prompt:match("^[^\n]*"))
      assert.equal("Target: " .. shipped.target, prompt:match("\n([^\n]*)"))
      assert.is_nil(prompt:find("/tmp/", 1, true), step .. ": a path of the machine it was made on")
    end
  end)

  it("is replayed to the end by --strict in a fresh repository, each step a commit", function()
    local scratch <close> = project.new()
    local before = #scratch:subjects()
    local result = scratch:run { "plan", "kept-to-plan", "--target", shipped.target, "--with",
      "replay",
      "--strict", "--to-end" }
    assert.equal(0, result.exit, result.stderr .. "\n" .. AGAIN)
    assert.is_nil(result.stderr:find("warning", 1, true), result.stderr)
    local subjects = scratch:subjects()
    assert.same(subjects_of(shipped.steps, "kept-to-plan"), table.move(subjects, before + 1,
      #subjects,
      1, {}))
    assert.same({}, scratch:problems())
  end)

  it("is what a real run records from its answers and files", function()
    local scratch <close> = project.new()
    local fresh = scratch.home:join("recording")
    local result = shipped.record(scratch, fresh)
    assert.equal(0, result.exit, result.stderr)
    assert.same({}, shipped.differences(fresh), AGAIN)
  end)

  it("finds something in review, answers it in revise, and ends ready", function()
    local scratch <close> = project.new()
    scratch:run { "plan", "kept-to-plan", "--target", shipped.target, "--with", "replay",
      "--to-end" }
    local state = assert(json.decode(scratch:read("kept-to-plan/.planning/state.json")))
    local outcomes = {}
    for index, step in ipairs(state.completed_steps) do
      outcomes[index] = step.outcome
    end
    assert.same({ "completed", "completed", "completed", "findings", "completed", "clear",
      "approve-auto" }, outcomes)
    assert.equal("terminal-ready", state.next_step)
    assert.is_true(#state.final_reason > #"approve-auto")
    for _, name in ipairs { "plan.md", "phase-4-trespass.md" } do
      assert.not_equal(shipped.read(shipped.path, "expand-1/files/" .. name),
        scratch:read("kept-to-plan/" .. name))
    end
  end)

  it("has phases with every section that the prompts ask for", function()
    local scratch <close> = project.new()
    scratch:run { "plan", "kept-to-plan", "--target", shipped.target, "--with", "replay",
      "--to-end" }
    local phases = plan_files.phases(scratch.repo.dir:names("migrations/kept-to-plan"))
    assert.equal(5, #phases)
    for _, name in ipairs(phases) do
      local text = scratch:read("kept-to-plan/" .. name)
      for heading in plan_files.PHASE_GUIDE:gmatch("\n%- `([%a ]+)`:") do
        assert.matches("\n## " .. heading .. "\n%s+[^%s#]", text, name .. ": " .. heading)
      end
    end
  end)
end)
