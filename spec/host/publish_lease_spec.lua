--- host.publish: leases of slugs.

local failure = require "spec.support.failure"
local site_support = require "spec.support.site"

describe("leases", function()
  local site

  before_each(function()
    site = site_support.new()
  end)

  after_each(function()
    site:close()
  end)

  it("are held by one at a time and say who holds them", function()
    local opened = site:open()
    local lease = assert(opened:lease("m", "planning.expand"))
    local message = failure.expect("EBUSY", opened:lease("m", "other"))
    assert.is_truthy(message:find("planning.expand", 1, true), message)
    assert(opened:lease("n", "other")):drop()
    lease:drop()
    assert(opened:lease("m", "again")):drop()
  end)

  it("refuse names that are no migration's", function()
    local opened = site:open()
    local names = { "", ".", "..", "a/b", ".hidden", "__transactions__", ("x"):rep(181) }
    for _, slug in ipairs(names) do
      failure.expect("EINVALIDPATH", opened:lease(slug, "spec"))
    end
  end)
end)
