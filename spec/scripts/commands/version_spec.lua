local git = require "spec.support.git"
local json = require "lib.json"
local program = require "spec.support.program"
local tmp = require "spec.support.tmp"

describe("mighost version", function()
  it("tells of everything that it runs on, outside of any repository too", function()
    local dir <close> = tmp.dir()
    local result = program.run { args = { "version" }, cwd = dir.path }
    assert.equal(0, result.exit)
    assert.equal("", result.stderr)
    for _, pattern in ipairs { "mighost +%d+%.%d+", "Lua +5%.4", "libgit2 +%d+%.%d+",
      "git +%d+%.%d+",
      "Landlock +%w+", "seccomp +%w+", "exchange +not tried", "reflink +not tried" } do
      assert.matches("%f[^\n\0]" .. pattern, result.stdout)
    end
  end)

  it("tries the file system of a project", function()
    local repo <close> = git.repo()
    repo:write(".mighost/config.json", '{"schema_version": 1, "live_migrations_dir": "m"}')
    local before = repo:status()
    local result = program.run { args = { "version", "--json", "-C", repo.path } }
    local answer = json.decode(result.stdout)
    assert.same({ true, 0 }, { answer.ok, answer.code })
    assert.is_boolean(answer.data.exchange)
    assert.is_boolean(answer.data.reflink)
    assert.matches("^%d+%.%d+%.%d+$", answer.data.mighost)
    assert.equal(1, answer.data.interface)
    assert.equal(before, repo:status())
  end)

  it("goes on without git", function()
    local dir <close> = tmp.dir()
    local result = program.run { args = { "version" }, cwd = dir.path, env = { PATH = dir.path } }
    assert.matches("git +not found", result.stdout)
  end)
end)
