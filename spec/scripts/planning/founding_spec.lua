local config = require "project.config"
local founding = require "planning.founding"
local fs = require "host.fs"
local git = require "spec.support.git"
local lock = require "host.lock"
local sample = require "spec.support.sample"

--- Sets up with the taste in the repository: nothing may be written into the caller's home.
local function init(repo, request)
  request = request or {}
  request.repo_root = repo.path
  request.in_repo_taste = request.in_repo_taste or true
  return founding.init(request)
end

describe("planning.founding.init", function()
  it("gives the commands that share the configuration, until that is done", function()
    local repo <close> = git.repo()
    local result = assert(init(repo))
    assert.equal(repo.path, result.root)
    assert.is_nil(result.commit)
    assert.equal(2, #result.commands)
    for _, command in ipairs(result.commands) do
      assert(os.execute(command .. " >/dev/null"))
    end
    assert.equal("", repo:status())
    assert.equal(".mighost/.gitignore\n.mighost/config.json\n.mighost/taste.md\n"
      .. "migrations/.gitattributes",
      repo:git("show", "--name-only", "--format=", "HEAD"))
    assert.same({ root = repo.path, commands = {} }, init(repo))
  end)

  it("commits just its own files when asked, also before the first commit", function()
    local repo <close> = git.repo { unborn = true }
    repo:write("mine", "")
    repo:git("add", "mine")
    sample.write(repo, "migrations", "a")
    local result = assert(init(repo, { commit = true }))
    assert.equal(repo:head(), result.commit)
    assert.equal(".mighost/.gitignore\n.mighost/config.json\n.mighost/taste.md\n"
      .. "migrations/.gitattributes",
      repo:git("show", "--name-only", "--format=", "HEAD"))
    assert.matches("^A  mine\n", repo:status())
  end)

  it("says what it would do and does nothing with dry_run", function()
    local repo <close> = git.repo()
    local result = assert(init(repo, { dry_run = true }))
    assert.same({ "create migrations", "create .mighost/taste.md",
      "create .mighost/.luarc.json", "create .mighost/config.json" }, result.would)
    assert.equal("", repo:status())
    assert.is_false(repo.dir:exists("migrations"))
  end)

  it("tells of each thing done", function()
    local repo <close> = git.repo()
    local done = {}
    init(repo, { notify = function(what)
      table.insert(done, what)
    end })
    assert.equal(4, #done)
  end)

  it("moves a committed live directory and commits that", function()
    local repo <close> = git.repo()
    init(repo, { commit = true })
    sample.write(repo, "migrations", "a", { steps = 2 })
    repo:commit("Add a migration")
    assert(init(repo, { live_migrations_dir = "docs/m", commit = true }))
    assert.equal("", repo:status())
    assert.is_string(repo:read("docs/m/a/manifest.json"))
    assert.is_false(repo.dir:exists("migrations"))
  end)

  it("does not commit a move of what is not committed", function()
    local repo <close> = git.repo()
    init(repo, { commit = true })
    sample.write(repo, "migrations", "a")
    local result, message, name = init(repo, { live_migrations_dir = "docs/m", commit = true })
    assert.is_nil(result)
    assert.equal("migrations has changes that are not committed", message)
    assert.equal("EDIRTY", name)
    assert.equal("migrations", config.load(repo.path).live_migrations_dir)
    assert(init(repo, { live_migrations_dir = "docs/m" }))
    assert.is_string(repo:read("docs/m/a/manifest.json"))
  end)

  it("moves nothing while a publication is under way or has left something", function()
    local repo <close> = git.repo()
    init(repo, { commit = true })
    repo:write("migrations/a/manifest.json", "{}")
    local leases = repo.path .. "/.git/mighost/leases"
    repo.dir:mkdir(".git/mighost/leases")
    local function refused()
      local result, message, name, fix = init(repo, { live_migrations_dir = "new" })
      assert.is_nil(result)
      assert.matches("^cannot move migrations now: ", message)
      assert.same({ "EBUSY", "mighost migration doctor --all" }, { name, fix })
      assert.is_true(repo.dir:exists("migrations/a"))
    end
    do
      local dir <close> = assert(fs.open_dir(leases))
      local _ <close> = assert(lock.take(dir, "a.lock", "pid: 1\n"))
      refused()
    end
    repo.dir:mkdir("migrations/__transactions__/left")
    refused()
  end)

  it("names an attribute that would change what is committed", function()
    local repo <close> = git.repo()
    repo:write(".git/info/attributes", "* text=auto\n")
    local result, message, name = init(repo)
    assert.is_nil(result)
    assert.matches("text (auto)", message, 1, true)
    assert.equal("EUNSUPPORTED", name)
  end)

  it("is not disturbed by attributes further up", function()
    local repo <close> = git.repo()
    repo:write(".gitattributes", "* text=auto eol=crlf filter=lfs ident\n")
    assert.is_table(init(repo))
  end)
end)
