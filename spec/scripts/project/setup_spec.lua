local config = require "project.config"
local git = require "spec.support.git"
local init = require "project.init"
local sample = require "spec.support.sample"
local setup = require "project.setup"
local tmp = require "spec.support.tmp"

--- Prepares and applies; gives what was done, or the failure.
local function apply(repo, opts, aside)
  opts.repo_root = repo.path
  opts.in_repo_taste = opts.in_repo_taste or true
  local plan = assert(init.prepare(opts))
  plan.set_aside = aside
  local done = {}
  local ok, message, name = setup.apply(plan, function(what)
    table.insert(done, what)
  end)
  return ok and done, message, name
end

describe("project.setup.apply", function()
  it("writes what a project needs, and nothing twice", function()
    local repo <close> = git.repo()
    assert.same({ "created migrations", "created .mighost/taste.md",
      "created .mighost/.luarc.json", "created .mighost/config.json" },
      apply(repo, {}))
    local before = repo:status()
    assert.equal("?? .mighost/.gitignore\n?? .mighost/config.json\n?? .mighost/taste.md\n"
      .. "?? migrations/.gitattributes",
      before)
    assert.matches("# Taste\n", repo:read(".mighost/taste.md"))
    assert.same({ schema_version = 1, live_migrations_dir = "migrations",
      taste = ".mighost/taste.md" },
      config.load(repo.path))
    assert.same({}, apply(repo, {}))
    assert.equal(before, repo:status())
  end)

  it("adopts a live directory and a taste that are there", function()
    local repo <close> = git.repo()
    sample.write(repo, "docs/m", "a", { steps = 2 })
    repo:write("taste.md", "ours")
    assert.same({ "adopted docs/m", "created .mighost/.luarc.json",
      "created .mighost/config.json" },
      apply(repo, { live_migrations_dir = "docs/m", in_repo_taste = "taste.md" }))
    assert.equal("ours", repo:read("taste.md"))
    assert.is_string(repo:read("docs/m/a/manifest.json"))
  end)

  it("moves what is there, and the paths inside it", function()
    local repo <close> = git.repo()
    apply(repo, {})
    sample.write(repo, "migrations", "a", { steps = 4 })
    assert.same({ "moved migrations to docs/m", "moved .mighost/taste.md to taste.md",
      "updated .mighost/config.json" },
      apply(repo, { live_migrations_dir = "docs/m", in_repo_taste = "taste.md" }))
    assert.is_false(repo.dir:exists("migrations"))
    assert.matches("docs/m/a/.planning/stages/review.stdout.md",
      repo:read("docs/m/a/.planning/state.json"), 1, true)
    assert.equal("docs/m", config.load(repo.path).live_migrations_dir)
  end)

  it("goes on where a move was interrupted", function()
    local repo <close> = git.repo()
    apply(repo, {})
    sample.write(repo, "migrations", "a", { steps = 4 })
    assert(os.rename(repo.path .. "/migrations", repo.path .. "/new"))
    assert.same({ "updated .mighost/config.json" }, apply(repo, { live_migrations_dir = "new" }))
    assert.matches("new/a/.planning/stages/review.stdout.md",
      repo:read("new/a/.planning/state.json"),
      1, true)
  end)

  it("moves what is in the way aside, whole", function()
    local repo <close> = git.repo()
    local aside <close> = tmp.dir()
    apply(repo, {})
    repo:write("migrations/a/manifest.json", "{}")
    repo:write("new/deep/file", "theirs")
    repo:write("taste.md", "theirs too")
    local done = apply(repo, { live_migrations_dir = "new", in_repo_taste = "taste.md",
      force = true },
      aside:join("deep/set-aside"))
    assert.equal(5, #done)
    local folder = done[1]:match("^moved what was at new to (.*)$")
    assert.matches(aside:join("deep/set-aside/new@"), folder, 1, true)
    assert.equal("theirs", aside:read(folder:sub(#aside.path + 2) .. "/deep/file"))
    local file = done[2]:match("^moved what was at taste%.md to (.*)$")
    assert.equal("theirs too", aside:read(file:sub(#aside.path + 2)))
    assert.equal("{}", repo:read("new/a/manifest.json"))
  end)

  it("replaces an empty destination", function()
    local repo <close> = git.repo()
    apply(repo, {})
    repo:write("migrations/a/manifest.json", "{}")
    repo:write("new/.gitattributes", "words")
    assert.is_table(apply(repo, { live_migrations_dir = "new" }))
    assert.equal("{}", repo:read("new/a/manifest.json"))
  end)

  it("stops with one clear message where it cannot write", function()
    local repo <close> = git.repo()
    repo:write("file", "a file in the way")
    local done, message, name = apply(repo, { in_repo_taste = "file/taste.md" })
    assert.is_false(done or false)
    assert.matches("cannot write the taste " .. repo.path .. "/file/taste.md: ", message, 1, true)
    assert.equal("ENOTDIR", name)
    assert.is_false(repo.dir:exists(config.path))
  end)
end)

describe("project.setup.describe", function()
  it("says what apply would do, and does nothing", function()
    local repo <close> = git.repo()
    local function describe(opts)
      opts.repo_root = repo.path
      return setup.describe(assert(init.prepare(opts)))
    end
    assert.same({ "create migrations", "create .mighost/taste.md", "create .mighost/.luarc.json",
      "create .mighost/config.json" },
      describe { in_repo_taste = true })
    assert.equal("", repo:status())
    apply(repo, {})
    assert.same({}, describe {})
    repo:write("migrations/a/x", "")
    repo:write("new/x", "")
    repo:write("there/a/x", "")
    assert.same({ "move what is at new out of the repository", "move migrations to new",
      "update .mighost/config.json" }, describe { live_migrations_dir = "new", force = true })
    tmp.remove(repo.path .. "/migrations")
    assert.same({ "adopt there", "update .mighost/config.json" },
      describe { live_migrations_dir = "there" })
  end)
end)
