local inspect = require "planning.inspect"
local inspected = require "spec.support.inspected"
local project = require "spec.support.project"

-- A runaway script is to be ended soon, but not before it has been told from a slow machine.
local LIMITS <const> = '"script_seconds": 3, "script_instructions": 20000000, '
local NOT_TEXT <const> = {
  ["stages/compiled.lua"] = "\27Lua\x54\0\x19\x93",
  ["stages/marked.lua"] = "\xEF\xBB\xBFreturn { name = 'marked' }\n",
}

local function describe_diagnostic(found)
  return ("%s:%d: %s: %s"):format(found.path, found.line, found.code, found.message)
end

---Whether a diagnostic is what a file says of itself.
local function is_meant(found, mark)
  return found.path == mark.path and found.line == mark.line and found.code == mark.code
    and found.message:find(mark.words, 1, true) ~= nil
end

local function any(list, fits)
  for _, item in ipairs(list) do
    if fits(item) then
      return true
    end
  end
  return false
end

describe("planning.inspect", function()
  it("finds every seeded mistake at its line, each once, and nothing else", function()
    local files = inspected.fixtures "mistakes"
    local marks = inspected.marks(files)
    assert.is_true(#marks >= 80)
    for path, text in pairs(NOT_TEXT) do
      files[path] = text
      table.insert(marks, { path = ".mighost/" .. path, line = 1, code = "no-source", words = "" })
    end
    local diagnostics = inspected.find(files, LIMITS)
    local wrong = {}
    for _, mark in ipairs(marks) do
      if not any(diagnostics, function(found) return is_meant(found, mark) end) then
        table.insert(wrong, ("not found: %s:%d: %s"):format(mark.path, mark.line, mark.code))
      end
    end
    for _, found in ipairs(diagnostics) do
      assert.is_true(#found.mend > 0)
      assert.equal(found.message:find("ran more than", 1, true) ~= nil,
        found.mend:find("script_instructions higher", 1, true) ~= nil)
      assert.is_nil(found.message:find("%c"))
      if not any(marks, function(mark) return is_meant(found, mark) end) then
        table.insert(wrong, "not meant: " .. describe_diagnostic(found))
      end
    end
    assert.same({}, wrong)
    assert.equal(#marks, #diagnostics)
  end)

  it("finds nothing in what mighost was installed with, and counts its calls", function()
    local p <close> = project.new()
    local inspection = assert(inspect.run(p:open()))
    assert.same({}, inspection.diagnostics)
    assert.equal(1, #inspection.pipelines)
    local pipeline = inspection.pipelines[1]
    assert.same({ "pipeline", "built-in", 7, 7 },
      { pipeline.name, pipeline.label, pipeline.stages, pipeline.calls })
    assert.is_true(inspection.files > 20)
    assert.same({}, p.home:names("state/mighost/checks"))
  end)

  it("runs nothing of a project that is not trusted", function()
    local p <close> = project.new()
    p.repo:write(".mighost/stages/mine.lua", "error 'ran'\n")
    local inspection, message, name, fix = inspect.run(p:open())
    assert.is_nil(inspection)
    assert.matches("stages/mine%.lua", message)
    assert.equal("EUNTRUSTED", name)
    assert.matches("^mighost trust", fix)
  end)

  it("wants the configuration to choose a pipeline that there is", function()
    local found = inspected.find({}, '"pipeline": "nosuch",')
    assert.equal(1, #found)
    assert.matches("^%.mighost/config%.json:1: missing%-pipeline: .*nosuch, which is not there",
      describe_diagnostic(found[1]))
    found = inspected.find({}, '"pipeline": "review",')
    assert.matches("review, which is a stage", describe_diagnostic(found[1]))
  end)

  it("wants pipeline.lua to be a pipeline where new plans follow it", function()
    local files = { ["stages/pipeline.lua"] = [[return {
      name = "pipeline", outcomes = { "done" }, prompt = function() return "Do it." end,
      judge = function() return nil, "no" end,
    }]] }
    local found = inspected.find(files)
    assert.equal(".mighost/stages/pipeline.lua:2: not-a-pipeline: new plans follow "
      .. "stages/pipeline.lua, and this is a stage", describe_diagnostic(found[1]))
    assert.equal("unused-stage", found[2].code)
    assert.equal(2, #found)
  end)

  it("only warns where a stage of the team's breaks the pipeline that nobody chose", function()
    local review = [[return {
      name = "review", outcomes = { "clear", "findings", "blocked" },
      prompt = function() return "Review it." end,
      judge = function() return "clear" end,
    }]]
    local ours = [[return {
      name = "ours", start = "review",
      edges = { review = { clear = "over", findings = "over", blocked = "over" } },
      terminals = { over = { status = "ready" } },
    }]]
    local files = { ["stages/review.lua"] = review, ["stages/ours.lua"] = ours }
    local found = inspected.find(files, '"pipeline": "ours",')
    assert.equal(1, #found)
    assert.equal("warning", found[1].severity)
    assert.matches("/stages/pipeline%.lua$", found[1].path)
    assert.matches("outcome blocked of stage review leads nowhere", found[1].message)
    assert.equal("error", inspected.find(files)[1].severity)
  end)

  it("looks at files that are hidden, but tries only those that serve", function()
    local found = inspected.find {
      ["rules/plan-present.lua"] = [[return { modes = { "doctor" }, check = function() end }]],
    }
    assert.same({}, found)
  end)
end)
