local git = require "spec.support.git"
local program = require "spec.support.program"
local sample = require "spec.support.sample"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tables = require "lib.tables"
local tmp = require "spec.support.tmp"

--- Runs `mighost init` in a folder with homes of its own.
local function init(path, home, args, env)
  local all = tables.copy({
    HOME = home.path, XDG_CONFIG_HOME = home:join("config"), XDG_STATE_HOME = home:join("state"),
  }, env)
  return program.run { args = { "init", table.unpack(args or {}) }, cwd = path, env = all }
end

describe("mighost init", function()
  it("sets a repository up and prints the git commands that share it", function()
    local repo <close> = git.repo()
    local home <close> = tmp.dir()
    local result = init(repo.path, home)
    assert.equal(0, result.exit)
    assert.equal("mighost: created migrations\nmighost: created "
      .. home:join("config/mighost/taste.md")
      .. "\nmighost: created .mighost/.luarc.json\nmighost: created .mighost/config.json\n"
      .. "mighost: to share this with the team:\n",
        result.stderr)
    assert(os.execute("(" .. result.stdout:gsub("\n(.)", " && %1") .. ") >/dev/null"))
    assert.equal("", repo:status())
    assert.matches("^<!%-%- taste%-version: %d+ %-%->\n# Taste\n",
      home:read("config/mighost/taste.md"))
    assert.same({ exit = 0, stdout = "", stderr = "" }, init(repo.path, home))
  end)

  it("writes nothing where git lets nobody but its owner into the repository", function()
    if sys.user().uid ~= 0 then
      return pending("only root can give a repository away")
    end
    local repo <close> = git.repo()
    local home <close> = tmp.dir()
    sh.check { argv = { "chown", "-R", "65534:65534", repo.path } }
    local result = init(repo.path, home)
    assert.equal(2, result.exit)
    assert.equal("mighost: the repository is owned by another user; if you trust it, run 'git "
      .. "config --global --add safe.directory " .. repo.path .. "'\n", result.stderr)
    assert.same({ {}, false, false }, { home:names("."), repo.dir:exists(".mighost"),
      repo.dir:exists("migrations") })
  end)

  it("works from a folder below, in a part of a work tree, and with -C", function()
    local repo <close> = git.repo()
    local home <close> = tmp.dir()
    repo.dir:mkdir("a/b")
    assert.equal(0, init(repo.path .. "/a/b", home, { "-q" }).exit)
    assert.is_true(repo.dir:exists(".mighost/config.json"))
    assert.equal(0, init("/", home, { "-q", "-C", repo.path, "--path", "a", "--live-migrations-dir",
      "x/m" })
      .exit)
    assert.is_true(repo.dir:exists("a/x/m/.gitattributes"))
    local list = program.run { args = { "migration", "list", "--no-headers" }, cwd = repo.path
      .. "/a/b" }
    assert.same({ exit = 0, stdout = "", stderr = "" }, list)
  end)

  it("adopts a live directory with migrations", function()
    local repo <close> = git.repo()
    local home <close> = tmp.dir()
    sample.write(repo, "docs/plans", "a", { steps = 1 })
    local result = init(repo.path, home, { "--live-migrations-dir=docs/plans" })
    assert.equal(0, result.exit)
    assert.matches("mighost: adopted docs/plans\n", result.stderr, 1, true)
    local list = program.run { args = { "migration", "list", "--no-headers" }, cwd = repo.path }
    assert.matches("^a\tplanning\tplanning:pick%-best\t", list.stdout)
  end)

  it("commits when asked", function()
    local repo <close> = git.repo()
    local home <close> = tmp.dir()
    local result = init(repo.path, home, { "--commit", "--in-repo-taste" })
    assert.equal("committed " .. repo:head() .. "\n", result.stdout)
    assert.equal("", repo:status())
    assert.is_string(repo:read(".mighost/taste.md"))
    assert.is_false(home:exists("config"))
  end)

  it("moves, and refuses or sets aside what is in the way", function()
    local repo <close> = git.repo()
    local home <close> = tmp.dir()
    init(repo.path, home, { "--commit", "-q" })
    sample.write(repo, "migrations", "a", { steps = 4 })
    repo:write("plans/mine.txt", "mine")
    repo:commit("Add files")
    local refused = init(repo.path, home, { "--live-migrations-dir", "plans" })
    assert.equal(2, refused.exit)
    assert.matches("next: mighost init --live-migrations-dir plans --force\n", refused.stderr, 1,
      true)
    assert.equal("", repo:status())
    local would = init(repo.path, home, { "--live-migrations-dir", "plans", "--force",
      "--dry-run" })
    assert.equal("would move what is at plans out of the repository\n"
      .. "would move migrations to plans\n"
      .. "would update .mighost/config.json\n", would.stdout)
    assert.equal("", repo:status())
    local moved = init(repo.path, home, { "--live-migrations-dir", "plans", "--force", "--commit" })
    assert.equal(0, moved.exit)
    local aside = moved.stderr:match("moved what was at plans to (%S+)\n")
    assert.equal("mine", home:read(aside:sub(#home.path + 2) .. "/mine.txt"))
    assert.equal("", repo:status())
    assert.same({ exit = 0, stdout = "", stderr = "" },
      program.run { args = { "migration", "doctor", "--all" }, cwd = repo.path })
  end)

  it("refuses what is not a work tree", function()
    local dir <close> = tmp.dir()
    local bare <close> = git.repo { bare = true }
    local result = init(dir.path, dir)
    assert.same({ exit = 2, stdout = "", stderr = "mighost: not in a git repository: " .. dir.path
      .. "\n  next: git init\n" }, result)
    assert.equal(2, init(bare.path, dir).exit)
    assert.equal(2, init(dir.path, dir, { "-C", "nowhere" }).exit)
  end)

  it("refuses places and usage that will not do, and writes nothing", function()
    local repo <close> = git.repo()
    local home <close> = tmp.dir()
    for _, args in ipairs {
      { "--live-migrations-dir", ".." }, { "--live-migrations-dir", "" }, { "--live-migrations-dir",
        "/tmp" },
      { "--live-migrations-dir", ".git/x" }, { "--in-repo-taste", "../t" }, { "--path", ".." },
      { "extra" }, { "--nope" }, { "--live-migrations-dir" },
    } do
      local result = init(repo.path, home, args)
      assert.equal(2, result.exit, table.concat(args, " "))
      assert.matches("^mighost: [^\n]+\n", result.stderr)
      assert.equal("", repo:status())
    end
    assert.same({}, home:names())
  end)

  it("says what it cannot write, and can be run again", function()
    local repo <close> = git.repo()
    local home <close> = tmp.dir()
    home:write("config", "a file where a folder is needed")
    local result = init(repo.path, home)
    assert.equal(1, result.exit)
    assert.matches("cannot write the taste " .. home:join("config/mighost"), result.stderr, 1, true)
    assert.is_false(repo.dir:exists(".mighost"))
    assert.equal(0, init(repo.path, home, { "--in-repo-taste", "-q" }).exit)
  end)

  it("does not replace a configuration that it cannot read", function()
    local repo <close> = git.repo()
    local home <close> = tmp.dir()
    repo:write(".mighost/config.json", "{ broken")
    assert.equal(2, init(repo.path, home).exit)
    assert.equal("{ broken", repo:read(".mighost/config.json"))
  end)

  it("names an attribute that would change published bytes", function()
    local repo <close> = git.repo()
    local home <close> = tmp.dir()
    repo:write(".git/info/attributes", "*.md filter=lfs\n")
    local result = init(repo.path, home)
    assert.equal(2, result.exit)
    assert.matches("filter (lfs)", result.stderr, 1, true)
  end)

  it("has nobody to commit as", function()
    local repo <close> = git.repo { identity = false }
    local home <close> = tmp.dir()
    repo:git("config", "user.useConfigOnly", "true")
    local result = init(repo.path, home, { "--commit" }, { EMAIL = false })
    assert.equal(2, result.exit)
    assert.matches("git does not know who you are", result.stderr, 1, true)
  end)

  it("works in a linked work tree", function()
    local repo <close> = git.repo()
    local home <close> = tmp.dir()
    repo:git("worktree", "add", "-q", home:join("linked"))
    assert.equal(0, init(home:join("linked"), home, { "--commit" }).exit)
    assert.equal("", git.run(home:join("linked"), "status", "--porcelain"))
    assert.is_false(repo.dir:exists(".mighost"))
  end)
end)
