local held_jobs = require "spec.support.job"
local jobs = require "planning.job"
local project = require "spec.support.project"
local tree = require "host.tree"
local workspace = require "planning.workspace"

local function refusal(p, more)
  local held <close> = held_jobs.open(p, more)
  assert.is_nil(held.job)
  return { message = held.problem[2], name = held.problem[3], fix = held.problem[4] }
end

local function edit(p, key, from, to)
  local text, count = p:read("alpha/manifest.json"):gsub(
    ('"%s": %s'):format(key, from), ('"%s": %s'):format(key, to))
  assert.equal(1, count)
  p.repo:write("migrations/alpha/manifest.json", text)
  p.repo:commit("Edit " .. key)
end

describe("planning.job", function()
  it("starts a migration with its manifest and state", function()
    local p <close> = project.new()
    local held <close> = held_jobs.open(p)
    local job = assert(held.job, held.problem[2])
    assert.same({ "approaches", 1, "planning" }, { job.step, job.visit, job.manifest.status })
    assert.equal("approaches", job.stage.name)
    assert.equal("T", job.state.target)
    assert.same({ ".planning", ".planning/stages", ".planning/state.json", "manifest.json" },
      (function()
        local names = {}
        for path in pairs(job.before) do
          table.insert(names, path)
        end
        table.sort(names)
        return names
      end)())
    assert.is_false(p.repo.dir:exists("migrations/alpha"))
  end)

  it("goes on where the published state stands, in a copy of it", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local held <close> = held_jobs.open(p, { target = false })
    local job = assert(held.job, held.problem[2])
    assert.same({ "pick-best", 1 }, { job.step, job.visit })
    assert.equal(held.snapshot:digest(), tree.digest(job.workspace.path))
  end)

  it("starts from the last step's workspace as long as that is what is live", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    do
      local held <close> = held_jobs.open(p)
      assert.equal(1, #workspace.list(held.place, "alpha"))
      assert.equal(held.snapshot:digest(), tree.digest(held.job.workspace.path))
    end
    p.repo:write("migrations/alpha/approaches/by-hand.md", "mine\n")
    p.repo:commit("By hand")
    local held <close> = held_jobs.open(p)
    assert.equal("mine\n", held.job.dir:read("approaches/by-hand.md"))
    assert.equal(held.snapshot:digest(), tree.digest(held.job.workspace.path))
  end)

  it("drops the last step's workspace when somebody touched it", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local found = p.home:names("state/mighost/projects")[1]
    local base = ("state/mighost/projects/%s/work/alpha/"):format(found)
    local token = p.home:names(base)[1]
    assert.is_true(p.home:exists(base .. token .. "/published"))
    p.home:write(base .. token .. "/alpha/approaches/rewrite.md", "touched\n")
    local held <close> = held_jobs.open(p)
    assert.equal(held.snapshot:digest(), tree.digest(held.job.workspace.path))
    assert.equal(1, #p.home:names(base))
  end)

  it("counts visits", function()
    local p <close> = project.new()
    p:plan({ "alpha", "--target", "T", "--steps", "4" }, { env = { PLANNER_REVIEW = "findings" } })
    local held <close> = held_jobs.open(p)
    assert.same({ "revise", 1 }, { held.job.step, held.job.visit })
  end)

  it("refuses what cannot be planned, before anything is copied", function()
    local p <close> = project.new()
    local new = refusal(p, { target = false })
    assert.same({ "EUSAGE", "mighost plan alpha --target TEXT" }, { new.name, new.fix })
    p:plan { "alpha", "--target", "T" }
    assert.matches("another target: T", refusal(p, { target = "Other" }).message)
    local other = { name = "other", start = "review", edges = { review = { clear = "x",
      findings = "x" } }, terminals = { x = { status = "ready" } }, max_visits = {},
      file = "o.lua" }
    assert.matches("planned with the pipeline built%-in",
      refusal(p, { pipeline = other, insists = true }).message)
    edit(p, "awaiting_human_review", "false", "true")
    assert.equal("EHUMAN", refusal(p).name)
    edit(p, "awaiting_human_review", "true", "false")
    edit(p, "status", '"planning"', '"done"')
    assert.equal("EDONE", refusal(p).name)
    edit(p, "status", '"done"', '"odd"')
    assert.same({ "ECORRUPT", "mighost migration doctor alpha" },
      { refusal(p).name, refusal(p).fix })
    assert.equal(1, #p.home:names(("state/mighost/projects/%s/work/alpha"):format(
      p.home:names("state/mighost/projects")[1])))
  end)

  it("writes times as manifests have them", function()
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%d[+-]%d%d:%d%d$", jobs.now())
  end)
end)
