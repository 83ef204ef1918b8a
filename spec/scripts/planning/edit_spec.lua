local mighost = require "mighost"
local project = require "spec.support.project"

describe("mighost.publish", function()
  it("publishes a script's own edit of a migration", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local done = assert(mighost.publish { project = p:open(), slug = "migrations/alpha",
      subject = "note the\nowner", why = "people ask", change = function(dir)
        return dir:write("OWNER", "us\n")
      end })
    assert.same({ "alpha", p.repo:head() }, { done.slug, done.commit })
    assert.equal("us\n", p:read("alpha/OWNER"))
    assert.matches("^mighost: note the owner\n\nWhy:\npeople ask\n\nPublish%-Id: ",
      p.repo:git("log", "-1", "--format=%B"))
    assert.same({}, p:problems())
  end)

  it("makes a new migration where that was asked for, and no other", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local manifest = p:read("alpha/manifest.json"):gsub('"alpha"', '"beta"')
    local function make(request)
      request.project, request.subject, request.create = p:open(), "add", true
      request.change = function(dir)
        return dir:mkdir(".planning") and dir:write("manifest.json", manifest)
          and dir:write("README", "x")
      end
      return mighost.publish(request)
    end
    local _, message, name = make { slug = "alpha" }
    assert.same({ "there is a migration alpha already", "EUSAGE" }, { message, name })
    _, _, name = make { slug = "a b" }
    assert.equal("EUSAGE", name)
    local done, why = make { slug = "beta" }
    assert.is_table(done, why)
    assert.equal("x", p:read("beta/README"))
    assert.same({}, p:problems())
    _, _, name = mighost.publish { project = p:open(), slug = "gamma", subject = "x",
      change = error }
    assert.equal("EUSAGE", name)
  end)

  it("changes nothing where the script gives up, or where a rule does not hold", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local before = p.repo:head()
    local function try(change)
      local done, message, name = mighost.publish { project = p:open(), slug = "alpha",
        subject = "x", change = change }
      assert.is_nil(done)
      assert.equal(before, p.repo:head())
      assert.same({}, p:problems())
      return message, name
    end
    assert.same({ "not today", "EMINE" }, { try(function()
      return nil, "not today", "EMINE"
    end) })
    assert.matches("given up", (try(function() end)))
    assert.matches("has the number 1, as phase%-1%-a.md has", (try(function(dir)
      return dir:write("phase-1-a.md", "x") and dir:write("phase-1-b.md", "x")
    end)))
    assert.has_error(function()
      mighost.publish { project = p:open(), slug = "alpha", subject = "x", change = function()
        error("a bug")
      end }
    end)
    assert.same({}, p:problems())
    assert.equal(0, p:plan({ "alpha" }).exit)
  end)

  it("says that nothing changed", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local done = assert(mighost.publish { project = p:open(), slug = "alpha", subject = "x",
      change = function() return true end })
    assert.is_nil(done.commit)
  end)
end)
