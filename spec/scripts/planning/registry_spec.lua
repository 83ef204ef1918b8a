local brought = require "spec.support.brought"
local project = require "spec.support.project"
local registry = require "planning.registry"
local trust = require "project.trust"

local STAGE <const> = [[return {
  name = %q, outcomes = { "done" }, prompt = function() end, judge = function() end, %s
}]]

--- A registry that finds one more file in the folder of a project, as if it were installed.
local function with_file(kind, name, text)
  local reg = registry.new()
  local find = reg.find
  function reg.find(self, wanted_kind, wanted)
    if wanted_kind == kind and wanted == name then
      return { path = ("%s/%s.lua"):format(kind, name), layer = "installed", text = text }
    end
    return find(self, wanted_kind, wanted)
  end
  return reg
end

local function stage_problem(name, text)
  local value, message, code = with_file("stages", name, text):stage(name)
  assert.is_nil(value)
  assert.equal("ECONFIG", code)
  return message
end

describe("planning.registry", function()
  it("loads what mighost was installed with, once", function()
    local reg = registry.new()
    local stage = assert(reg:stage "review")
    assert.equal("review", stage.name)
    assert.equal(stage, reg:stage "review")
    assert.equal("approaches", assert(reg:pipeline "pipeline").start)
    assert.is_function(assert(reg:agent "command").command)
  end)

  it("gives one rule by its name", function()
    local reg = registry.new()
    local first = assert(reg:rules())[1]
    assert.equal(first, reg:rule(first.name))
    assert.same({ nil, "there is no rule nosuch", "EUSAGE" }, { reg:rule "nosuch" })
  end)

  it("loads every rule, sorted by name", function()
    local rules = assert(registry.new():rules())
    assert.is_true(#rules >= 6)
    for index = 2, #rules do
      assert.is_true(rules[index - 1].name < rules[index].name)
    end
  end)

  it("knows no stage, pipeline or agent that is not there", function()
    local reg = registry.new()
    local stage, message, name = reg:stage "nowhere"
    assert.same({ nil, "there is no stage nowhere", "ECONFIG" }, { stage, message, name })
    assert.equal("EUSAGE", select(3, reg:pipeline "nowhere"))
    local agent, agents, code = reg:agent "oracle"
    assert.is_nil(agent)
    assert.matches("there are: .*command.*replay", agents)
    assert.equal("EAGENT", code)
    assert.equal("EAGENT", select(3, reg:agent "../command"))
  end)

  it("tells stages and pipelines apart", function()
    local reg = registry.new()
    assert.matches("is a pipeline, not a stage", (select(2, reg:stage "pipeline")))
    assert.matches("is a stage, not a pipeline", (select(2, reg:pipeline "review")))
    assert.matches("is a pipeline", stage_problem("both",
      "return { edges = {}, prompt = function() end }"))
  end)

  it("names file and field of what is wrong with a stage", function()
    assert.matches("stages/a%.lua: unknown field 'promt'", stage_problem("a",
      "return { name = 'a', outcomes = {'x'}, promt = 1, prompt = print, judge = print }"))
    assert.matches("field 'judge' is missing", stage_problem("a",
      "return { name = 'a', outcomes = {'x'}, prompt = function() end }"))
    assert.matches("field 'name' must be \"a\"", stage_problem("a", STAGE:format("b", "")))
    assert.matches("field 'needs' must be a list of strings",
      stage_problem("a", STAGE:format("a", "needs = { 1 }")))
    for _, limit in ipairs { "timeout = 0", "silence = -1" } do
      assert.matches("'timeout' and 'silence' are seconds, more than 0",
        stage_problem("a", STAGE:format("a", limit)))
    end
    assert.matches("field 'outcomes' is empty",
      stage_problem("a", (STAGE:format("a", ""):gsub('"done"', ""))))
    assert.matches("names done twice",
      stage_problem("a", (STAGE:format("a", ""):gsub('"done"', '"done", "done"'))))
    assert.matches("^stages/a%.lua:1: ", stage_problem("a", "return {"))
  end)

  it("names file and field of what is wrong with a rule or an agent", function()
    local rule = with_file("rules", "a", "")
    local inspect = function(text)
      local reg = with_file("rules", "manifest-name", text)
      local rules, message, name, fix = reg:rules()
      assert.is_nil(rules)
      assert.same({ "ECONFIG", "mighost check" }, { name, fix })
      return message
    end
    assert.is_truthy(rule)
    assert.matches("rules/manifest%-name%.lua: unknown field 'mode'",
      inspect "return { mode = 1, modes = {}, check = function() end }")
    assert.matches("names always, which is not a mode",
      inspect "return { modes = { 'always' }, check = function() end }")
    assert.matches("rules/manifest%-name%.lua:1: ", inspect "return {")
    local agent = with_file("agents", "a", "return { needs_model = 'no' }")
    assert.matches("agents/a%.lua: field", (select(2, agent:agent "a")))
  end)

  it("refuses a project's files that are not trusted, but passes over them for looking", function()
    local p <close> = project.new()
    p.repo:write(".mighost/stages/review.lua", "error('never run')")
    p.repo:write(".mighost/rules/own.lua", "error('never run')")
    local reg = registry.new(p:open())
    local stage, message, name = reg:stage "review"
    assert.is_nil(stage)
    assert.matches("have not trusted: .mighost/rules/own.lua, .mighost/stages/review.lua$", message)
    assert.equal("EUNTRUSTED", name)
    assert.equal("EUNTRUSTED", select(3, reg:rules()))
    local looking = registry.new(p:open(), { looking = true })
    assert.equal("review", assert(looking:stage "review").name)
    assert.is_table(looking:rules())
  end)

  it("refuses a rule that cannot be loaded, or lets it say so to those who only look", function()
    local theirs <close> = brought.new {
      [".mighost/rules/own.lua"] = "return {\n modes = {",
      [".mighost/rules/other.lua"] = "\nrequire 'lib.nosuch'",
    }
    local opened = theirs:open()
    assert(trust.accept(opened))
    local rules, message, name = registry.new(opened):rules()
    assert.is_nil(rules)
    assert.matches("/.mighost/rules/other.lua:2: there is no module lib.nosuch", message, 1, true)
    assert.equal("ECONFIG", name)
    local seen = {}
    for _, rule in ipairs(assert(registry.new(opened, { looking = true }):rules())) do
      seen[rule.name] = rule
    end
    assert.is_table(seen["plan-present"])
    assert.equal("doctor", seen.own.modes[4])
    assert.equal(message, (select(2, pcall(seen.other.check))))
    assert.matches("/.mighost/rules/own.lua:2: ", (select(2, pcall(seen.own.check))), 1, true)
  end)

  it("hands on what the scripts of a project print", function()
    local theirs <close> = brought.new { [".mighost/rules/own.lua"] = [[
      print("loaded")
      return { modes = { "doctor" }, check = function() print("checked", 1) end }]] }
    local opened, printed = theirs:open(), {}
    opened.on_print = function(line, path)
      table.insert(printed, path:match("[^/]*$") .. ": " .. line)
    end
    assert(trust.accept(opened))
    for _, rule in ipairs(assert(registry.new(opened):rules())) do
      if rule.name == "own" then
        rule.check({}, error)
      end
    end
    assert.same({ "own.lua: loaded", "own.lua: loaded", "own.lua: checked 1" }, printed)
  end)

  it("lets a trusted project's files serve, but mighost's own where those are wanted", function()
    local theirs <close> = brought.new {
      [".mighost/stages/review.lua"] = STAGE:format("review", ""),
      [".mighost/rules/own.lua"] = "return { modes = { 'doctor' }, check = function() end }",
    }
    local opened = theirs:open()
    assert(trust.accept(opened))
    theirs.repo:write(".mighost/stages/review.lua", "error('swapped')")
    for _, opts in ipairs { {}, { looking = true } } do
      local reg = registry.new(opened, opts)
      assert.same({ "done" }, assert(reg:stage "review").outcomes)
      local names = {}
      for _, rule in ipairs(assert(reg:rules())) do
        names[rule.name] = true
      end
      assert.is_true(names.own and names["plan-present"])
    end
    local own = registry.new(opened, { installed = true })
    assert.same({ "clear", "findings" }, assert(own:stage "review").outcomes)
  end)
end)
