local git = require "spec.support.git"
local homes = require "project.homes"
local open = require "project.open"

describe("project.open", function()
  it("puts a project together", function()
    local repo <close> = git.repo()
    repo:write("sub/.mighost/config.json", '{"schema_version": 1, "live_migrations_dir": "docs/m"}')
    assert.same({
      root = repo.path .. "/sub", worktree = repo.path, gitdir = repo.path .. "/.git",
      common = repo.path .. "/.git", prefix = "sub/", live = "docs/m",
      live_path = repo.path .. "/sub/docs/m", git_live = "sub/docs/m",
      config = { schema_version = 1, live_migrations_dir = "docs/m" },
      state_home = homes.state(), config_home = homes.config(),
    }, open.open(repo.path .. "/sub"))
  end)

  it("reads what the repository brings along, and keeps it out of the configuration", function()
    local repo <close> = git.repo()
    repo:write(".mighost/config.json",
      '{"schema_version": 1, "live_migrations_dir": "m", "agent_command": "theirs"}')
    repo:write(".mighost/rules/own.lua", "text")
    local project = assert(open.open(repo.path))
    assert.equal("new", project.team.standing.state)
    assert.equal("text", project.team.items[".mighost/rules/own.lua"])
    assert.is_nil(project.config.agent_command)
  end)

  it("passes on why there is none", function()
    local repo <close> = git.repo()
    local project, _, name, fix = open.open(repo.path)
    assert.is_nil(project)
    assert.same({ "ECONFIG", "mighost init" }, { name, fix })
    repo:write(".mighost/config.json", "[]")
    project, _, name = open.open(repo.path)
    assert.is_nil(project)
    assert.equal("ECONFIG", name)
    project, _, name = open.open("/")
    assert.is_nil(project)
    assert.equal("ENOTREPO", name)
  end)
end)
