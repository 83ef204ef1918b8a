local contract = require "lib.contract"
local inspect_stage = require "planning.inspect_stage"
local registry = require "planning.registry"
local tables = require "lib.tables"
local tmp = require "spec.support.tmp"

---What is wrong with a stage, "code: message" each.
local function try(stage)
  local dir <close> = tmp.dir()
  local told = {}
  assert(inspect_stage.try({ path = "/x/ours.lua", value = stage },
    { place = dir:join("s"), root = "/root", certain = { "expand" },
      possible = { "expand", "ours" } },
    function(_, problem)
      told[#told + 1] = ("%s: %s"):format(problem.code, problem.message)
    end))
  return told
end

local function stage(changes)
  return tables.copy({
    name = "ours", outcomes = { "clear", "findings" }, needs = { "plan.md" },
    prompt = function(ctx) return "Review: " .. ctx.plan end,
    judge = function(answer) return (contract.review(answer.text)) end,
  }, changes)
end

describe("planning.inspect_stage", function()
  it("finds nothing wrong with mighost's own stages", function()
    local reg = registry.new(nil, { installed = true })
    for _, name in ipairs { "approaches", "pick-best", "expand", "review", "revise", "review-2",
      "final-review" } do
      assert.same({}, try(assert(reg:stage(name))))
    end
  end)

  it("tries a prompt with answers that are certain, and with more", function()
    assert.same({}, try(stage { prompt = function(ctx) return ctx.answers.expand.text end }))
    assert.matches("^prompt%-failed: the prompt fails at the first visit: .*'review'",
      try(stage { prompt = function(ctx) return ctx.answers.review.text end })[1])
    assert.matches("^prompt%-failed: the prompt fails at a later visit, with feedback: ",
      try(stage { prompt = function(ctx) return ctx.visit == 1 and "x" or error("no") end })[1])
  end)

  it("tries examples once the stage has left what it must", function()
    local function judge(_, ctx)
      if not ctx.read("notes.md") then
        return nil, "there are no notes"
      end
      return "clear"
    end
    local examples = { { text = "x", outcome = "clear" } }
    assert.same({}, try(stage { judge = judge, produces = { "notes.md" }, examples = examples }))
    assert.matches("^wrong%-example: example 1 is to be clear, but is refused: there are no notes",
      try(stage { judge = judge, examples = examples })[1])
  end)

  it("tells each kind of verdict that is none, once", function()
    for pattern, judge in pairs {
      ["^undeclared%-outcome: .*an empty answer, answers \"done\""] = function() return "done" end,
      ["^no%-reason: .*refuses without a reason"] = function() return nil, " " end,
      ["^no%-reason: .*gives a table as its reason"] = function() return "clear", {} end,
      ["^judge%-failed: .*an echo of its prompt"] = function(answer)
        return answer.text:find("^Review: ") and error("no") or "clear"
      end,
    } do
      local told = try(stage { judge = judge })
      assert.matches(pattern, told[1])
      assert.equal(1, #told)
    end
  end)
end)
