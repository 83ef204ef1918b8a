local mighost = require "mighost"
local program = require "spec.support.program"
local sample = require "spec.support.sample"
local git = require "spec.support.git"
local planned = require "spec.support.project"

local PLANNER <const> = program.root .. "/spec/support/agents/planner.sh"

--- A project with two migrations.
local function project()
  local repo = git.repo()
  repo:write(".mighost/config.json", '{"schema_version": 1, "live_migrations_dir": "migrations"}')
  sample.write(repo, "migrations", "a", { steps = 3 })
  sample.write(repo, "migrations", "b", { status = "ready", phases = 1, reason = "look" })
  return repo, assert(mighost.open { repo_root = repo.path })
end

describe("mighost", function()
  it("opens a project", function()
    local repo <close>, opened = project()
    assert.same({ repo.path, "migrations" }, { opened.root, opened.live })
    local none, message, name = mighost.open { repo_root = "/" }
    assert.is_nil(none)
    assert.is_string(message)
    assert.equal("ENOTREPO", name)
  end)

  it("lists migrations, all or some", function()
    local _ <close>, opened = project()
    local function slugs(opts)
      local found = {}
      for i, row in ipairs(assert(mighost.list(opened, opts))) do
        found[i] = row.slug
      end
      return table.concat(found, " ")
    end
    assert.equal("a b", slugs())
    assert.equal("a", slugs { status = "planning" })
    assert.equal("b", slugs { awaiting_review = true })
    assert.equal("", slugs { status = "planning", awaiting_review = true })
  end)

  it("shows and checks one by slug or path, and refuses another word", function()
    local _ <close>, opened = project()
    assert.equal("a", mighost.show(opened, "migrations/a").slug)
    assert.same({}, mighost.doctor(opened, "a"))
    assert.same({}, mighost.doctor(opened))
    for word, code in pairs { nosuch = "EUSAGE", [".."] = "EINVALIDPATH", ["."] = "EINVALIDPATH",
      [".x"] = "EINVALIDPATH", ["__x"] = "EINVALIDPATH", ["migrations"] = "EUSAGE",
        [""] = "EUSAGE" } do
      for _, verb in ipairs { "show", "doctor" } do
        local result, message, name = mighost[verb](opened, word)
        assert.is_nil(result, word)
        assert.is_string(message)
        assert.equal(code, name, word)
      end
    end
  end)

  it("says what a project brings along that is not used", function()
    local repo <close>, opened = project()
    assert.same({}, mighost.untrusted(opened))
    repo:write(".mighost/rules/x.lua", "")
    assert.same({}, mighost.untrusted(opened)) -- as it was when it was opened
    assert.same({ "this project has scripts or settings that you have not trusted: "
      .. ".mighost/rules/x.lua; continuing without them (mighost trust --show)" },
      mighost.untrusted(assert(mighost.open { repo_root = repo.path })))
  end)

  it("has a version", function()
    assert.equal(1, mighost.interface)
    assert.equal(1, mighost.version().interface)
    assert.matches("^%d+%.%d+%.%d+$", mighost.version().mighost)
  end)

  it("sets projects up", function()
    local repo <close> = git.repo()
    assert.is_table(mighost.init { repo_root = repo.path, in_repo_taste = true })
    assert.is_table(mighost.open { repo_root = repo.path })
  end)

  it("serves a script of one's own", function()
    local repo <close> = project()
    repo:write("ours.lua", [[
      local mighost = require "mighost"
      local project = assert(mighost.open())
      for _, row in ipairs(mighost.list(project)) do print(row.slug, row.cursor) end]])
    assert.same({ exit = 0, stderr = "", stdout = "a\tplanning:review\nb\tphase-1-part-1.md\n" },
      program.run { args = { "./ours.lua" }, cwd = repo.path })
  end)

  it("takes feedback as a message, and replays a recording where nothing more is said", function()
    local p <close> = planned.new()
    assert.equal(0, p:plan({ "alpha", "--target", "T", "--to-end" }).exit)
    local script = p.home:write("own.lua", ([[
      local mighost = require "mighost"
      local result = assert(mighost.refine { slug = "alpha", message = "Shorter.",
        with = "command", agent_command = %q })
      io.write(result.steps[1].step, " ")
      io.write(#assert(mighost.test {}), "\n")
      mighost.plan { slug = "alpha", dry_rnu = true }
    ]]):format(PLANNER))
    local result = p:run { script }
    assert.equal("revise 7\n", result.stdout, result.stderr)
    assert.equal(1, result.exit)
    assert.matches("own.lua:6: mighost.plan: unknown field 'dry_rnu' (did you mean 'dry_run'?)",
      result.stderr, 1, true)
    assert.matches('"text": "Shorter."', p:read("alpha/.planning/state.json"), 1, true)
  end)
end)
