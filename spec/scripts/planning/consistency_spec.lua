local consistency = require "planning.consistency"
local generate = require "spec.support.generate"
local jailed = require "spec.support.jailed"
local migrations = require "spec.support.migration"
local registry = require "planning.registry"
local tables = require "lib.tables"

local function check(m, mode, changes)
  local dir <close> = m:open()
  local opts = tables.copy({ slug = m.slug, mode = mode, published = m.published,
    registry = registry.new(nil, { looking = true }) }, changes)
  return consistency.check(dir, opts)
end

local function codes(findings)
  local found = {}
  for index, finding in ipairs(findings) do
    found[index] = finding.code
  end
  return table.concat(found, " ")
end

---A registry with only these rules.
local function rules(list)
  return {
    rules = function()
      return list
    end,
  }
end

local function reporting(finding)
  return {
    name = "x", modes = { "doctor" },
    check = function(_, report)
      report(finding)
    end,
  }
end

describe("planning.consistency", function()
  it("finds nothing in a sound migration, in any mode", function()
    local m <close> = migrations.new { status = "ready", phases = { "parse", "print" } }
    for _, mode in ipairs { "planning-snapshot", "ready-publish", "execution-gate", "doctor" } do
      local findings, read, state = check(m, mode)
      assert.same({}, findings)
      assert.equal("sample", read.name)
      assert.equal("approaches", state.next_step)
    end
    assert.error(function() check(m, "whenever") end)
  end)

  it("stops at a manifest that is missing or cannot be read", function()
    local m <close> = migrations.new { status = "ready", phases = { "parse" } }
    os.remove(m:path("plan.md"))
    m:write("manifest.json", "{")
    local findings, read, state = check(m, "doctor")
    assert.equal("invalid-manifest", codes(findings))
    assert.matches("^manifest%.json: line 1", findings[1].message)
    assert.is_nil(read)
    assert.is_nil(state)
    os.remove(m:path("manifest.json"))
    assert.equal("missing-manifest", codes((check(m, "doctor"))))
    m.root:symlink("nowhere", m.published .. "/manifest.json")
    assert.equal("missing-manifest", codes((check(m, "doctor"))))
    os.remove(m:path("manifest.json"))
    m.root:mkdir(m.published .. "/manifest.json")
    assert.equal("invalid-manifest", codes((check(m, "doctor"))))
  end)

  it("fills in what a rule leaves out", function()
    local m <close> = migrations.new()
    local findings = check(m, "doctor", {
      registry = rules { reporting { severity = "warning", code = "x", message = "why" } },
    })
    assert.same({
      { severity = "warning", mode = "doctor", code = "x", message = "why", slug = "sample",
        path = "migrations/sample/manifest.json" },
    }, findings)
    findings = check(m, "doctor", {
      registry = rules { reporting { severity = "info", code = "x", message = "why",
        path = "a/b" } },
      path = "/root/migrations/sample",
    })
    assert.equal("/root/migrations/sample/a/b", findings[1].path)
  end)

  it("puts a message on one line that is safe to print", function()
    local m <close> = migrations.new()
    local findings = check(m, "doctor", {
      registry = rules { reporting { severity = "info", code = "x", message = "a\nb\27[2J" } },
    })
    assert.equal("a b\\u{1B}[2J", findings[1].message)
  end)

  it("answers whatever is damaged in manifest and state", function()
    local m <close> = migrations.new {
      phases = { "parse" }, steps = { { "approaches", "completed" }, { "pick-best", "completed" } },
    }
    local rules_of_mighost = registry.new(nil, { looking = true })
    for seed = 1, 300 do
      local random = generate.random(seed)
      local file = generate.pick(random, { "manifest.json", ".planning/state.json" })
      local sound = m.root:read(m.published .. "/" .. file)
      local from, to = random(#sound), random(#sound)
      local damage = generate.pick(random, {
        "\0", "\xff", '"', "{", "]", ",", "null", '"\\ud800"', sound:sub(from, from + 20),
      })
      m:write(file, sound:sub(1, to) .. damage .. sound:sub(to + random(9)))
      for _, finding in ipairs(check(m, "doctor", { registry = rules_of_mighost })) do
        assert.is_nil(finding.message:find("%c"), "seed " .. seed)
      end
      m:write(file, sound)
    end
  end)

  it("makes an error finding of a rule that fails, or reports what is not a finding", function()
    local m <close> = migrations.new()
    for _, report in ipairs {
      { code = "x", message = "m" }, { severity = "fatal", code = "x", message = "m" },
      { severity = "error", message = "m" }, { severity = "error", code = "x" },
    } do
      local findings = check(m, "doctor", { registry = rules { reporting(report) } })
      assert.equal("rule-failed", codes(findings))
      assert.equal("error", findings[1].severity)
      assert.matches("^the rule x failed: .*a finding", findings[1].message)
    end
    local function failing(view)
      return view.manifest.phases[1].file.name.oops
    end
    local findings = check(m, "doctor", { registry = rules {
      { name = "broken", modes = { "doctor" }, check = failing },
      reporting { severity = "info", code = "x", message = "still asked" },
    } })
    assert.equal("rule-failed x", codes(findings))
    assert.matches("^the rule broken failed: .*consistency_spec%.lua:%d+: ", findings[1].message)
  end)

  it("makes an error finding of a team's rule that runs over its limits", function()
    local m <close> = migrations.new()
    local rule = assert(jailed.load("rules", [[
      return { modes = { "doctor" }, check = function() while true do end end }
    ]], { path = "/team/rules/slow.lua", limits = jailed.SOON }))
    rule.name = "slow"
    local findings = check(m, "doctor", { registry = rules { rule } })
    assert.equal("rule-failed", codes(findings))
    assert.matches("^the rule slow failed: /team/rules/slow%.lua:1: ran more than 5000000 instr",
      findings[1].message)
    assert.equal("migrations/sample/manifest.json", findings[1].path)
  end)

  it("runs a rule in its modes only, mighost's own first and the rest by name", function()
    local m <close> = migrations.new()
    local ran = {}
    local function rule(name, ...)
      return {
        name = name, modes = { ... },
        check = function()
          ran[#ran + 1] = name
        end,
      }
    end
    local list = {
      rule("b", "doctor"), rule("phase-files", "doctor"), rule("a", "doctor", "ready-publish"),
      rule("manifest-name", "doctor"), rule("c", "execution-gate"),
    }
    check(m, "doctor", { registry = rules(list) })
    assert.same({ "manifest-name", "phase-files", "a", "b" }, ran)
    assert.equal("b", list[1].name)
    ran = {}
    check(m, "ready-publish", { registry = rules(list) })
    assert.same({ "a" }, ran)
  end)

  it("shows rules the state, or why there is none", function()
    local m <close> = migrations.new { steps = { { "approaches", "completed" } } }
    local seen
    local spying = rules { {
      name = "x", modes = { "doctor" },
      check = function(view)
        seen = view
      end,
    } }
    check(m, "doctor", { registry = spying })
    assert.equal("pick-best", seen.state.next_step)
    assert.is_nil(seen.state_problem)
    m:write(".planning/state.json", "[]")
    check(m, "doctor", { registry = spying, staged = true })
    assert.is_nil(seen.state)
    assert.is_false(seen.state_problem.is_missing)
    assert.matches("must be an object", seen.state_problem.message)
    assert.is_true(seen.staged)
    os.remove(m:path(".planning/state.json"))
    check(m, "doctor", { registry = spying })
    assert.is_true(seen.state_problem.is_missing)
  end)

  it("passes on that rules cannot be had", function()
    local m <close> = migrations.new()
    local failing = {
      rules = function()
        return nil, "broken.lua: no", "ECONFIG", "mighost check"
      end,
    }
    assert.same({ nil, "broken.lua: no", "ECONFIG", "mighost check" },
      { check(m, "doctor", { registry = failing }) })
  end)

  it("names the first finding that blocks", function()
    local info, first = { severity = "info" }, { severity = "error", code = "a" }
    assert.equal(first, consistency.blocking { info, first, { severity = "error", code = "b" } })
    assert.is_nil(consistency.blocking { info, { severity = "warning" } })
    assert.is_nil(consistency.blocking {})
  end)
end)
