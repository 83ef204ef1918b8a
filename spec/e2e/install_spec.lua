local git = require "spec.support.git"
local lfs = require "lfs"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local BUILD <const> = program.exe:match("^(.*)/bin/[^/]+$")

--- Installs the build under test and moves what was installed to another folder.
local function install(dir)
  sh.check { argv = { "cmake", "--install", BUILD, "--prefix", dir:join("first") } }
  sh.check { argv = { "mv", dir:join("first"), dir:join("moved") } }
  return dir:join("moved/bin/mighost")
end

describe("an installation that was moved", function()
  if not lfs.attributes(BUILD .. "/CMakeCache.txt", "mode") then
    pending("the program under test is not a build tree")
    return
  end

  it("holds the program, its library, scripts, stages and recordings, and no test", function()
    local dir <close> = tmp.dir()
    install(dir)
    assert.same({ "bin", "lib", "share" }, dir:names("moved"))
    assert.same({ "mighost" }, dir:names("moved/bin"))
    assert.same({ "host.so" }, dir:names("moved/lib/mighost"))
    assert.same({ "scripts", "stages" }, dir:names("moved/share/mighost"))
    for _, page in ipairs { "bash-completion/completions/mighost",
      "zsh/vendor-completions/_mighost", "fish/vendor_completions.d/mighost.fish" } do
      assert.matches("mighost", dir:read("moved/share/" .. page))
    end
    assert.is_true(#dir:names("moved/share/mighost/stages/recordings") > 0)
  end)

  it("knows its version from any folder", function()
    local dir <close> = tmp.dir()
    local exe = install(dir)
    assert.matches("mighost " .. require("host.sys").version().mighost:gsub("%.", "%%."),
      sh.check { argv = { exe, "--version" }, cwd = "/" })
  end)

  it("plans to the end with the shipped recording", function()
    local dir <close> = tmp.dir()
    local exe = install(dir)
    local repo <close> = git.repo()
    local env = { XDG_STATE_HOME = dir:join("state"), XDG_CONFIG_HOME = dir:join("config"),
      GIT_CONFIG_GLOBAL = "/dev/null", GIT_CONFIG_NOSYSTEM = "1" }
    sh.check { argv = { exe, "init", "--commit" }, cwd = repo.path, env = env }
    sh.check { argv = { exe, "plan.lua", "installed", "--target", "T", "--with", "replay",
      "--to-end" }, cwd = repo.path, env = env }
    local rows = sh.check { argv = { exe, "migration", "list", "--no-headers" }, cwd = repo.path,
      env = env }
    assert.matches("^installed\tready\t", rows)
    assert.equal("", repo:status())
  end)
end)
