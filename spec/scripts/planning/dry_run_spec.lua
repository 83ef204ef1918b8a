local commit = require "planning.commit"
local project = require "spec.support.project"
local repos = require "host.repo"
local run = require "planning.run"

local function dry(p, more)
  local opts = { slug = "alpha", target = "T", with = "command", agent_command = "never",
    dry_run = true }
  for key, value in pairs(more or {}) do
    opts[key] = value or nil
  end
  local result, message, name = run.plan(p:open(), opts)
  return result, message, name
end

describe("planning.dry_run", function()
  it("says what would be done for a new migration, and writes nothing", function()
    local p <close> = project.new()
    local result = assert(dry(p))
    assert.same({
      "start the migration alpha for: T",
      "ask the agent command for approaches of alpha",
      "publish the accepted answer as one commit: mighost: planning/alpha/approaches",
    }, result.would)
    assert.equal("planning", result.stands)
    assert.is_false(p.home:exists("state/mighost"))
    assert.is_false(p.repo.dir:exists(".git/mighost"))
    assert.is_false(p.repo.dir:exists("migrations/alpha"))
  end)

  it("says which stage is due", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T", "--steps", "2" }
    assert.equal("ask the agent command for expand of alpha",
      assert(dry(p, { slug = false, target = false })).would[1])
  end)

  it("has nothing to say where there is nothing to plan", function()
    local p <close> = project.new()
    assert.equal("nothing", assert(dry(p, { slug = false, target = false })).stands)
    p:plan { "alpha", "--target", "T", "--to-end" }
    local result = assert(dry(p))
    assert.same({ "nothing", "alpha is ready: nothing to plan", {} },
      { result.stands, result.message, result.would })
  end)

  it("makes the checks of the real thing", function()
    local p <close> = project.new()
    assert.equal("EUSAGE", (select(3, dry(p, { target = false }))))
    p:plan { "alpha", "--target", "T" }
    assert.equal("EUSAGE", (select(3, dry(p, { target = "Other" }))))
    p.repo:write("migrations/alpha/new.md", "x")
    assert.equal("EDIRTY", (select(3, dry(p))))
    p.repo:commit("By hand")
    local opened = p:open()
    local repo <close> = assert(repos.open(p.path))
    local site <close> = assert(commit.open(opened, repo))
    local lease <close> = assert(site:lease("alpha", "plan"))
    local _, message, name = dry(p)
    assert.equal("EBUSY", name)
    assert.matches("alpha is being worked on: pid", message)
    lease:drop()
    p.repo:write("migrations/.gitattributes", "* text\n")
    assert.equal("EUNSUPPORTED", (select(3, dry(p))))
    p.repo:git("checkout", "-q", "--detach")
    assert.equal("EUNSUPPORTED", (select(3, dry(p))))
  end)
end)
