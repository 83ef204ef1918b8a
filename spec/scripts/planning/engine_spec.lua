local artifacts = require "planning.artifacts"
local commit = require "planning.commit"
local engine = require "planning.engine"
local project = require "spec.support.project"
local registry = require "planning.registry"
local repos = require "host.repo"
local tables = require "lib.tables"
local tmp = require "spec.support.tmp"

--- Takes one step of `alpha` in this process; returns the results and the events.
local function step(p, more)
  local opened, reg, events = p:open(), registry.new(), {}
  local repo <close> = assert(repos.open(p.path))
  local site <close> = assert(commit.open(opened, repo))
  local opts = tables.copy({
    slug = "alpha", target = "T", pipeline = assert(reg:pipeline "pipeline"), site = site,
    run = assert(artifacts.start(opened.state_home, p.path)),
    with = "command", agent_command = p:agent_command(), effort = "low", prefix = "team",
    sandbox = "off", -- the scripted agent writes its log
    again = {},
    on_event = function(event)
      table.insert(events, event)
      if event.kind == "answered" and more and more.meanwhile then
        more.meanwhile()
      end
    end,
  }, more)
  local held = opts.hold and assert(site:lease("alpha", "spec"))
  local results = table.pack(engine.step(opened, reg, opts))
  if held then
    held:drop()
  end
  return results, events
end

local function find(events, kind)
  for _, event in ipairs(events) do
    if event.kind == kind then
      return event
    end
  end
end

describe("planning.engine", function()
  it("takes one step: published, committed, told", function()
    local p <close> = project.new()
    local results, events = step(p)
    local taken = assert(results[1], results[2])
    assert.same({ "alpha", "approaches", "completed", "pick-best", "planning", false },
      { taken.slug, taken.step, taken.outcome, taken.cursor, taken.stands, taken.resumed })
    assert.equal(p.repo:head(), taken.commit)
    assert.equal("team: planning/alpha/approaches", p.repo:git("log", "-1", "--format=%s"))
    assert.equal(taken, find(events, "accepted").step)
    assert.is_true(taken.seconds > 0)
    assert.same({}, p:problems())
  end)

  --- What is left of the workspaces of `alpha`: the names in each.
  local function left(p)
    local base = "state/mighost/projects/" .. p.home:names("state/mighost/projects")[1] .. "/work"
    local found = {}
    for _, slug in ipairs(p.home:names(base)) do
      for _, token in ipairs(p.home:names(base .. "/" .. slug)) do
        table.insert(found, table.concat(p.home:names(("%s/%s/%s"):format(base, slug, token)), " "))
      end
    end
    return found
  end

  it("keeps the workspace for the next step, and nothing once planning is over", function()
    local p <close> = project.new()
    for _ = 1, 4 do
      assert.is_truthy((step(p))[1])
      assert.same({ "alpha published" }, left(p))
    end
    assert.is_truthy((step(p))[1])
    assert.same({}, left(p))
  end)

  it("does not keep a workspace in which a file has a second name elsewhere", function()
    local p <close> = project.new()
    local outside = p.home:write("outside.md", "mine\n")
    local script = p:script("cd $MIGHOST_WORK_DIR && mkdir approaches && ln " .. outside
      .. " approaches/a.md && echo b >approaches/b.md && echo done")
    assert.is_truthy((step(p, { agent_command = script }))[1])
    assert.same({}, left(p))
    assert.equal("mine\n", p:read("alpha/approaches/a.md"))
  end)

  it("never starts an agent without the lease", function()
    local p <close> = project.new()
    local results = step(p, { hold = true })
    assert.equal("EBUSY", results[3])
    assert.same({}, p:calls())
  end)

  it("never starts an agent on a migration with changes of a person's", function()
    local p <close> = project.new()
    assert.is_truthy((step(p))[1])
    p.repo:write("migrations/alpha/notes.md", "mine\n")
    local results = step(p)
    assert.equal("EDIRTY", results[3])
    assert.matches("notes%.md", results[2])
    assert.equal(1, #p:calls())
  end)

  it("says that an answer which cannot be published is kept, and publishes it later", function()
    local p <close> = project.new()
    assert.is_truthy((step(p))[1])
    local results = step(p, { again = { "--with", "command" }, meanwhile = function()
      p.repo:write("migrations/alpha/in-the-way.md", "x\n")
    end })
    assert.equal("ESTALE", results[3])
    assert.matches("the accepted answer of pick%-best is kept", results[2])
    tmp.remove(p.path .. "/migrations/alpha/in-the-way.md")
    local again, events = step(p, { agent_command = "false" })
    assert.is_truthy(again[1], again[2])
    assert.is_true(again[1].resumed)
    assert.equal("pick-best", find(events, "resumed").step)
    assert.same({}, p:problems())
  end)

  it("passes on that planning is over", function()
    local p <close> = project.new()
    for _ = 1, 5 do
      assert.is_truthy((step(p))[1])
    end
    assert.equal("EDONE", (step(p))[3])
    assert.equal(5, #p:calls())
  end)
end)
