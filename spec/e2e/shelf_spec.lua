--- The whole of mighost on a small real project: three targets, one of them planned through all
--- stages and carried out in three phases, of which one needs a second try, one has to wait, and
--- one needs a person.

local json = require "lib.json"
local manifest = require "migration.manifest"
local program = require "spec.support.program"
local project = require "spec.support.project"
local schema = require "spec.support.schema"
local sh = require "spec.support.sh"

local SHELF <const> = program.root .. "/spec/fixtures/shelf"
local VALIDATION <const> = program.exe .. " ./test/run.lua"
-- What a reviewer does who knows that nobody has an old file any more.
local RESOLVE <const> = [[cd "$MIGHOST_WORK_DIR" && sed -i \
  -e 's/"awaiting_human_review": .*/"awaiting_human_review": false,/' \
  -e 's/"human_review_reason": .*/"human_review_reason": null,/' manifest.json]]
local PAST <const> = "2020-01-01T00:00:00.000+00:00"

--- The project, set up, with the agent's log.
local function new()
  local p = project.new()
  sh.check { argv = { "cp", "-R", SHELF .. "/project/.", p.path } }
  p.repo:commit("Add the shelf")
  p.home:write("shelf-calls", "")
  return p
end

local function run(p, ...)
  local args = { ... }
  for _, word in ipairs { "--validation-command", VALIDATION, "--with", "command",
    "--agent-command", SHELF .. "/agent.sh", "--max-attempts", "2" } do
    args[#args + 1] = word
  end
  return p:run(args, { SHELF_LOG = p.home:join("shelf-calls") })
end

local function find_slug(p)
  for _, name in ipairs(p.repo.dir:names("migrations")) do
    if name:find("^let%-names") then
      return name
    end
  end
end

local function read_manifest(p, slug)
  return assert(manifest.decode(p:read(slug .. "/manifest.json")))
end

--- Edits the manifest and commits it, as a person would.
local function edit_manifest(p, slug, message, change)
  local read = read_manifest(p, slug)
  change(read)
  p.repo:write(("migrations/%s/manifest.json"):format(slug), assert(manifest.encode(read)))
  p.repo:commit(message)
end

local function validate(p)
  return sh.run { argv = { program.exe, "./test/run.lua" }, cwd = p.path }
end

--- The subjects since the project was set up, without the slug's time.
local function history(p, slug)
  local subjects = {}
  for index, subject in ipairs(p:subjects()) do
    local from, to = subject:find(slug, 1, true)
    subject = from and subject:sub(1, from - 1) .. "SLUG" .. subject:sub(to + 1) or subject
    subjects[#subjects + 1] = index > 4 and subject or nil
  end
  return subjects
end

local function contains(list, wanted)
  for _, item in ipairs(list) do
    if item == wanted then
      return true
    end
  end
  return false
end

describe("mighost run on a real project", function()
  it("goes from three targets to a green tree, with a plan in between", function()
    local p <close> = new()
    assert.equal(0, validate(p).exit)

    local first = run(p, "run", "--targets", SHELF .. "/targets.jsonl")
    assert.equal(0, first.exit, first.stderr)
    local slug = assert(find_slug(p))
    local after = history(p, slug)
    for _, subject in ipairs { "mighost: Round amounts in one place",
      "mighost: Count one item as one", "mighost: plan SLUG", "mighost: planning/SLUG/revise",
      "mighost: planning/SLUG/final-review", "mighost: migration/SLUG/phase-1-read-both.md",
      "mighost: defer/SLUG/phase-2-write-new.md" } do
      assert.is_true(contains(after, subject), subject .. "\n" .. table.concat(after, "\n"))
    end
    assert.equal(11, #after)
    local now = read_manifest(p, slug)
    assert.equal("in-progress", now.status)
    assert.equal("write-new", now.current_phase)
    assert.is_string(now.cooldown_until)
    assert.matches("targets  plans  steps  phases  commits  retries  failures", first.stdout)
    assert.matches("\n3        1      7      1  ", first.stdout)

    local idle = run(p, "run", "--focus-on-live-migrations")
    assert.equal(0, idle.exit, idle.stderr)
    assert.equal(11, #history(p, slug))

    edit_manifest(p, slug, "The reading version is released", function(changed)
      changed.cooldown_until, changed.wake_up_on = PAST, PAST
    end)
    local second = run(p, "run", "--focus-on-live-migrations")
    assert.equal(0, second.exit, second.stderr)
    now = read_manifest(p, slug)
    assert.equal("drop-old", now.current_phase)
    assert.is_true(now.awaiting_human_review)
    assert.matches("who keeps shelf files", now.human_review_reason)

    local reviewed = p:review({ slug, "--quiet" }, { agent = p:script(RESOLVE) })
    assert.equal(0, reviewed.exit, reviewed.stderr)
    local third = run(p, "run", "--focus-on-live-migrations")
    assert.equal(0, third.exit, third.stderr)
    now = read_manifest(p, slug)
    assert.same({ "done", "" }, { now.status, now.current_phase })

    local green = validate(p)
    assert.equal(0, green.exit, green.stderr)
    assert.same({}, p:problems())
    assert.equal(0, p:run({ "migration", "doctor", "--all" }).exit)
    local whole = history(p, slug)
    assert.same({
      "The reading version is released",
      "mighost: migration/SLUG/phase-2-write-new.md",
      "mighost: defer/SLUG/phase-3-drop-old.md",
      "mighost: review/SLUG",
      "mighost: migration/SLUG/phase-3-drop-old.md",
    }, table.move(whole, 12, #whole, 1, {}))

    local runs = json.decode(p:run({ "runs", "--json" }).stdout).data.runs
    assert.equal(5, #runs)
    assert.equal("migration review", runs[2].command)
    for _, listed in ipairs(runs) do
      assert.equal("completed", listed.outcome)
      schema.expect("runs-show", p:run({ "runs", "show", listed.id, "--json" }).stdout)
    end
  end)
end)
