local adopt = require "planning.adopt"
local artifacts = require "planning.artifacts"
local commit = require "planning.commit"
local engine = require "planning.engine"
local project = require "spec.support.project"
local repos = require "host.repo"
local strict = require "lib.strict"
local tables = require "lib.tables"
local team = require "spec.support.team"

--- Takes one step of `alpha` in this process, with the files of a team.
local function step(p, files, more)
  local opened, reg = p:open(), team.registry(files)
  local repo <close> = assert(repos.open(p.path))
  local site <close> = assert(commit.open(opened, repo))
  local opts = tables.copy({
    slug = "alpha", target = "T", pipeline = reg:pipeline "secure", site = site,
    run = assert(artifacts.start(opened.state_home, p.path)),
    with = "command", agent_command = p:agent_command(), effort = "low", prefix = "team",
    sandbox = "off",
    again = {}, on_event = function() end,
  }, more)
  return engine.step(opened, reg, opts)
end

local function take_over(p, files, pipeline)
  return step(p, files, { make = adopt.maker(pipeline), request = "adopt", target = false })
end

local function read_state(p)
  return assert(strict.decode(p.repo:read("migrations/alpha/.planning/state.json")))
end

describe("planning.adopt", function()
  it("publishes the new graph alone, as a commit that says so, and asks nobody", function()
    local p <close> = project.new()
    assert(step(p, team.files()))
    local before = read_state(p)
    local adopted = assert(take_over(p, team.files(7)))
    assert.equal("adopt-pipeline", adopted.step)
    assert.equal("pick-best", adopted.cursor)
    assert.equal("planning", adopted.stands)
    local after = read_state(p)
    assert.equal(7, strict.integer(after.pipeline.max_visits["loop-review"]))
    assert.equal(#before.completed_steps, #after.completed_steps)
    assert.same({ "approaches 1" }, p:calls())
    local subjects = p:subjects()
    assert.equal("team: planning/alpha/adopt-pipeline", subjects[#subjects])
    local steps = assert(step(p, team.files(7)))
    assert.equal("pick-best", steps.step)
  end)

  it("goes back to mighost's own graph without recording it", function()
    local p <close> = project.new()
    assert(step(p, team.files()))
    assert(take_over(p, team.files(), "pipeline"))
    assert.is_nil(read_state(p).pipeline)
  end)

  it("refuses what is followed already, what is not there, and what the history does not fit",
    function()
      local p <close> = project.new()
      assert(step(p, team.files()))
      local function refused(pattern, name, files, pipeline)
        local published, message, code = take_over(p, files, pipeline)
        assert.is_nil(published)
        assert.matches(pattern, message)
        assert.equal(name, code)
      end
      refused("follows secure%.lua as it is now", "EUSAGE", team.files())
      refused("there is no pipeline nosuch", "EUSAGE", team.files(), "nosuch")
      local files = team.files(3)
      files["stages/security-review.lua"] = "return {"
      refused("security%-review%.lua:%d.* still needs the stage security%-review", "ECONFIG", files)
      files = team.files(3)
      files["stages/secure.lua"] = files["stages/secure.lua"]:gsub('start = "approaches"',
        'start = "expand"'):gsub('%["approaches"%] *= { completed = "pick%-best" },', "")
        :gsub('%["pick%-best"%] *= { completed = "expand" },', "")
      refused("'approaches' is accepted where 'expand' is due", "EUSAGE", files)
      local short = [[return { name = "short", start = "approaches",
        edges = { approaches = { completed = "over" } },
        terminals = { over = { status = "ready" } } }]]
      refused("its history ends at over", "EUSAGE", { ["stages/secure.lua"] = short })
      assert.equal(1, #read_state(p).completed_steps)
    end)

  it("is for plans that are being made", function()
    local p <close> = project.new()
    assert.equal(0, p:plan({ "alpha", "--target", "T", "--to-end" }).exit)
    local published, message, name = take_over(p, team.files(), "secure")
    assert.is_nil(published)
    assert.matches("it is ready; feedback would reopen its planning", message)
    assert.equal("EUSAGE", name)
  end)
end)
