local project = require "spec.support.project"
local schema = require "spec.support.schema"

describe("mighost migration undo", function()
  local p

  before_each(function()
    p = project.new()
    for _ = 1, 2 do
      local result = p:plan { "alpha", "--target", "T" }
      assert(result.exit == 0, result.stderr)
    end
  end)

  after_each(function()
    p:close()
  end)

  local function undo(...)
    return p:run { "migration", "undo", ... }
  end

  it("goes back and says so", function()
    local result = undo "alpha"
    assert.equal(0, result.exit, result.stderr)
    assert.matches("^approaches +%x+  back to %x+, without pick%-best\n$", result.stdout)
    assert.equal("mighost: next: mighost migration show alpha\n", result.stderr)
    result = undo("migrations/alpha", "--to", "pick-best", "-q")
    assert.matches("^pick%-best", result.stdout)
    assert.equal("", result.stderr)
    result = undo("alpha", "--to", p.repo:git("rev-parse", "HEAD~2"))
    assert.same({ 0, "", "mighost: alpha already is as it was after pick-best\n" },
      { result.exit, result.stdout, result.stderr })
  end)

  it("says in a dry run what it would do", function()
    local head = p.repo:head()
    local result = undo("alpha", "--dry-run")
    assert.equal(0, result.exit)
    assert.matches("^would publish approaches of alpha: back to %x+, without pick%-best\n$",
      result.stdout)
    assert.equal(head, p.repo:head())
  end)

  it("answers in JSON", function()
    local result = undo("alpha", "--json")
    local answer = schema.expect("undo", result.stdout)
    assert.is_true(answer.ok)
    assert.equal(p.repo:head(), answer.data.commit)
    answer.data.commit, answer.data.from = nil, nil
    assert.same({ slug = "alpha", step = "approaches", by_hand = 0, undone = { "pick-best" } },
      answer.data)
    result = undo("alpha", "--json", "--to", "nothing")
    assert.equal(2, result.exit)
    assert.equal(2, schema.expect("undo", result.stdout).code)
    assert.equal(0, undo("alpha", "--json", "--to", p.repo:head()).exit)
    schema.expect("undo", undo("alpha", "--json", "--to", p.repo:head()).stdout)
  end)

  it("refuses what is not a migration, and what is dirty", function()
    assert.equal(2, undo("nothing").exit)
    assert.equal(2, undo().exit)
    assert.equal(2, undo("../alpha").exit)
    p.repo:write("migrations/alpha/note.md", "mine\n")
    local result = undo "alpha"
    assert.equal(6, result.exit)
    assert.matches("note%.md", result.stderr)
  end)
end)
