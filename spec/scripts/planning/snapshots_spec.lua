local git = require "spec.support.git"
local repos = require "host.repo"
local snapshots = require "planning.snapshots"

local PATH <const> = "migrations/my.slug"

describe("planning.snapshots", function()
  local scratch, repo

  before_each(function()
    scratch = git.repo()
    repo = assert(repos.open(scratch.path))
  end)

  after_each(function()
    repo:close()
    scratch:close()
  end)

  local count = 0

  --- A commit that changes the migration; with a subject it is a publication.
  local function commit(subject)
    count = count + 1
    scratch:write(PATH .. "/plan.md", ("%d\n"):format(count))
    local trailer = ("\n\nWhy:\nx\n\nPublish-Id: %032x\n"):format(count)
    return scratch:commit(subject and subject .. trailer or "By hand")
  end

  local function list()
    return assert(snapshots.list(repo, PATH, "my.slug"))
  end

  it("are the commits with a Publish-Id, the newest first", function()
    assert.same({}, list())
    local first = commit "mighost: planning/my.slug/approaches"
    commit()
    scratch:write("other", "x")
    scratch:commit "mighost: planning/my.slug/pick-best\n\nPublish-Id: 00"
    local second = commit "team: plans: undo/my.slug/approaches"
    commit "mighost: planning/myXslug/expand" -- of another migration, by its name
    local found = list()
    assert.equal(2, #found)
    assert.same({ second, "approaches", true, 2 },
      { found[1].oid, found[1].step, found[1].is_undo, found[1].index })
    assert.same({ first, "approaches", false, 4 },
      { found[2].oid, found[2].step, found[2].is_undo, found[2].index })
  end)

  it("are a person's review too", function()
    commit "mighost: planning/my.slug/final-review"
    commit "mighost: review/my.slug"
    assert.equal("human-review", list()[1].step)
  end)

  it("are chosen: the one before the last, a step, a commit", function()
    local oids = {}
    for _, step in ipairs { "expand", "review", "expand", "review" } do
      table.insert(oids, commit("mighost: planning/my.slug/" .. step))
    end
    table.insert(oids, commit "mighost: undo/my.slug/expand")
    local found = list()
    local function chosen(to)
      return assert(snapshots.choose(found, "my.slug", to)).oid
    end
    assert.equal(oids[4], chosen())
    assert.equal(oids[4], chosen "review")
    assert.equal(oids[3], chosen "expand", "not the undo that is there now")
    assert.equal(oids[1], chosen(oids[1]))
    assert.equal(oids[1], chosen(oids[1]:sub(1, 12):upper()))
    local root = scratch:git("rev-list", "--max-parents=0", "HEAD")
    for word, why in pairs { revise = "there are: review, expand", abc = "nor its commit",
      [("0"):rep(40)] = "nor its commit", [root] = "nor its commit" } do
      local none, message, name, fix = snapshots.choose(found, "my.slug", word)
      assert.is_nil(none)
      assert.is_truthy(message:find(why, 1, true), message)
      assert.same({ "EUSAGE", "mighost migration show my.slug" }, { name, fix })
    end
  end)

  it("leave nothing to choose where there is one, or none", function()
    for _, expected in ipairs { "no accepted snapshot", "one accepted snapshot" } do
      local none, message, name = snapshots.choose(list(), "my.slug")
      assert.is_nil(none)
      assert.matches(expected, message)
      assert.equal("EUSAGE", name)
      commit "mighost: planning/my.slug/approaches"
    end
  end)
end)
