local git = require "spec.support.git"
local json = require "lib.json"
local program = require "spec.support.program"
local sample = require "spec.support.sample"

local function project()
  local repo = git.repo()
  repo:write(".mighost/config.json", '{"schema_version": 1, "live_migrations_dir": "migrations"}')
  sample.write(repo, "migrations", "good", { steps = 3 })
  sample.write(repo, "migrations", "bad", { status = "ready", phases = 1 })
  os.remove(repo.path .. "/migrations/bad/plan.md")
  return repo
end

local function doctor(repo, ...)
  return program.run { args = { "migration", "doctor", ... }, cwd = repo.path }
end

describe("mighost migration doctor", function()
  it("prints findings as tab-separated values and ends with 1 for an error", function()
    local repo <close> = project()
    assert.same({ exit = 0, stdout = "", stderr = "" }, doctor(repo, "good"))
    local bad = doctor(repo, "bad")
    assert.equal(1, bad.exit)
    assert.matches("^bad\terror\tmissing%-plan\tmigrations/bad/plan%.md\t[^\t\n]+\n$", bad.stdout)
    assert.equal("", bad.stderr)
    assert.same(bad, doctor(repo, "--all"))
  end)

  it("finds what publications left, only with --all", function()
    local repo <close> = project()
    repo.dir:mkdir("migrations/__transactions__/x")
    assert.matches("__transactions__\terror\ttransaction-leftover\t", doctor(repo, "--all").stdout,
      1, true)
    assert.equal(0, doctor(repo, "good").exit)
  end)

  it("answers in JSON", function()
    local repo <close> = project()
    local result = doctor(repo, "bad", "--json")
    assert.equal(1, result.exit)
    local answer = json.decode(result.stdout)
    assert.same({ false, 1, "1 of 1 findings are errors" }, { answer.ok, answer.code,
      answer.message })
    local diagnostic = answer.data.diagnostics[1]
    diagnostic.message = nil
    assert.same({ slug = "bad", severity = "error", code = "missing-plan",
      path = "migrations/bad/plan.md",
      line = json.null, fix = json.null }, diagnostic)
    assert.matches('"diagnostics":%[%]', doctor(repo, "good", "--json").stdout)
  end)

  it("changes nothing", function()
    local repo <close> = project()
    repo:commit("Add migrations")
    doctor(repo, "--all")
    assert.equal("", repo:status())
    assert.is_false(repo.dir:exists(".git/mighost"))
  end)

  it("takes a slug or a path of a visible migration, and nothing else", function()
    local repo <close> = project()
    sample.write(repo, "migrations", "-x", { steps = 0 })
    sample.write(repo, "migrations", ".hidden", { steps = 0 })
    sample.write(repo, "migrations", "__x", { steps = 0 })
    repo.dir:symlink("good", "migrations/link")
    for _, args in ipairs { { "migrations/good" }, { "./migrations//good/" },
      { repo.path .. "/migrations/good" }, { "--", "-x" }, { "migrations/-x" } } do
      assert.equal(0, doctor(repo, table.unpack(args)).exit, args[1])
    end
    for _, word in ipairs { "nosuch", "..", ".", "/", "", "good/", "good/..", "migrations", "link",
      ".hidden",
      "__x", "migrations/link", "migrations/../migrations/good", "migrations/good/plan.md", "GOOD",
        "a b",
      "a\nb", "\255", ("x"):rep(255), ("x"):rep(5000), "__transactions__" } do
      local result = doctor(repo, "--", word)
      assert.equal(2, result.exit, word)
      assert.equal("", result.stdout)
      assert.matches("^mighost: [^\n]+\n", result.stderr)
      assert.is_truthy(utf8.len(result.stderr))
    end
  end)

  it("wants a migration or --all, not both", function()
    local repo <close> = project()
    for _, args in ipairs { {}, { "good", "--all" }, { "good", "bad" }, { "-x" } } do
      local result = doctor(repo, table.unpack(args))
      assert.equal(2, result.exit)
      assert.matches("^mighost: migration doctor: ", result.stderr)
    end
    assert.equal(2, json.decode(doctor(repo, "--json").stdout).code)
  end)

  it("says beside options that go with others which command may be meant", function()
    local repo <close> = project()
    for instead, args in pairs {
      ["--all"] = {}, ["--set-aside"] = { "--remove", "x" },
      ["--repair --dry-run"] = { "good", "--dry-run" },
    } do
      local result = doctor(repo, table.unpack(args))
      assert.equal(2, result.exit)
      assert.is_truthy(result.stderr:find("\n  next: mighost migration doctor " .. instead .. "\n",
        1, true), result.stderr)
    end
    assert.matches("next: mighost migration doctor --set-aside\n",
      doctor(repo, "good", "--set-aside").stderr, 1, true)
  end)

  it("goes on without a repository's own rules, and says so", function()
    local repo <close> = project()
    repo:write(".mighost/rules/manifest-name.lua", "error 'ran'")
    local result = doctor(repo, "good")
    assert.equal(0, result.exit)
    assert.matches("have not trusted: .mighost/rules/manifest-name.lua; continuing without",
      result.stderr, 1, true)
  end)
end)
