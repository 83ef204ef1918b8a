local changes = require "planning.change"
local project = require "spec.support.project"
local tables = require "lib.tables"

local function change(more)
  return tables.copy({ slug = "alpha", operation = "edit", message = "mighost: edit alpha\n",
    on_event = function() end,
    fill = function(path, snapshot)
      return snapshot:copy(path)
    end }, more)
end

--- A project with a migration, and its repository.
local function planned()
  local p = project.new()
  assert(p:plan({ "alpha", "--target", "T" }).exit == 0)
  local opened = p:open()
  return p, opened, assert(changes.repository(opened))
end

describe("planning.change", function()
  it("publishes what was made, as one commit", function()
    local p <close>, opened, repo = planned()
    assert.is_true(changes.check(opened, repo, "alpha"))
    local oid = assert(changes.publish(opened, repo, change { fill = function(path, snapshot)
      assert(snapshot:copy(path))
      return io.open(path .. "/NOTE", "w"):write("x"):close()
    end }))
    assert.equal(oid, p.repo:head())
    assert.equal("x", p:read("alpha/NOTE"))
    assert.matches("^mighost: edit alpha\n\nPublish%-Id: %x+\n",
      p.repo:git("log", "-1", "--format=%B"))
    assert.same({}, p:problems())
    repo:close()
  end)

  it("makes no commit where nothing changed, or where there is nothing to do", function()
    local p <close>, opened, repo = planned()
    local before = p.repo:head()
    assert.is_false(changes.publish(opened, repo, change()))
    assert.is_false(changes.publish(opened, repo, change { decide = function()
      return false
    end, fill = error }))
    assert.equal(before, p.repo:head())
    repo:close()
  end)

  it("leaves everything as it was where it is given up, or breaks a rule", function()
    local p <close>, opened, repo = planned()
    local before = p.repo:head()
    local projects = "state/mighost/projects"
    local place = ("%s/%s/%s/alpha"):format(projects, p.home:names(projects)[1], "work")
    local kept = p.home:names(place)
    local tries = {
      EGIVENUP = { fill = function() return nil, "no", "EGIVENUP" end },
      ESTALE = { decide = function() return nil, "late", "ESTALE" end },
      ERULES = { fill = function(path, snapshot)
        assert(snapshot:copy(path))
        return os.remove(path .. "/manifest.json")
      end },
    }
    for name, more in pairs(tries) do
      local oid, message, code = changes.publish(opened, repo, change(more))
      assert.is_nil(oid)
      assert.is_string(message)
      assert.equal(name, code)
      assert.equal(before, p.repo:head())
      assert.same({}, p:problems())
    end
    assert.same(kept, p.home:names(place))
    repo:close()
  end)

  it("refuses uncommitted changes, naming them", function()
    local p <close>, opened, repo = planned()
    p.repo:write("migrations/alpha/mine", "x")
    local _, message, name, fix = changes.publish(opened, repo, change())
    assert.equal("EDIRTY", name)
    assert.matches("mine", message)
    assert.equal("git status migrations/alpha", fix)
    repo:close()
  end)
end)
