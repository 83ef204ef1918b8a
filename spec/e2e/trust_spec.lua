--- A clone must not run anything because somebody typed `mighost` in it.

local commands = require "project.commands"
local program = require "spec.support.program"
local project = require "spec.support.project"
local sample = require "spec.support.sample"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local LOUD <const> = "PWNED"
local UNTRUSTED <const> = 10

--- A file that says so when it is loaded, and leaves a trace where it may.
local function loud(marker, rest)
  return ("--- %s.\nprint('%s')\nif io then io.open(%q, 'w'):close() end\n%s"):format(LOUD, LOUD,
    marker, rest or "return 0\n")
end

--- Everything in a repository that could run: whatever exists gets another of its name.
local function poison(repo, marker)
  local function add(path, rest)
    repo:write(".mighost/" .. path .. ".lua", loud(marker, rest))
  end
  for _, command in ipairs(commands.list()) do
    add("scripts/" .. command.path)
  end
  add("scripts/evil")
  for _, name in ipairs { "approaches", "expand", "review", "pipeline", "short" } do
    add("stages/" .. name, "return {}")
  end
  for _, name in ipairs { "claude", "codex", "command", "replay", "mine" } do
    add("agents/" .. name, ([[return { needs_model = false, inherits_env = true,
      command = function() return { argv = { "touch", %q } } end,
      answer = function() return { text = "x" } end }]]):format(marker))
  end
  add("rules/own", "return { modes = { 'doctor' }, check = function() end }")
  add("rules/plan-present", "return { modes = { 'doctor' }, check = function() end }")
  for _, name in ipairs { "text", "json", "exit", "quote", "own" } do
    add("lib/" .. name, "return {}")
  end
  repo:write(".mighost/config.json", ([[{
    "schema_version": 1, "live_migrations_dir": "migrations", "with": "command",
    "agent_command": "touch %s", "validation_command": "touch %s",
    "agent_env": { "LD_PRELOAD": "%s", "PATH": "/nowhere" }, "pipeline": "short"
  }]]):format(marker, marker, marker))
end

--- A cloned repository with a migration, and what its author would like to run.
local function hostile()
  local p = project.new()
  p.marker = p.home:join("marker")
  sample.write(p.repo, "migrations", "alpha", { steps = 3 })
  poison(p.repo, p.marker)
  p.repo:commit("Bring a lot along")
  return p
end

local function expect_quiet(p, result, what)
  assert.is_false(p.home:exists("marker"), what)
  assert.is_nil((result.stdout .. result.stderr):find("^" .. LOUD), what)
  assert.is_nil((result.stdout .. result.stderr):find("\n" .. LOUD), what)
  assert.is_nil(result.stderr:find("traceback", 1, true), what)
end

describe("a hostile clone", function()
  it("runs nothing, whatever is typed in it", function()
    local p <close> = hostile()
    local head = p.repo:head()
    local looks = {
      {}, { "help" }, { "--help" }, { "--version" }, { "version" }, { "which", "stage", "review" },
      { "which", "script", "evil" }, { "trust", "--digest" }, { "migration", "list" },
      { "migration", "show", "alpha" }, { "migration", "doctor", "alpha" },
      { "migration", "doctor", "--repair" },
      { "migration", "--help" }, { "help", "trust" }, { "migration", "list", "--json" },
    }
    for _, args in ipairs(looks) do
      local result = p:run(args)
      local what = table.concat(args, " ")
      assert.is_true(result.exit == 0 or args[2] == "doctor" and result.exit == 1, what)
      expect_quiet(p, result, what)
    end
    local refused = {
      { "plan" }, { "plan", "alpha" }, { "plan", "--target", "x", "--with", "replay" },
      { "plan", "x", "--target", "x", "--with", "claude", "--model", "m" },
      { "plan", "x", "--target", "x", "--with", "mine", "--json" },
      { "migration", "refine", "alpha", "--message", "x" }, { "migration", "review", "alpha" },
      { "migration", "undo", "alpha" }, { "test" },
      { "init" }, { "taste" }, { "upgrade" }, { "completion", "bash" }, { "runs" }, { "evil" },
      { "plan", "--help" }, { "evil", "--help" }, { "trust" }, { "trust", "--show" },
    }
    for _, args in ipairs(refused) do
      local result = p:run(args)
      local what = table.concat(args, " ")
      assert.equal(UNTRUSTED, result.exit, what .. ": " .. result.stderr)
      assert.matches("\n  next: mighost trust", result.stderr, 1, true)
      expect_quiet(p, result, what)
    end
    assert.equal(head, p.repo:head())
    assert.equal("", p.repo:status())
    assert.equal(UNTRUSTED, p:run({ "plan", "-C", p.path }).exit)
  end)

  it("steers none of mighost's own commands either", function()
    local p <close> = hostile()
    tmp.remove(p.path .. "/.mighost/scripts")
    p.repo:commit("Bring no commands")
    local looks = {
      { "taste" }, { "init", "--dry-run" }, { "upgrade", "-n" }, { "completion", "bash" },
      { "runs" }, { "plan", "--help" }, { "migration", "doctor", "--all" },
      { "migration", "show", "alpha" },
    }
    for _, args in ipairs(looks) do
      local result = p:run(args)
      assert.equal(0, result.exit, table.concat(args, " ") .. ": " .. result.stderr)
      expect_quiet(p, result, args[1])
    end
    local refused = {
      { "plan", "alpha" }, { "plan", "x", "--target", "x", "--with", "replay" },
      { "migration", "refine", "alpha", "--message", "x" }, { "migration", "undo", "alpha" },
      { "test" }, { "check" }, { "run", "--focus-on-live-migrations" },
      { "run-once", "--paths", "README" }, { "taste", "--refine", "--with", "claude" },
    }
    for _, args in ipairs(refused) do
      local result = p:run(args)
      local what = table.concat(args, " ")
      assert.equal(UNTRUSTED, result.exit, what .. ": " .. result.stderr)
      assert.matches("\n  next: mighost trust\n", result.stderr, 1, true)
      expect_quiet(p, result, what)
    end
    assert.equal("", p.repo:status())
  end)

  it("is what runs once it is trusted, so that the test above means something", function()
    local p <close> = hostile()
    local result = p:run { "trust", "--yes" }
    assert.equal(0, result.exit)
    assert.is_false(p.home:exists("marker"))
    result = p:run { "evil" }
    assert.equal(0, result.exit, result.stderr)
    assert.equal(LOUD .. "\n", result.stdout)
    assert.is_true(p.home:exists("marker"))
  end)

  it("runs nothing with a configuration that cannot be read", function()
    local p <close> = hostile()
    p.repo:write(".mighost/config.json", "{")
    for _, args in ipairs { { "evil" }, { "plan" }, { "migration", "list" }, { "trust", "-y" } } do
      local result = p:run(args)
      assert.is_true(result.exit == 2 or result.exit == UNTRUSTED, args[1])
      expect_quiet(p, result, args[1])
    end
  end)

  it("cannot be trusted through links, from inside or as a whole", function()
    local p <close> = hostile()
    local outside <close> = tmp.dir()
    sh.check { argv = { "cp", "-R", p.path .. "/.mighost", outside:join("theirs") } }
    tmp.remove(p.path .. "/.mighost/scripts")
    p.repo.dir:symlink(outside:join("theirs/scripts"), ".mighost/scripts")
    for _, args in ipairs { { "trust", "--yes" }, { "evil" }, { "plan" } } do
      local result = p:run(args)
      assert.equal(UNTRUSTED, result.exit)
      assert.matches(".mighost/scripts is a symbolic link", result.stderr, 1, true)
      expect_quiet(p, result, args[1])
    end
    tmp.remove(p.path .. "/.mighost")
    p.repo.dir:symlink(outside:join("theirs"), ".mighost")
    assert.is_true(p:run({ "trust", "--yes" }).exit ~= 0)
    local result = p:run { "evil" }
    assert.is_true(result.exit ~= 0)
    expect_quiet(p, result, "a linked .mighost")
  end)
end)

describe("trust", function()
  local function with_script(text)
    local p = project.new()
    p.repo:write(".mighost/scripts/hello.lua", text or "print('one') return 0")
    return p
  end

  --- What `mighost trust` shows a person who types `answer`.
  local function ask(p, answer)
    local words = ("printf %s | script -qec %s /dev/null"):format(sh.quote(answer),
      sh.quote(sh.quote(program.exe) .. " trust"))
    return sh.run { argv = { "bash", "-c", "set -o pipefail; " .. words }, cwd = p.path,
      env = p:env { TERM = "xterm" } }
  end

  it("is a question on a terminal, and only a yes is one", function()
    local p <close> = with_script()
    for _, answer in ipairs { "\\n", "n\\n", "no\\n", "yess\\n", " \\n", "\\004" } do
      local result = ask(p, answer)
      assert.equal(UNTRUSTED, result.exit, result.stdout)
      assert.matches("Do you trust this? [y/N]", result.stdout, 1, true)
      assert.matches("not trusted: none of this is used", result.stdout, 1, true)
      assert.equal(UNTRUSTED, p:run({ "hello" }).exit)
    end
    for _, answer in ipairs { "y\\n", " YES \\n" } do
      local result = ask(p, answer)
      assert.equal(0, result.exit, result.stdout)
      assert.matches("trusted until any of it changes", result.stdout, 1, true)
      assert.equal("one\n", p:run({ "hello" }).stdout)
      p:run { "trust", "--revoke" }
    end
  end)

  it("is not given by Ctrl-C at the question", function()
    local p <close> = with_script()
    local script = p.home:write("ask.sh", ([[
      mkfifo "$HOME/in"
      timeout 30 script -qefc "%s trust" "$HOME/shown" <"$HOME/in" >/dev/null &
      exec 3>"$HOME/in"
      until grep -q 'y/N' "$HOME/shown" 2>/dev/null; do kill -0 $! || exit 1; sleep 0.02; done
      printf '\003' >&3
      wait $!
      echo $?]]):format(program.exe))
    local result = sh.run { argv = { "bash", script }, cwd = p.path,
      env = p:env { TERM = "xterm" } }
    assert.equal("130\n", result.stdout)
    assert.matches("mighost: interrupted", p.home:read("shown"), 1, true)
    assert.equal(UNTRUSTED, p:run({ "hello" }).exit)
  end)

  it("runs the bytes that were checked, whatever is there meanwhile", function()
    local p <close> = project.new()
    p.repo:write(".mighost/stages/approaches.lua", [[return {
      name = "approaches", outcomes = { "completed" }, produces = { "approaches/*.md" },
      prompt = function() return "the checked one" end,
      judge = function() return "completed" end,
    }]])
    p.repo:write(".mighost/rules/own.lua",
      "return { modes = { 'planning-snapshot' }, check = function() end }")
    assert.equal(0, p:run({ "trust", "--yes" }).exit)
    p.repo:commit("Bring a stage")
    local agent = p:script("cat >/dev/null; mkdir -p \"$MIGHOST_WORK_DIR/approaches\"\n"
      .. "echo a >\"$MIGHOST_WORK_DIR/approaches/a.md\"; echo done")
    p.home:write("ours.lua", ([[
      local mighost = require "mighost"
      local project = assert(mighost.open { repo_root = %q })
      for _, name in ipairs { "stages/approaches.lua", "rules/own.lua" } do
        local file <close> = assert(io.open(%q .. "/.mighost/" .. name, "w"))
        file:write("error('the swapped one')")
      end
      assert(mighost.plan { project = project, slug = "x", target = "T", with = "command",
        agent_command = %q, on_event = function(event)
          if event.path then print(event.path) end
        end })
      return 0]]):format(p.path, p.path, agent))
    local result = p:run { p.home:join("ours.lua") }
    assert.equal(0, result.exit, result.stderr)
    local prompt = sh.check { argv = { "sh", "-c", ("cat %s/planning/approaches/prompt*"):format(
      sh.quote(result.stdout:match("^[^\n]+"))) } }
    assert.matches("the checked one", prompt)
    local next_one = p:run { "plan", "x", "--with", "replay" }
    assert.equal(UNTRUSTED, next_one.exit)
    assert.matches(".mighost/rules/own.lua (changed), .mighost/stages/approaches.lua (changed)",
      next_one.stderr, 1, true)
  end)

  it("asks again after any change, before an agent is asked", function()
    local p <close> = with_script()
    p.repo:write(".mighost/rules/own.lua",
      "return { modes = { 'doctor' }, check = function() end }")
    p.repo:commit("Bring a rule")
    assert.equal(0, p:run({ "trust", "--yes" }).exit)
    assert.equal(0, p:plan({ "alpha", "--target", "T" }).exit)
    assert.equal(1, #p:calls())
    p.repo:write(".mighost/rules/other.lua", "error('never run')")
    local result = p:plan { "alpha" }
    assert.equal(UNTRUSTED, result.exit)
    assert.matches(".mighost/rules/other.lua (added)", result.stderr, 1, true)
    assert.equal(1, #p:calls())
    os.remove(p.path .. "/.mighost/rules/other.lua")
    assert.equal(0, p:plan({ "alpha" }).exit)
  end)

  it("is given by digest where nobody can be asked", function()
    local p <close> = with_script()
    p.repo:commit("Bring a script")
    local digest = p:run({ "trust", "--digest" }).stdout:match("%x+")
    local ci <close> = tmp.dir()
    sh.check { argv = { "git", "clone", "-q", p.path, ci:join("clone") } }
    local function run(value)
      return program.run { args = { "hello" }, cwd = ci:join("clone"),
        env = { HOME = ci.path, XDG_STATE_HOME = false, XDG_CONFIG_HOME = false,
          MIGHOST_TRUST = value } }
    end
    assert.same({ exit = 0, stdout = "one\n", stderr = "" }, run(digest))
    assert.is_false(ci:exists(".local"))
    assert.equal(UNTRUSTED, run(false).exit)
    assert.matches("MIGHOST_TRUST is another digest", run(("0"):rep(64)).stderr, 1, true)
  end)

  it("counts in linked work trees, and not where others could have given it", function()
    local p <close> = with_script()
    p.repo:commit("Bring a script")
    assert.equal(0, p:run({ "trust", "--yes" }).exit)
    p.repo:git("worktree", "add", "-q", p.home:join("linked"))
    local result = program.run { args = { "hello" }, cwd = p.home:join("linked"), env = p:env() }
    assert.equal("one\n", result.stdout)
    local record = p.home:join("state/mighost/trust/" .. p.home:names("state/mighost/trust")[1])
    sh.check { argv = { "chmod", "666", record } }
    result = p:run { "hello" }
    assert.equal(UNTRUSTED, result.exit)
    assert.matches("others could change the record of what you trust: " .. record, result.stderr,
      1, true)
    assert.matches("next: chmod o-w " .. record, result.stderr, 1, true)
  end)

  it("is whole however many give, take and ask at once", function()
    local p <close> = with_script(("-- %s\nprint('one') return 0"):format(("x"):rep(200000)))
    local script = p.home:write("crowd.sh", ([[
      for i in 1 2 3 4 5 6; do
        %s trust --yes >/dev/null 2>&1; echo $? &
        %s hello >/dev/null 2>&1; echo $? &
        %s trust --revoke >/dev/null 2>&1; echo $? &
      done
      wait]]):gsub("%%s", function() return sh.quote(program.exe) end))
    local codes = sh.check { argv = { "sh", script }, cwd = p.path, env = p:env() }
    for code in codes:gmatch("%d+") do
      assert.is_true(code == "0" or code == "10", code)
    end
    assert.equal(0, p:run({ "trust", "--yes" }).exit)
    assert.equal("one\n", p:run({ "hello" }).stdout)
    assert.equal(1, #p.home:names("state/mighost/trust"))
  end)
end)
