local meanwhile = require "loop.meanwhile"
local project = require "spec.support.project"

local function look(p, from, entry)
  return assert(meanwhile.look(p:open(), from,
    entry or { head = from, branch = "refs/heads/main" }))
end

describe("what was committed since", function()
  it("is nothing, or nothing that is told, where nobody published", function()
    local p <close> = project.new()
    local from = p.repo:head()
    assert.same({ slugs = {} }, look(p, from))
    p.repo:write("code", "x")
    p.repo:commit("A person's")
    assert.same({ slugs = {} }, look(p, from))
  end)

  it("is publications: the newest, and the migrations", function()
    local p <close> = project.new()
    local from = p.repo:head()
    p:plan { "alpha", "--target", "T" }
    p:plan { "beta", "--target", "T" }
    p:plan { "alpha" }
    assert.same({ head = p.repo:head(), slugs = { alpha = true, beta = true } }, look(p, from))
    p.repo:git("switch", "-q", "-c", "other")
    assert.is_true(look(p, from).is_mixed)
  end)

  it("cannot be told apart where a commit is none, holds more, or is a merge", function()
    local p <close> = project.new()
    local from = p.repo:head()
    p:plan { "alpha", "--target", "T" }
    p.repo:write("code", "x")
    p.repo:commit("As if\n\nPublish-Id: 0123")
    assert.same({ true, nil }, { look(p, from).is_mixed, look(p, from).head })
    p.repo:git("reset", "-q", "--hard", "HEAD^")
    p.repo:git("commit", "-q", "--allow-empty", "-m", "A person's")
    assert.is_true(look(p, from).is_mixed)
    p.repo:git("switch", "-q", "-c", "side", from)
    p.repo:git("merge", "-q", "--no-ff", "-m", "Merge\n\nPublish-Id: 0123", "main")
    assert.is_true(look(p, from, { head = from, branch = "refs/heads/side" }).is_mixed)
  end)

  it("is the run's own commit, known by its id or by its message", function()
    local p <close> = project.new()
    local from = p.repo:head()
    p.repo:write("code", "x")
    p.repo:commit("Subject")
    local own = p.repo:head()
    local entry = { head = from, branch = "refs/heads/main", message = "Subject\n" }
    assert.same({ slugs = {}, ours = own, is_last = true }, look(p, from, entry))
    p:plan { "alpha", "--target", "T" }
    assert.same({ slugs = {}, ours = own, is_last = false },
      look(p, from, { head = from, branch = "refs/heads/main", commit = own }))
    assert.is_true(look(p, from, { head = from, branch = "refs/heads/main" }).is_mixed)
  end)

  it("cannot be looked at from a commit that is gone", function()
    local p <close> = project.new()
    local found, message, name = meanwhile.look(p:open(), ("1"):rep(40), {})
    assert.same({ nil, "EGIT" }, { found, name })
    assert.matches("git log", message)
  end)

  it("takes a change over, and leaves nothing behind; what does not fit is refused", function()
    local p <close> = project.new()
    local from = p.repo:head()
    p.repo:write("code", "x")
    p.repo:git("add", "code")
    local tree = p.repo:git("write-tree"):match("%x+")
    p.repo:git("reset", "-q")
    os.remove(p.path .. "/code")
    p:plan { "alpha", "--target", "T" }
    local place = p.home:mkdir("place")
    local change = { from = from, tree = tree, to = p.repo:head() }
    local rebased = assert(meanwhile.rebase(p.path, place, change))
    assert.equal("A\tcode", p.repo:git("diff-tree", "-r", "--name-status", "HEAD", rebased))
    assert.same({}, p.home:names("place"))
    p.repo:write("code", "y")
    p.repo:commit("Another")
    change.to = p.repo:head()
    assert.equal("EGIT", select(3, meanwhile.rebase(p.path, place, change)))
    assert.same({}, p.home:names("place"))
  end)
end)
