local git = require "spec.support.git"
local json = require "lib.json"
local program = require "spec.support.program"
local sample = require "spec.support.sample"
local tmp = require "spec.support.tmp"

local HEADER <const> = "slug\tstatus\tcursor\tawaiting_review\tlast_touch\tcooldown\treason\n"

local function project()
  local repo = git.repo()
  repo:write(".mighost/config.json", '{"schema_version": 1, "live_migrations_dir": "migrations"}')
  repo.dir:mkdir("migrations")
  return repo
end

local function list(repo, ...)
  return program.run { args = { "migration", "list", ... }, cwd = repo.path }
end

describe("mighost migration list", function()
  it("prints the columns, and no rows where there are no migrations", function()
    local repo <close> = project()
    assert.same({ exit = 0, stdout = HEADER, stderr = "" }, list(repo))
    assert.same({ exit = 0, stdout = "", stderr = "" }, list(repo, "--no-headers"))
  end)

  it("prints one row a migration, in byte order", function()
    local repo <close> = project()
    sample.write(repo, "migrations", "b", { steps = 3 })
    sample.write(repo, "migrations", "a", { status = "ready", phases = 2,
      reason = "one\ntwo\tthree" })
    repo.dir:mkdir("migrations/c")
    local touch = "2026-03-01T06:15:00.000+00:00"
    assert.same({ exit = 0, stderr = "", stdout = HEADER
      .. "a\tready\tphase-2-part-2.md\tyes\t" .. touch .. "\t(none)\tone two three\n"
      .. "b\tplanning\tplanning:review\tno\t" .. touch .. "\t(none)\t(none)\n"
      .. "c\tinvalid-manifest\tblocked\tno\t(none)\t(none)\tmissing-manifest\n" }, list(repo))
    assert.matches("^" .. HEADER .. "b\t[^\n]*\n$", list(repo, "--status", "planning").stdout)
    assert.matches("^a\t[^\n]*\n$", list(repo, "--awaiting-review", "--no-headers").stdout)
    assert.equal("", list(repo, "--awaiting-review", "--status=planning", "--no-headers").stdout)
    assert.matches("^c\t", list(repo, "--status=invalid-manifest", "--no-headers").stdout)
  end)

  it("answers in JSON", function()
    local repo <close> = project()
    assert.equal("[]", list(repo, "--json").stdout:match('"migrations":(%b[])'))
    sample.write(repo, "migrations", "a", { steps = 0 })
    repo.dir:mkdir("migrations/\255")
    local answer = json.decode(list(repo, "--json").stdout)
    assert.same({ 1, true, 0 }, { answer.schema, answer.ok, answer.code })
    assert.same({
      slug = "a", status = "planning", cursor = "planning:approaches", awaiting_review = false,
      last_touch = "2026-03-01T06:15:00.000+00:00", cooldown = json.null, reason = json.null,
    }, answer.data.migrations[1])
    assert.equal("\u{FFFD}", answer.data.migrations[2].slug)
  end)

  it("never stops at one bad migration", function()
    local repo <close> = project()
    sample.write(repo, "migrations", "good", { steps = 1 })
    os.execute("mkdir " .. repo.path .. "/migrations/fifo && mkfifo " .. repo.path
      .. "/migrations/fifo/manifest.json")
    repo:write("migrations/deep/manifest.json", ("["):rep(200000))
    repo:write("migrations/bytes/manifest.json", "\255\254\0")
    repo.dir:mkdir("migrations/dir/manifest.json")
    local result = list(repo, "--no-headers")
    assert.equal(0, result.exit)
    assert.equal("", result.stderr)
    assert.equal(5, select(2, result.stdout:gsub("\n", "")))
    assert.equal(4, select(2, result.stdout:gsub("\tinvalid%-manifest\tblocked\t", "")))
  end)

  it("goes on without a repository's own rules, and says so", function()
    local repo <close> = project()
    repo:write(".mighost/rules/x.lua", "error 'ran'")
    repo:write(".mighost/config.json",
      '{"schema_version": 1, "live_migrations_dir": "migrations", "agent_command": "x"}')
    local result = list(repo)
    assert.same({ 0, HEADER }, { result.exit, result.stdout })
    assert.equal("mighost: this project has scripts or settings that you have not trusted: "
      .. ".mighost/rules/x.lua, agent_command in .mighost/config.json; continuing without them "
      .. "(mighost trust --show)\n", result.stderr)
    assert.equal("", list(repo, "--quiet").stderr)
  end)

  it("ends with 2 for what is not a project, with the document when it was asked for", function()
    local dir <close> = tmp.dir()
    local bare <close> = git.repo { bare = true }
    local empty <close> = git.repo()
    local gone <close> = project()
    tmp.remove(gone.path .. "/migrations")
    local broken <close> = project()
    broken:write(".mighost/config.json",
      '{"schema_version": 1, "live_migrations_dir": "m", "x": 1}')
    for _, path in ipairs { dir.path, bare.path, empty.path, gone.path, broken.path } do
      local result = program.run { args = { "migration", "list", "--json" }, cwd = path }
      assert.equal(2, result.exit)
      local answer = json.decode(result.stdout)
      assert.same({ false, 2 }, { answer.ok, answer.code })
      assert.matches("^mighost: [^\n]+\n", result.stderr)
      assert.is_nil(result.stderr:find("traceback"))
      assert.equal("", program.run { args = { "migration", "list" }, cwd = path }.stdout)
    end
  end)

  it("ends with 2 when the usage is wrong", function()
    local repo <close> = project()
    for _, args in ipairs { { "extra" }, { "--status", "bogus" }, { "--status" }, { "--all" } } do
      assert.equal(2, list(repo, table.unpack(args)).exit)
    end
  end)
end)
