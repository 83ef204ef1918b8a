--- mighost's own stages, rules and agents do the same in a process of their own as in mighost: what
--- a team begins with when it copies one.

local guard = require "planning.guard"
local jail = require "planning.jail"
local loader = require "planning.loader"
local lfs = require "lfs"
local manifest = require "migration.manifest"
local migrations = require "spec.support.migration"
local program = require "spec.support.program"
local stages = require "spec.support.stage"
local view = require "migration.view"

local FEWEST <const> = 5 -- findings of all rules together

--- Calls visit(name, in process, jailed) for each file of a folder.
local function each(kind, folder, visit)
  local count = 0
  for entry in lfs.dir(program.root .. "/" .. folder) do
    local name = entry:match("^(.+)%.lua$")
    if name then
      local path = ("%s/%s/%s"):format(program.root, folder, entry)
      local file <close> = assert(io.open(path, "rb"))
      local found = { path = path, layer = "project", text = file:read("a") }
      visit(name, assert(loader.load(found)), assert(jail.load(kind, found)))
      count = count + 1
    end
  end
  assert(count > 0)
end

--- Both give the same results, or fail with the same words.
local function expect_same(about, ours, theirs, ...)
  local expected, got = table.pack(guard.call(ours, ...)), table.pack(guard.call(theirs, ...))
  if not expected[1] then
    expected[2] = expected[2]:gsub("^.-:%d+: ", "")
    got[2] = tostring(got[2]):gsub("^.-:%d+: ", "")
    expected[3], got[3] = nil, nil
  end
  assert.same(expected, got, about)
end

local function plain_fields(value)
  local fields = {}
  for key, item in pairs(value) do
    fields[key] = type(item) == "function" and "function" or item
  end
  return fields
end

describe("a file of mighost's own, run as a team's,", function()
  it("has the same fields", function()
    for kind, folder in pairs { stages = "stages", rules = "scripts/rules",
      agents = "scripts/agents" } do
      each(kind, folder, function(name, ours, theirs)
        assert.same(plain_fields(ours), plain_fields(theirs), name)
      end)
    end
  end)

  it("asks and judges the same, if it is a stage", function()
    each("stages", "stages", function(name, ours, theirs)
      for _, texts in ipairs(ours.prompt and { {}, stages.plan() } or {}) do
        local ctx = stages.context(texts)
        expect_same(name, ours.prompt, theirs.prompt, ctx)
        for _, example in ipairs(ours.examples or {}) do
          expect_same(name, ours.judge, theirs.judge, { text = example.text, files = {} }, ctx)
        end
        stages.each_damaged(0, function(text)
          if #text < 100 then
            expect_same(name, ours.judge, theirs.judge, { text = text, files = {} }, ctx)
          end
        end)
      end
    end)
  end)

  it("finds the same, if it is a rule", function()
    local m <close> = migrations.new { status = "ready", phases = { "parse", "print" } }
    m:write("phase-2-print.md", "nothing that it should have")
    m:write("phase-02-other.md", "another")
    os.remove(m:path("plan.md"))
    local dir <close> = m:open()
    local read = assert(manifest.load(dir))
    read.created_at, read.current_phase = "yesterday", "nowhere"
    local seen = view.open(dir, { slug = "another", mode = "doctor", manifest = read,
      state_problem = { is_missing = true, message = "it is missing" } })
    local total = 0
    each("rules", "scripts/rules", function(name, ours, theirs)
      local findings = { {}, {} }
      for index, rule in ipairs { ours, theirs } do
        rule.check(seen, function(finding)
          table.insert(findings[index], finding)
        end)
      end
      assert.same(findings[1], findings[2], name)
      total = total + #findings[1]
    end)
    assert.is_true(total >= FEWEST, total)
  end)

  it("starts the same program, if it is an agent", function()
    local call = {
      role = "planning.review", stage = "review", visit = 1, slug = "x", prompt = "do it\0",
      model = "m", effort = "high", work_dir = "/w", live_dir = "/l", repo_root = "/r",
      artifacts = "/a", prompt_file = "/a/prompt.md", timeout = 5, agent_command = "a 'b c'",
      recorded = { answer = "said", removed = { "old" }, files = "/f" },
    }
    each("agents", "scripts/agents", function(name, ours, theirs)
      for _, field in ipairs { "command", "interactive" } do
        if ours[field] then
          expect_same(name, ours[field], theirs[field], call)
        end
      end
    end)
  end)
end)
