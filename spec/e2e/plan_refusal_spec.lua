local git = require "spec.support.git"
local program = require "spec.support.program"
local project = require "spec.support.project"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"

--- Runs plan for a new migration; it must end so, ask no agent and publish nothing.
local function expect_refused(p, code, pattern, args, opts)
  local all = { "alpha", "--target", "T", table.unpack(args or {}) }
  local result = p:plan(all, opts)
  assert.equal(code, result.exit, result.stderr)
  assert.matches(pattern, result.stderr)
  assert.is_nil(result.stderr:find("traceback", 1, true))
  assert.same({}, p:calls())
  assert.is_false(p.repo.dir:exists("migrations/alpha"))
  return result
end

local function run_in(path, p, args)
  return program.run { args = args, cwd = path, env = p:env() }
end

describe("mighost plan refuses, before an agent is asked,", function()
  it("a folder that is in no repository", function()
    local p <close> = project.new()
    local outside <close> = tmp.dir()
    local result = run_in(outside.path, p, { "plan", "--target", "T", "--with", "replay" })
    assert.equal(2, result.exit)
    assert.matches("not in a git repository", result.stderr)
  end)

  it("a bare repository", function()
    local p <close> = project.new()
    local bare <close> = git.repo { bare = true }
    local result = run_in(bare.path, p, { "plan", "--target", "T", "--with", "replay" })
    assert.equal(2, result.exit)
    assert.matches("bare", result.stderr)
  end)

  it("a repository without mighost's configuration, or with a broken one", function()
    local p <close> = project.new()
    local repo <close> = git.repo()
    local result = run_in(repo.path, p, { "plan", "--target", "T", "--with", "replay" })
    assert.equal(2, result.exit)
    assert.matches("next: mighost init", result.stderr)
    p.repo:write(".mighost/config.json", "{")
    expect_refused(p, 2, "config%.json")
    p.repo:write(".mighost/config.json", '{"schema_version": 1}')
    expect_refused(p, 2, "live_migrations_dir is missing")
  end)

  it("a repository without a commit", function()
    local p <close> = project.new()
    local repo <close> = git.repo { unborn = true }
    repo.dir:mkdir("migrations")
    repo:write(".mighost/config.json", p.repo:read(".mighost/config.json"))
    local result = run_in(repo.path, p, { "plan", "a", "--target", "T", "--with", "replay" })
    assert.equal(2, result.exit, result.stderr)
    assert.matches("no commit yet", result.stderr)
  end)

  it("a detached HEAD", function()
    local p <close> = project.new()
    p.repo:git("checkout", "-q", "--detach")
    local result = expect_refused(p, 2, "detached")
    assert.matches("next: git switch", result.stderr)
  end)

  it("an operation of git's under way", function()
    local p <close> = project.new()
    p.repo:git("checkout", "-q", "-b", "side")
    p.repo:write("side.txt", "side\n")
    p.repo:commit("Side")
    p.repo:git("checkout", "-q", "main")
    p.repo:git("merge", "-q", "--no-commit", "--no-ff", "side")
    expect_refused(p, 6, "merge is under way")
  end)

  it("a repository whose commits would have no author", function()
    local p <close> = project.new()
    p.repo:git("config", "--unset", "user.name")
    p.repo:git("config", "--unset", "user.email")
    local result = expect_refused(p, 2, "")
    assert.matches("next: git config user.name", result.stderr)
  end)

  it("a live directory that is not there", function()
    local p <close> = project.new()
    tmp.remove(p.path .. "/migrations")
    local result = expect_refused(p, 2, "live migrations directory")
    assert.matches("next: mighost init", result.stderr)
  end)

  it("attributes under which git changes bytes", function()
    local p <close> = project.new()
    for _, attribute in ipairs { "text=auto", "eol=crlf", "ident", "filter=lfs",
      "working-tree-encoding=UTF-16" } do
      p.repo:write("migrations/.gitattributes", "* " .. attribute .. "\n")
      expect_refused(p, 2, "the git attribute")
    end
    p.repo:git("rm", "-q", "-f", "migrations/.gitattributes")
    p.repo.dir:mkdir("migrations")
    p.repo:git("config", "core.autocrlf", "true")
    local result = expect_refused(p, 2, "core%.autocrlf")
    local fix = result.stderr:match("next: ([^\n]+)")
    assert.equal(0, sh.run({ argv = { "sh", "-c", fix }, cwd = p.path }).exit)
    assert.equal(0, p:plan({ "alpha", "--target", "T" }).exit)
  end)

  it("changes in the migration that are not committed", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local head = p.repo:head()
    p.repo:write("migrations/alpha/approaches/rewrite.md", "by hand\n")
    local result = p:plan { "alpha" }
    assert.equal(6, result.exit)
    assert.matches("rewrite%.md", result.stderr)
    assert.equal("by hand\n", p:read("alpha/approaches/rewrite.md"))
    assert.equal(head, p.repo:head())
    assert.same({ "approaches 1" }, p:calls())
  end)

  it("a state that does not hold together", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local torn = p:read("alpha/.planning/state.json"):gsub("pick%-best", "expand")
    for _, text in ipairs { "{", torn } do
      p.repo:write("migrations/alpha/.planning/state.json", text)
      p.repo:commit("Break it")
      local result = p:plan { "alpha" }
      assert.equal(12, result.exit)
      assert.matches("state%.json", result.stderr)
      assert.matches("next: mighost migration doctor alpha", result.stderr)
    end
    assert.same({ "approaches 1" }, p:calls())
  end)

  it("scripts that the repository brings along", function()
    local p <close> = project.new()
    p.repo:write(".mighost/stages/review.lua", "error('never run')")
    expect_refused(p, 10, "%.mighost/stages")
  end)

  it("a stage of the user's own that is broken, though it is not due yet", function()
    local p <close> = project.new()
    p.home:write("config/mighost/stages/review.lua", "error('not today')")
    expect_refused(p, 2, "stages/review%.lua:1: not today; the pipeline built%-in needs the stage")
  end)

  it("an agent that nobody knows, and none at all", function()
    local p <close> = project.new()
    local result = p:run { "plan", "alpha", "--target", "T", "--with", "oracle" }
    assert.equal(8, result.exit)
    assert.matches("there is no agent oracle", result.stderr)
    result = p:run { "plan", "alpha", "--target", "T" }
    assert.equal(2, result.exit)
    assert.matches("no agent was chosen", result.stderr)
    result = p:run({ "plan", "alpha", "--target", "T" }, { MIGHOST_WITH = "oracle" })
    assert.equal(8, result.exit)
    result = p:run { "plan", "alpha", "--target", "T", "--with", "command" }
    assert.equal(2, result.exit)
    assert.matches("%-%-agent%-command", result.stderr)
    result = p:plan({ "alpha", "--target", "T" }, { agent = "a 'b" })
    assert.equal(2, result.exit)
    assert.matches("quote is not closed", result.stderr)
  end)

  it("slugs and targets that cannot be", function()
    local p <close> = project.new()
    for _, slug in ipairs { ".hidden", "__internal", "a b", "a\nb", "ä", ("x"):rep(181), "../out",
      "migrations/../x", "/etc", "src/x", "" } do
      local result = p:plan { "--target", "T", "--", slug }
      assert.equal(2, result.exit, slug)
    end
    for _, target in ipairs { "", "  \n", "\xff" } do
      assert.equal(2, p:plan({ "alpha", "--target", target }).exit)
    end
    assert.equal(2, p:plan({ "alpha" }).exit)
    assert.same({}, p:calls())
    assert.same({}, p:problems())
  end)

  it("a link or a file in a migration's place", function()
    local p <close> = project.new()
    p.repo.dir:mkdir("elsewhere")
    p.repo.dir:symlink("../elsewhere", "migrations/linked")
    p.repo:write("migrations/file", "x\n")
    p.repo:commit("Odd things")
    assert.equal(2, p:plan({ "linked", "--target", "T" }).exit)
    assert.equal(2, p:plan({ "file", "--target", "T" }).exit)
    assert.same({}, p:calls())
  end)

  it("another target than the recorded one, another pipeline than the one it follows", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    assert.equal(2, p:plan({ "alpha", "--target", "Other" }).exit)
    assert.equal(2, p:plan({ "alpha", "--pipeline", "nowhere" }).exit)
    assert.equal(2, p:plan({ "alpha", "--pipeline", "review" }).exit)
    assert.equal(0, p:plan({ "alpha", "--target", "T", "--pipeline", "pipeline" }).exit)
  end)

  it("options that do not go together or make no sense", function()
    local p <close> = project.new()
    for _, args in ipairs { { "--steps", "0" }, { "--steps", "x" }, { "--steps", "2", "--to-end" },
      { "--effort", "utmost" }, { "--timeout", "-1" }, { "--recording", "r" }, { "--strict" },
      { "--no-such-option" } } do
      expect_refused(p, 2, "", args)
    end
  end)

  it("a state directory that cannot be written", function()
    local p <close> = project.new()
    p.home:write("state", "a file in its place\n")
    expect_refused(p, 1, "state")
  end)

  it("a migration that waits or cools down, when it names none", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    local manifest = p:read("alpha/manifest.json")
    p.repo:write("migrations/alpha/manifest.json", (manifest:gsub('"cooldown_until": null',
      '"cooldown_until": "2999-01-01T00:00:00.000+00:00"')))
    p.repo:commit("Cool down")
    local result = p:plan {}
    assert.equal(4, result.exit)
    assert.matches("1 cooling down", result.stderr)
    p.repo:write("migrations/alpha/manifest.json",
      (manifest:gsub('"awaiting_human_review": false', '"awaiting_human_review": true')))
    p.repo:commit("Wait")
    assert.equal(3, p:plan({}).exit)
    assert.equal(3, p:plan({ "alpha" }).exit)
    assert.same({ "approaches 1" }, p:calls())
  end)

  it("goes on with a cooling one that is named", function()
    local p <close> = project.new()
    p:plan { "alpha", "--target", "T" }
    p.repo:write("migrations/alpha/manifest.json", (p:read("alpha/manifest.json"):gsub(
      '"cooldown_until": null', '"cooldown_until": "2999-01-01T00:00:00.000+00:00"')))
    p.repo:commit("Cool down")
    assert.equal(0, p:plan({ "alpha" }).exit)
  end)

  it("passes over migrations that cannot be read, and says so", function()
    local p <close> = project.new()
    p.repo:write("migrations/broken/manifest.json", "{")
    p.repo:commit("Broken")
    p:plan { "alpha", "--target", "T" }
    local result = p:plan {}
    assert.equal(0, result.exit, result.stderr)
    assert.matches("broken is passed over", result.stderr)
  end)
end)

describe("a read-only live directory", function()
  it("is an error before an agent is asked", function()
    local p <close> = project.new()
    if sys.user().uid == 0 then
      sh.check { argv = { "chown", "-R", "65534:65534", p.path, p.home.path } }
    end
    sh.check { argv = { "chmod", "a-w", p.path .. "/migrations" } }
    local argv = { program.exe, "plan", "alpha", "--target", "T", "--with", "command",
      "--agent-command", project.agent }
    if sys.user().uid == 0 then
      table.move({ "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups" }, 1, 4, 1,
        table.move(argv, 1, #argv, 5))
    end
    local result = sh.run { argv = argv, cwd = p.path, env = p:env() }
    assert.equal(1, result.exit, result.stderr)
    assert.matches("live migrations directory", result.stderr)
    assert.same({}, p:calls())
    sh.check { argv = { "chmod", "u+w", p.path .. "/migrations" } }
  end)
end)

describe("a full disk", function()
  --- A small file system of its own, where the user may mount one.
  local function mount(path)
    return sh.run({ argv = { "mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", path } }).exit == 0
  end

  it("fails the step, and the next one goes on once there is room", function()
    local p <close> = project.new()
    local state = p.home:mkdir("state")
    if not mount(state) then
      pending("file systems cannot be mounted here")
      return
    end
    local agent = p:script([[cd $MIGHOST_WORK_DIR && mkdir approaches
      echo a >approaches/a.md; echo b >approaches/b.md
      echo done; head -c 2000000 /dev/zero >filler; exit 0]])
    local result = p:plan({ "alpha", "--target", "T" }, { agent = agent })
    sh.check { argv = { "umount", state } }
    assert.equal(1, result.exit, result.stderr)
    assert.is_false(p.repo.dir:exists("migrations/alpha"))
    assert.same({}, p:problems())
    assert.equal(0, p:plan({ "alpha", "--target", "T" }).exit)
  end)
end)
