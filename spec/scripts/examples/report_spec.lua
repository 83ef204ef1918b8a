local git = require "spec.support.git"
local program = require "spec.support.program"
local sample = require "spec.support.sample"

local FILE <const> = program.root .. "/scripts/examples/report.lua"

describe("the example report.lua", function()
  it("lists all migrations with their phases and findings, markup made plain", function()
    local repo <close> = git.repo()
    repo:write(".mighost/config.json", '{"schema_version": 1, "live_migrations_dir": "m"}')
    sample.write(repo, "m", "a_b", { steps = 3 })
    sample.write(repo, "m", "c", { status = "ready", phases = 2 })
    repo:write("m/broken/manifest.json", "{")
    local result = program.run { args = { FILE }, cwd = repo.path }
    assert.equal(0, result.exit, result.stderr)
    local text = result.stdout
    for _, line in ipairs { "# Migrations", "| a\\_b | planning | planning:review |",
      "| c | ready | ", "## a\\_b", "- [ ] phase-2-", "| broken | invalid-manifest | " } do
      assert.is_truthy(text:find("\n" .. line, 1, true) or text:find(line, 1, true) == 1, line)
    end
  end)

  it("fails as the shipped commands do", function()
    local result = program.run { args = { FILE, "-C", "/" } }
    assert.equal(2, result.exit)
    assert.matches("not in a git repository", result.stderr)
  end)
end)
