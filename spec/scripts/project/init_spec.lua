local git = require "spec.support.git"
local init = require "project.init"

local CONFIG <const> = ".mighost/config.json"

--- A repository with a project whose live directory has one migration.
local function project()
  local repo = git.repo()
  repo:write(CONFIG, '{"schema_version": 1, "live_migrations_dir": "old", "taste": "taste.md"}')
  repo:write("old/.gitattributes", "")
  repo:write("old/a/manifest.json", "{}")
  repo:write("taste.md", "ours")
  return repo
end

local function expect_refusal(opts, name, message)
  local setup, why, code = init.prepare(opts)
  assert.is_nil(setup)
  assert.matches(message, why, 1, true)
  assert.equal(name, code)
end

describe("project.init.prepare", function()
  it("decides on defaults where there is nothing yet", function()
    local repo <close> = git.repo()
    repo.dir:mkdir("deep")
    local setup = init.prepare { repo_root = repo.path .. "/deep" }
    assert.same({ repo.path, "migrations", "" }, { setup.place.root, setup.live,
      setup.place.prefix })
    assert.is_nil(setup.old or setup.taste)
    assert.same({ {}, {} }, { setup.moves, setup.asides })
    assert.equal("", (repo:status():gsub("deep", "")))
  end)

  it("takes the directories that it is given", function()
    local repo <close> = git.repo()
    repo.dir:mkdir("sub/dir")
    local setup = init.prepare {
      repo_root = repo.path, path = "sub/dir", live_migrations_dir = "docs//m/",
        in_repo_taste = "./t.md",
    }
    assert.same({ repo.path .. "/sub/dir", "sub/dir/", "docs/m", "t.md" },
      { setup.place.root, setup.place.prefix, setup.live, setup.taste })
    assert.equal(".mighost/taste.md", init.prepare { path = repo.path, in_repo_taste = true }.taste)
  end)

  it("keeps what a project has, unless told otherwise", function()
    local repo <close> = project()
    local setup = init.prepare { repo_root = repo.path .. "/old/a" }
    assert.same({ "old", "taste.md", {} }, { setup.live, setup.taste, setup.moves })
    setup = init.prepare { repo_root = repo.path, in_repo_taste = true }
    assert.same({ "taste.md", {} }, { setup.taste, setup.moves })
    setup = init.prepare {
      repo_root = repo.path, live_migrations_dir = "new", in_repo_taste = "docs/taste.md",
    }
    assert.same({ { from = "old", to = "new" }, { from = "taste.md", to = "docs/taste.md" } },
      setup.moves)
  end)

  it("does not move onto what is there, unless it is to be set aside", function()
    local repo <close> = project()
    repo:write("new/x", "")
    repo:write("t.md", "")
    expect_refusal({ repo_root = repo.path, live_migrations_dir = "new" }, "EUSAGE",
      "cannot move old: new is not empty")
    expect_refusal({ repo_root = repo.path, in_repo_taste = "t.md" }, "EUSAGE",
      "cannot move taste.md: t.md is not empty")
    local setup = init.prepare {
      repo_root = repo.path, live_migrations_dir = "new", in_repo_taste = "t.md", force = true,
    }
    assert.same({ "new", "t.md" }, setup.asides)
    repo.dir:mkdir("empty")
    assert.same({}, init.prepare { repo_root = repo.path, live_migrations_dir = "empty" }.asides)
  end)

  it("adopts where the old place is gone already", function()
    local repo <close> = project()
    assert(os.rename(repo.path .. "/old", repo.path .. "/new"))
    local setup = init.prepare { repo_root = repo.path, live_migrations_dir = "new" }
    assert.same({ "new", {}, {} }, { setup.live, setup.moves, setup.asides })
  end)

  it("refuses places that will not do", function()
    local repo <close> = project()
    local at = repo.path
    expect_refusal({ repo_root = at, live_migrations_dir = "old/deeper" }, "EUSAGE",
      "one lies in the other")
    expect_refusal({ repo_root = at, live_migrations_dir = "../x" }, "EUSAGE", "has ..")
    expect_refusal({ repo_root = at, in_repo_taste = "/etc/taste" }, "EUSAGE", "is absolute")
    expect_refusal({ repo_root = at, in_repo_taste = "old/taste.md" }, "EUSAGE",
      "cannot be kept at")
    expect_refusal({ repo_root = at, in_repo_taste = CONFIG }, "EUSAGE", "cannot be kept at")
    expect_refusal({ repo_root = at, path = "/" }, "ENOTREPO", "not in a git repository")
    expect_refusal({ repo_root = at, path = "missing" }, "EUSAGE", "missing")
    repo:write(CONFIG, "{}")
    expect_refusal({ repo_root = at }, "ECONFIG", "schema_version is missing")
    local other <close> = git.repo()
    other:write(".mighost", "a file in the way")
    expect_refusal({ repo_root = other.path }, "ENOTDIR", CONFIG)
  end)
end)
