local damages = require "spec.support.damage"
local doctor = require "planning.doctor"
local generate = require "spec.support.generate"
local program = require "spec.support.program"
local rows = require "planning.rows"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"
local walk = require "spec.support.walk"

local LIVE <const> = "migrations"
local WHOLE <const> = 8 -- walks of which every damage is tried, of the others some
local SOME <const> = 20
local PATIENCE <const> = "120" -- seconds, until a command that hangs fails

--- A project around a scratch folder, as the modules see it.
local function project_of(dir)
  return { root = dir.path, worktree = dir.path, live = LIVE, git_live = LIVE,
    live_path = dir:join(LIVE), common = dir:join(".git"), state_home = dir:join("state") }
end

--- Some of a list, at random.
local function pick_some(random, list)
  local some = {}
  for index = 1, SOME do
    some[index] = generate.pick(random, list)
  end
  return some
end

local function errors_of(project, slug)
  local errors = {}
  for _, finding in ipairs(assert(doctor.check(project, slug))) do
    if finding.severity == "error" then
      errors[#errors + 1] = finding.code
    end
  end
  return errors
end

describe("a migration made by a random walk", function()
  it("is accepted, wherever it stands", function()
    local cursors = {}
    for seed = 1, 200 do
      local dir <close> = tmp.dir()
      local made = walk.make(generate.random(seed), LIVE, "slug", seed % 2 == 0)
      walk.write(dir, made)
      assert.same({}, errors_of(project_of(dir), "slug"), "seed " .. seed)
      local live <close> = assert(rows.open_live(project_of(dir)))
      local row = rows.read(project_of(dir), live, "slug")
      if row.status == "planning" then
        assert.equal("planning:" .. made.cursor, row.cursor, "seed " .. seed)
      end
      cursors[made.cursor] = true
    end
    for _, cursor in ipairs { "approaches", "pick-best", "expand", "review", "revise", "review-2",
      "final-review", "terminal-ready", "terminal-ready-awaiting-human", "terminal-skipped",
      "draft", "check", "mend", "good", "bad" } do
      assert.is_true(cursors[cursor], cursor)
    end
  end)

  it("is found out by any one field that is wrong", function()
    for seed = 1, 60 do
      local dir <close> = tmp.dir()
      local random = generate.random(seed)
      local made = walk.make(random, LIVE, "slug")
      walk.write(dir, made)
      local project = project_of(dir)
      local list = damages.of(made)
      if seed > WHOLE then
        list = pick_some(random, list)
      end
      for _, damage in ipairs(list) do
        local path, text = made.published .. "/" .. damage.file, damage.make()
        if text then
          local whole = dir:read(path)
          dir:write(path, text)
          assert.is_true(#errors_of(project, "slug") > 0, ("seed %d: %s"):format(seed, damage.name))
          dir:write(path, whole)
        end
      end
      assert.same({}, errors_of(project, "slug"))
    end
  end)

  it("is found out by a file that is gone or is not a file", function()
    for seed = 1, 12 do
      for way = 1, damages.replacements do
        local dir <close> = tmp.dir()
        local made = walk.make(generate.random(seed), LIVE, "slug")
        walk.write(dir, made)
        local files = { "manifest.json", ".planning/state.json" }
        for _, step in ipairs(made.state.completed_steps) do
          files[#files + 1] = step.outputs.stdout:match("%.planning/stages/.*$")
        end
        for _, phase in ipairs(made.manifest.phases) do
          files[#files + 1] = (phase.file:gsub("^%./", ""))
        end
        local file = files[generate.random(seed + way)(#files)]
        damages.replace(dir:join(made.published .. "/" .. file), way)
        assert.is_true(#errors_of(project_of(dir), "slug") > 0,
          ("seed %d, %s, way %d"):format(seed, file, way))
      end
    end
  end)

  it("that is ready is found out by what a ready plan must have", function()
    local tried = 0
    for seed = 1, 120 do
      local dir <close> = tmp.dir()
      local made = walk.make(generate.random(seed), LIVE, "slug", true)
      if made.manifest.status == "ready" and #made.manifest.phases > 0 then
        tried = tried + 1
        for _, body in ipairs {
          "rm plan.md", "echo x >phase-9-more.md", "echo x >phase-1-again.md",
          "echo x >phase-99-part-1.md", "for f in phase-*; do echo x >$f; done",
          "for f in phase-*; do sed -i /Definition/d $f; done", "rm phase-*",
          [[sed -i 's/"current_phase": .*/"current_phase": "",/' manifest.json]],
        } do
          walk.write(dir, made)
          sh.check { argv = { "sh", "-c", body }, cwd = dir:join(made.published) }
          local errors = errors_of(project_of(dir), "slug")
          assert.is_true(#errors > 0, ("seed %d: %s"):format(seed, body))
          sh.check { argv = { "sh", "-c", "rm -r *" }, cwd = dir:join(made.published) }
        end
      end
      if tried == 12 then
        return
      end
    end
    error("too few walks ended as ready")
  end)
end)

--- Runs mighost within its patience.
local function run(dir, ...)
  return sh.run { argv = { "timeout", PATIENCE, program.exe, "migration", ... }, cwd = dir.path,
    env = { GIT_CONFIG_GLOBAL = "/dev/null", XDG_STATE_HOME = dir:join("state"),
      XDG_CONFIG_HOME = dir:join("config") } }
end

describe("a damaged migration", function()
  it("hides no other, crashes nothing and holds nothing up", function()
    local dir <close> = tmp.dir()
    sh.check { argv = { "git", "init", "-q", dir.path } }
    dir:write(".mighost/config.json", ('{"schema_version": 1, "live_migrations_dir": "%s"}')
      :format(LIVE))
    local healthy, damaged = {}, {}
    for seed = 1, 120 do
      local random = generate.random(seed)
      local slug = ("m%03d"):format(seed)
      local made = walk.make(random, LIVE, slug)
      walk.write(dir, made)
      if seed % 4 == 0 then
        healthy[slug] = made.cursor
      else
        local list = damages.of(made)
        local damage, text
        repeat
          damage = generate.pick(random, list)
          text = damage.make()
        until text
        local path = made.published .. "/" .. damage.file
        dir:write(path, text)
        if seed % 7 == 0 then
          damages.replace(dir:join(path), random(damages.replacements))
        end
        damaged[slug] = damage.name
      end
    end
    local listed = run(dir, "list", "--no-headers")
    assert.same({ 0, "" }, { listed.exit, listed.stderr })
    local seen = {}
    for line in listed.stdout:gmatch("[^\n]+") do
      local slug, status, cursor = line:match("^([^\t]+)\t([^\t]+)\t([^\t]+)\t")
      seen[#seen + 1] = slug
      if healthy[slug] then
        assert.same({ "planning", "planning:" .. healthy[slug] }, { status, cursor })
      end
    end
    assert.equal(120, #seen)
    local found = run(dir, "doctor", "--all")
    assert.same({ 1, "" }, { found.exit, found.stderr })
    local errors = {}
    for slug in found.stdout:gmatch("([^\t\n]+)\terror\t[^\n]+\n") do
      errors[slug] = true
    end
    for slug in pairs(healthy) do
      assert.is_nil(errors[slug], slug)
    end
    for slug, name in pairs(damaged) do
      assert.is_true(errors[slug], ("%s: %s"):format(slug, name))
    end
  end)
end)
