local graphs = require "planning.inspect_graph"
local pipelines = require "planning.pipeline"
local team = require "spec.support.team"

local BUILT_IN <const> = assert(pipelines.built_in())

local function names(set)
  local list = {}
  for name in pairs(set) do
    list[#list + 1] = name
  end
  table.sort(list)
  return table.concat(list, " ")
end

---Files that serve these names, as an inspection has them.
local function serving(reg, pipeline)
  local files = {}
  for name in pairs(pipeline.edges) do
    files[name] = { shape = "stage", value = assert(reg:stage(name)) }
  end
  return files
end

local function find(pipeline, files)
  local codes = {}
  graphs.check(pipeline, files, function(problem)
    codes[#codes + 1] = ("%s %s"):format(problem.code, table.concat(problem.at, "."))
    assert.is_true(#problem.message > 0 and #problem.mend > 0)
  end)
  return codes
end

describe("planning.inspect_graph", function()
  it("finds nothing in a sound pipeline with its stages", function()
    local reg = team.registry(team.files())
    assert.same({}, find(BUILT_IN, serving(reg, BUILT_IN)))
    local secure = assert(reg:pipeline "secure")
    assert.same({}, find(secure, serving(reg, secure)))
    assert.equal(9, graphs.calls(secure))
  end)

  it("tells stages that are not there or are none, and goes on with the rest", function()
    local reg = team.registry(team.files())
    local secure = assert(reg:pipeline "secure")
    local files = serving(reg, secure)
    files["loop-review"], files.revise = nil, { shape = "pipeline" }
    files["security-review"] = { shape = "stage" } -- broken, as its own file says
    files.expand.value = { name = "expand", outcomes = { "completed", "stuck" },
      produces = { "plan.md" } }
    assert.same({ "missing-stage edges.loop-review", "not-a-stage edges.revise",
      "leads-nowhere edges.expand", "unmet-need edges.final-review" }, find(secure, files))
  end)

  it("warns of stages from which nothing leads on when others have used up their visits", function()
    local reg = team.registry(team.files())
    local secure = assert(reg:pipeline "secure")
    table.remove(secure.refine.from, 1)
    assert.same({ "dead-end edges.revise" }, find(secure, serving(reg, secure)))
  end)

  it("knows which stages surely ran before one, and which may have", function()
    local certain, possible = graphs.before(BUILT_IN, "revise")
    assert.equal("approaches expand pick-best review", names(certain))
    assert.equal(7, #(names(possible):gsub("[^ ]", "")) + 1)
    assert.equal("approaches expand pick-best review", names((graphs.before(BUILT_IN,
      "final-review"))))
    assert.equal("", names((graphs.before(BUILT_IN, "approaches"))))
  end)
end)
