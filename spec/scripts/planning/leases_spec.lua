local commit = require "planning.commit"
local leases = require "planning.leases"
local project = require "spec.support.project"
local repos = require "host.repo"

describe("planning.leases", function()
  it("says who works on a migration, as long as somebody does", function()
    local p <close> = project.new()
    local opened = p:open()
    assert.is_false(leases.holder(opened, "alpha"))
    local repo <close> = assert(repos.open(p.path))
    local site <close> = assert(commit.open(opened, repo))
    local lease = assert(site:lease("alpha", "plan"))
    assert.matches("^pid %d+", leases.holder(opened, "alpha"))
    assert.is_false(leases.holder(opened, "beta"))
    lease:drop()
    assert.is_false(leases.holder(opened, "alpha"))
  end)
end)
