local aside = require "planning.aside"
local tmp = require "spec.support.tmp"

describe("planning.aside", function()
  local dir, place

  before_each(function()
    dir = tmp.dir()
    place = dir:join("place")
  end)

  after_each(function()
    dir:close()
  end)

  local function keep(from, label, why)
    dir:write("place/work/" .. from .. "/plan.md", "plan\n")
    return assert(aside.keep(place, "work/" .. from, label, why))
  end

  it("keeps a folder with the reason, and lists the newest first", function()
    assert.same({}, aside.list(place))
    local path = keep("a", "alpha@0123", "it no longer\nfits")
    assert.equal(place .. "/set-aside/alpha@0123", path)
    assert.equal("plan\n", dir:read("place/set-aside/alpha@0123/plan.md"))
    assert.is_false(dir:exists("place/work/a"))
    keep("b", "a@b@4567", "why")
    assert(os.execute("touch -d @1 '" .. path .. ".why'"))
    local list = assert(aside.list(place))
    assert.equal(2, #list)
    assert.same({ "a@b", "4567", "why", false },
      { list[1].slug, list[1].token, list[1].why, list[1].has_answer })
    list[2].time = nil
    assert.same({ slug = "alpha", token = "0123", why = "it no longer fits", path = path,
      has_answer = false }, list[2])
  end)

  it("gives a name that is taken a number", function()
    keep("a", "alpha@0123", "first")
    assert.equal(place .. "/set-aside/alpha@0123-2", keep("a", "alpha@0123", "second"))
    assert.equal(place .. "/set-aside/alpha@0123-3", keep("a", "alpha@0123", "third"))
    assert.equal("0123-3", assert(aside.find(place, "0123-3")).token)
  end)

  it("says what cannot be moved", function()
    local path, message, name = aside.keep(place, "work/nothing", "alpha@0123", "why")
    assert.is_nil(path)
    assert.equal("ENOENT", name)
    assert.matches("nothing", message)
  end)

  it("knows what was kept without a reason, and passes over copies that are not whole", function()
    dir:write("place/set-aside/.alpha@0.copy/x", "")
    dir:write("place/set-aside/odd/accepted", "{}")
    local list = assert(aside.list(place))
    assert.equal(1, #list)
    assert.same({ "odd", "odd", nil, true },
      { list[1].slug, list[1].token, list[1].why, list[1].has_answer })
  end)

  it("finds one by its token, or by slug and token", function()
    keep("a", "alpha@0123", "first")
    keep("b", "beta@0123", "first")
    keep("c", "beta@4567", "first")
    assert.equal("beta", assert(aside.find(place, "4567")).slug)
    assert.equal("alpha", assert(aside.find(place, "alpha@0123")).slug)
    for word, why in pairs { ["0123"] = "2 kept trees", ["01"] = "nothing is kept",
      ["../alpha@0123"] = "nothing is kept" } do
      local found, message, name, fix = aside.find(place, word)
      assert.is_nil(found)
      assert.matches(why, message)
      assert.equal("EUSAGE", name)
      assert.equal("mighost migration doctor --set-aside", fix)
    end
  end)

  it("removes one with its reason", function()
    keep("a", "alpha@0123", "first")
    keep("b", "beta@4567", "second")
    assert.is_true(aside.remove(assert(aside.find(place, "0123"))))
    assert.same({ "beta@4567", "beta@4567.why" }, dir:names("place/set-aside"))
  end)

  it("finds the project's place without making one", function()
    local project = { common = dir:join("git"), state_home = dir:join("state") }
    assert.is_false(aside.place(project))
    dir:mkdir("git/mighost")
    assert.is_false(aside.place(project))
    dir:write("git/mighost/id", "abc")
    assert.equal(dir:join("state/projects/abc"), aside.place(project))
    assert.same({ "git" }, dir:names())
  end)
end)
