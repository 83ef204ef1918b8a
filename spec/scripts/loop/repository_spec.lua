local git = require "spec.support.git"
local repo = require "host.repo"
local repository = require "loop.repository"

local PROJECT <const> = { prefix = "", live = "migrations" }

describe("loop.repository", function()
  it("lists the plain files that git tracks, without mighost's own", function()
    local scratch <close> = git.repo()
    for _, path in ipairs { "b", "a b/ü\n.c", ".mighost/config.json", "migrations/x/plan.md",
      "migrations2/y", "ignored" } do
      scratch:write(path, "x")
    end
    scratch:write(".gitignore", "ignored\n")
    assert(os.execute(("ln -s b '%s/link'"):format(scratch.path)))
    scratch:commit("Add")
    scratch:write("untracked", "x")
    local opened <close> = assert(repo.open(scratch.path))
    assert.same({ ".gitignore", "a b/ü\n.c", "b", "migrations2/y" },
      repository.tracked(opened, PROJECT))
  end)

  it("counts what the last twenty commits of a file changed too", function()
    local scratch <close> = git.repo()
    local function commit(...)
      for _, path in ipairs { ... } do
        scratch:write(path, tostring(math.random()))
      end
      scratch:commit("Change")
    end
    for _ = 1, 5 do
      commit("a.c", "old")
    end
    for _ = 1, 17 do
      commit("a.c", "*.c")
    end
    commit("other")
    commit("a.c", "b c\tü", "other")
    commit("a.c", "b c\tü")
    local opened <close> = assert(repo.open(scratch.path))
    assert.same({ ["b c\tü"] = 2, other = 1, ["*.c"] = 17, old = 1 },
      repository.together(opened, PROJECT, "a.c"))
    assert.same({ ["a.c"] = 17 }, repository.together(opened, PROJECT, "*.c"))
    assert.same({}, repository.together(opened, PROJECT, "nosuch"))
  end)

  it("knows only what is in a project that is a folder of its repository", function()
    local scratch <close> = git.repo()
    for _, path in ipairs { "sub/a.c", "sub/plans/x/plan.md", "sub/.mighost/config.json", "top.c",
      "subtle.c" } do
      scratch:write(path, "x")
    end
    scratch:commit("Add")
    scratch:write("sub/a.c", "y")
    scratch:write("sub/b.c", "y")
    scratch:write("top.c", "y")
    scratch:commit("Change")
    local opened <close> = assert(repo.open(scratch.path))
    local sub = { prefix = "sub/", live = "plans" }
    assert.same({ "a.c", "b.c" }, repository.tracked(opened, sub))
    local together = repository.together(opened, sub, "a.c")
    assert.equal(1, together["b.c"])
    assert.is_nil(together["top.c"])
  end)

  it("reads texts that are not too long, and plain files only", function()
    local scratch <close> = git.repo()
    scratch:write("a", "text")
    scratch:write("long", ("x"):rep(256 * 1024 + 1))
    assert(os.execute(("ln -s /etc/passwd '%s/link'"):format(scratch.path)))
    local read = assert(repository.reader(scratch.path))
    assert.equal("text", read "a")
    for _, path in ipairs { "long", "link", "nosuch", "." } do
      assert.is_nil(read(path), path)
    end
    assert.is_nil((repository.reader(scratch.path .. "/nowhere")))
  end)

  it("says why git cannot answer", function()
    local scratch <close> = git.repo()
    local opened <close> = assert(repo.open(scratch.path))
    scratch:write(".git/index", "broken")
    local paths, message, name = repository.tracked(opened, PROJECT)
    assert.is_nil(paths)
    assert.is_string(message)
    assert.equal("EGIT", name)
    scratch:write(".git/HEAD", "broken")
    assert.is_nil((repository.together(opened, PROJECT, "a")))
  end)
end)
