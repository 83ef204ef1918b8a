--- A hostile agent under the real `mighost plan`: what it may not write it cannot, and the step
--- goes on as if it had not tried.

local lfs = require "lfs"
local older_abi = require "spec.support.older_abi"
local program = require "spec.support.program"
local project = require "spec.support.project"
local schema = require "spec.support.schema"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"

local level, abi = sys.sandbox()

--- Each must fail.  $W is the work dir, $L the live directory, $O another repository.
local EDITS <const> = {
  "echo x > $L/other/plan.md", "echo x >> $L/other/manifest.json", "truncate -s 0 $L/other/plan.md",
  "rm $L/other/plan.md", "mv $L/other $L/moved", "mkdir $L/new", "rm -rf $L/other/.planning",
  "echo x > $L/__transactions__/x", "cp $W/manifest.json $L/other/manifest.json",
  "echo x > README", "echo x > new-file", "mkdir new-folder", "rm README", "mv README gone",
  "ln -s README link", "mkfifo fifo", "sed -i s/a/b/ README", "echo x > ignored.log",
  "echo x > .mighost/config.json", "mkdir .mighost/stages", "echo x > .gitattributes",
  "git commit -q --allow-empty -m x", "git update-ref refs/heads/x HEAD", "git branch x",
  "git tag x", "git symbolic-ref HEAD refs/heads/x", "git config user.name x",
  "echo x > .git/hooks/post-commit", "echo x >> .git/config", "echo x > .git/info/exclude",
  "git add $W/manifest.json", "git update-index --force-remove README", "rm .git/index",
  "echo y > .git/refs/heads/main", "git gc -q --prune=now --force", "echo x > .git/mighost/x",
  "git worktree add -q $W/tree", "git notes add -m x", "echo x > .git/packed-refs",
  "ln README $W/second && echo x >> $W/second", "ln -s $PWD/README $W/l && echo x >> $W/l",
  "ln -s $L/other $W/o && echo x > $W/o/plan.md", "mv README $W/", "mv $W/manifest.json .",
  "mv -T $W $L/mine", "exec 3<README && echo x > /proc/self/fd/3",
  "echo x > /proc/$PPID/cwd/README", "echo x > $O/file", "git -C $O commit -q --allow-empty -m x",
  "echo x > $HOME/.profile", "mkdir $HOME/.claude", "echo x > $XDG_STATE_HOME/mighost/x",
  "echo x > $XDG_CONFIG_HOME/mighost/taste.md", "rm -rf $XDG_STATE_HOME/mighost/runs",
  "echo x > ${W%/*}/accepted", "rm -rf ${W%/*}", "echo x > /tmp/$$-escaped",
}

--- A script that tries them all, keeps those that worked, and then answers as an agent should.
local function hostile(p)
  local lines = { 'W=$MIGHOST_WORK_DIR L=${MIGHOST_LIVE_DIR%/*} worked=' }
  for number, edit in ipairs(EDITS) do
    lines[#lines + 1] = ('(%s) >/dev/null 2>&1 && worked="$worked %d"'):format(edit, number)
  end
  lines[#lines + 1] = ('echo "$worked." >"$MIGHOST_ARTIFACTS/worked"; rm -f $W/l $W/o\n'
    .. "PLANNER_LOG=/dev/null exec %s </dev/null"):format(project.agent)
  return p:script(table.concat(lines, "\n"))
end

--- Everything below a folder that is not a folder itself, with type, mode, time and content.
local function look(path)
  local script = [[cd "$0" && find . -path ./.git/mighost -prune -o -type f -exec sha1sum {} + &&
    find . -path ./.git/mighost -prune -o ! -type d -printf '%p %y %m %l\n' | sort]]
  return sh.check { argv = { "sh", "-c", script, path } }
end

--- The edits that worked.
local function escaped(result)
  local file <close> = assert(io.open(result.stderr:match("evidence: ([^)]+)%)") .. "/worked"))
  local edits = {}
  for number in file:read("a"):gmatch("%d+") do
    edits[#edits + 1] = EDITS[tonumber(number)]
  end
  return edits
end

describe("the sandbox under mighost plan", function()
  if level ~= "full" then
    pending("this system has no full Landlock")
    return
  end

  it("prevents every edit out of the work dir, and the step is taken", function()
    local p <close> = project.new()
    local other <close> = tmp.dir()
    sh.check { argv = { "git", "init", "-q", other.path } }
    assert.equal(0, p:plan({ "other", "--target", "T", "--to-end" }).exit)
    p.repo:write(".gitignore", "*.log\n")
    p.repo:write("ignored.log", "kept\n")
    p.repo:commit("Ignore logs")
    local before, outside = look(p.path), look(other.path)
    local agent = hostile(p)
    local result = p:plan({ "alpha", "--target", "T", "--sandbox=require" },
      { agent = agent, env = { O = other.path } })
    assert.same({}, escaped(result))
    assert.equal(0, result.exit, result.stderr)
    assert.matches("^approaches +completed", result.stdout)
    assert.same({}, p:problems())
    assert.equal(outside, look(other.path))
    p.repo:git("reset", "-q", "--hard", "HEAD~1")
    assert.equal("", p.repo:status())
    for line in before:gmatch("[^\n]+") do
      if not line:find("%./%.git/") then
        assert.is_truthy(look(p.path):find(line, 1, true), line)
      end
    end
    assert.same({ "agent.sh", "calls", "config", "state" }, p.home:names())
  end)

  it("leaves the agent its work dir, its evidence and a temporary folder that is gone", function()
    local p <close> = project.new()
    local script = p:script(([[
      set -e
      echo x >"$MIGHOST_ARTIFACTS/mine"; f=$(mktemp); echo x >"$f"
      echo "$TMPDIR" >"$MIGHOST_ARTIFACTS/temp"; cat README >/dev/null; git log >/dev/null
      PLANNER_LOG=/dev/null exec %s </dev/null]]):format(project.agent))
    local result = p:plan({ "alpha", "--target", "T", "--sandbox", "auto" }, { agent = script })
    assert.equal(0, result.exit, result.stderr)
    local folder = result.stderr:match("evidence: ([^)]+)%)")
    local file <close> = assert(io.open(folder .. "/temp"))
    assert.is_nil(lfs.attributes(file:read("l")))
    local report <close> = assert(io.open(folder .. "/report.json"))
    assert.matches('"sandbox":"full: Landlock ABI ' .. abi .. '"', report:read("a"), 1, true)
  end)

  it("confines by default, as the environment, the configuration and the option say", function()
    local p <close> = project.new()
    local script = p:script("echo x >>README; echo done")
    local function spoils(args, env)
      local all = { "alpha", "--target", "T", table.unpack(args) }
      p:plan(all, { agent = script, env = env })
      local is_spoilt = p.repo:read("README") ~= "a project\n"
      p.repo:git("checkout", "-q", "--", "README")
      return is_spoilt
    end
    assert.is_false(spoils({}, { MIGHOST_SANDBOX = false }))
    assert.is_false(spoils({ "--sandbox=auto" }, { MIGHOST_SANDBOX = "off" }))
    assert.is_true(spoils({}, { MIGHOST_SANDBOX = "off" }))
    assert.is_true(spoils({ "--sandbox=off" }, { MIGHOST_SANDBOX = "require" }))
    assert.equal(2, p:plan({ "alpha", "--target", "T", "--sandbox=on" }).exit)
  end)
end)

describe("an older Landlock under mighost plan", function()
  local function plan_under(version, p, args)
    local env = older_abi.env(version)
    env.MIGHOST_SANDBOX = false
    return p:run({ "plan", "alpha", "--target", "T", "--with", "replay", table.unpack(args) }, env)
  end

  for version, words in pairs {
    [0] = { "agents are not confined: this system has no Landlock", "this system has no Landlock" },
    { "agents are confined in part, they can still truncate files: this system has Landlock ABI 1",
      "this system has Landlock ABI 1" },
    { "agents are confined in part, they can still truncate files: this system has Landlock ABI 2",
      "this system has Landlock ABI 2" },
  } do
    it(("of ABI %d is told once; require asks no agent"):format(version), function()
      if abi < version then
        return pending("this system has Landlock ABI " .. abi)
      end
      local p <close> = project.new()
      local result = plan_under(version, p, { "--sandbox=require" })
      assert.equal(2, result.exit)
      assert.matches("mighost: agents cannot be confined as required: " .. words[2], result.stderr,
        1, true)
      assert.matches("next: mighost plan alpha --target T --sandbox=auto", result.stderr, 1, true)
      assert.is_false(p.home:exists("state/mighost/runs"))
      result = plan_under(version, p, { "--to-end" })
      assert.equal(0, result.exit, result.stderr)
      assert.equal(1, select(2, result.stderr:gsub("agents are [^\n]*confined", "")))
      assert.matches("warning: " .. words[1], result.stderr, 1, true)
      assert.is_nil(plan_under(version, p, { "--sandbox=off" }).stderr:find("confined", 1, true))
    end)
  end

  it("is what mighost version shows", function()
    for version, shown in pairs { [0] = "none", "partial", "partial", "full" } do
      if version <= abi then
        local result = program.run { args = { "version", "--json" }, env = older_abi.env(version) }
        local data = schema.expect("version", result.stdout).data
        assert.same({ version, shown }, { data.landlock_abi, data.sandbox })
        result = program.run { args = { "version" }, env = older_abi.env(version) }
        assert.matches("\nsandbox   " .. shown, result.stdout, 1, true)
      end
    end
  end)
end)
