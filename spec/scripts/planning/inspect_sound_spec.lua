--- Customisations that teams make and that are sound: nothing is found wrong with any.

local inspected = require "spec.support.inspected"
local source = require "spec.support.source"
local team = require "spec.support.team"

---A stage with this much changed.
local function stage(name, fields)
  return ([[return {
    name = %q, outcomes = { "completed" },
    prompt = function(ctx) return "Work on " .. ctx.target .. "." end,
    judge = function(answer)
      if answer.text == "" then return nil, "the answer is empty" end
      return "completed"
    end,
    %s }]]):format(name, fields or "")
end

---A pipeline of stages one behind the other.
local function chain(name, ...)
  local stages, edges = { ... }, {}
  for index, each in ipairs(stages) do
    edges[index] = ("[%q] = { completed = %q },"):format(each, stages[index + 1] or "over")
  end
  return ("return { name = %q, start = %q, edges = { %s },\n  terminals = "
    .. "{ over = { status = \"ready\" } } }"):format(name, stages[1], table.concat(edges, "\n"))
end

---The Lua in a chapter of a document.
local function from_document(path, chapter)
  local text = table.concat(source.read(path).lines, "\n")
  return assert(text:match("\n" .. chapter .. "\n.-```lua\n(.-)```"))
end

local SOUND <const> = {
  ["another prompt for a stage of mighost's"] = {
    ["stages/approaches.lua"] = stage("approaches", 'produces = { "approaches/*.md" },'),
  },
  ["a bounded review and a look at security"] = team.files(3),
  ["mighost's own pipeline, replaced"] = {
    ["stages/pipeline.lua"] = chain("pipeline", "approaches", "pick-best", "expand"),
  },
  ["a short pipeline, as the documents have it"] = {
    ["stages/short.lua"] = from_document("stages/README.md", "## A pipeline file"),
    settings = '"pipeline": "short",',
  },
  ["helpers of one's own, with the line ends of another system"] = {
    ["lib/words.lua"] = "return { please = 'Please work on ' }\r\n",
    ["stages/polite.lua"] = 'local words = require "lib.words"\r\n'
      .. stage("polite"):gsub('"Work on "', "words.please"):gsub("\n", "\r\n"),
    ["stages/ours.lua"] = chain("ours", "polite"),
  },
  ["a stage that builds on the words of those before it"] = {
    ["stages/report.lua"] = stage("report", 'needs = { "plan.md" },'):gsub(
      '"Work on " .. ctx.target',
      'ctx.answers.expand.text .. ctx.plan .. (ctx.extra.review_findings or "")'),
    ["stages/ours.lua"] = chain("ours", "approaches", "pick-best", "expand", "report"),
  },
  ["files of one's own from stage to stage"] = {
    ["stages/risks.lua"] = stage("risks", 'produces = { "notes/risk-*.md" },'),
    ["stages/answers.lua"] = stage("answers", 'needs = { "notes/risk-*.md" }, timeout = 60,'),
    ["stages/ours.lua"] = chain("ours", "risks", "answers"),
  },
  ["a judge that reads what the agent left, with examples"] = {
    ["stages/count.lua"] = [[local M = { name = "count", outcomes = { "few", "many" } }
      M.produces = { "list.md" }
      M.examples = { { text = "done", outcome = "few" }, { text = "" } }
      function M.prompt(ctx)
        local said = {}
        for i, entry in ipairs(ctx.feedback) do said[i] = entry.text end
        return "Write list.md.\n" .. table.concat(said, "\n")
      end
      function M.judge(answer, ctx)
        local list, why = ctx.read("list.md")
        if answer.text == "" then return nil, "the answer is empty" end
        if not list then return nil, why end
        return #list > 1000 and "many" or "few"
      end
      return M]],
    ["stages/ours.lua"] = [[return { name = "ours", start = "count",
      edges = { count = { few = "over", many = "dropped" } },
      terminals = { over = { status = "ready" }, dropped = { status = "skipped" } } }]],
  },
  ["a rule that finds several things, by mode"] = {
    ["rules/ours.lua"] = [[return {
      modes = { "planning-snapshot", "ready-publish", "execution-gate", "doctor" },
      check = function(m, report)
        for _, path in ipairs(m.files()) do
          local text = m.read(path)
          if not text then
            report { severity = "info", code = "unread", message = m.mode, path = path }
          elseif #text > 100 then
            report { severity = "warning", code = "long", message = "it is long", path = path }
          end
        end
      end }]],
  },
  ["a rule in place of one of mighost's"] = {
    ["rules/plan-present.lua"] = [[return { modes = { "doctor" }, check = function(m, report)
      if not m.stat("plan.md") then
        report { severity = "warning", code = "missing-plan", message = "there is no plan" }
      end
    end }]],
  },
  ["an agent with a file for its answer and a form for the terminal"] = {
    ["agents/ours.lua"] = [[local function start(call)
        return { argv = { "ours", "--model", call.model, "-" }, stdin = call.prompt,
          env = { OURS_DIR = call.work_dir }, writes = { call.work_dir, call.artifacts },
          files = { last = call.artifacts .. "/last.md" } }
      end
      return {
        needs_model = true, inherits_env = false, passes = { "OURS_*" }, secrets = { "OURS_KEY" },
        command = start,
        interactive = function(call) return { argv = { "ours", call.prompt_file } } end,
        answer = function(report)
          if report.ended_by then return nil, "was ended", "broken" end
          local text = report.files.last.text(1 << 20)
          if text == "" then return nil, report.stderr.last_line() or "said nothing", "empty" end
          return { text = text, usage = { total_tokens = 1 } }
        end }]],
  },
  ["a stage that asks at once, and whose ends differ"] = {
    ["stages/triage.lua"] = [[return {
      name = "triage", outcomes = { "worth-it", "ask", "no" },
      prompt = function(ctx)
        return ctx.visit > 1 and "Think again." or "Is it worth it?"
      end,
      judge = function(answer)
        local word, why = answer.text:match("^([%a-]+): ([^\n]+)")
        for _, known in ipairs { "worth-it", "ask", "no" } do
          if word == known then return known, why end
        end
        return nil, "it must begin with worth-it, ask or no, a colon and the reason"
      end,
      examples = { { text = "ask: who pays?", outcome = "ask" }, { text = "yes" } } }]],
    ["stages/ours.lua"] = [[return { name = "ours", start = "triage",
      edges = { triage = { ["worth-it"] = "expand", ask = "waiting", no = "dropped" },
        expand = { completed = "triage-2" }, ["triage-2"] = { completed = "over" } },
      terminals = { over = { status = "ready" }, dropped = { status = "skipped" },
        waiting = { status = "ready", awaiting_human_review = true } } }]],
    ["stages/expand.lua"] = stage("expand", 'produces = { "plan.md", "phase-*.md" },'),
    ["stages/triage-2.lua"] = stage("triage-2", 'needs = { "plan.md" }, silence = 30.5,'),
  },
  ["a program and helpers besides"] = {
    ["scripts/team/report.lua"] = "#!/usr/bin/env mighost\nreturn 0\n",
    ["lib/more.lua"] = "return {}\n",
  },
}

describe("planning.inspect", function()
  local count = 0
  for name, files in pairs(SOUND) do
    count = count + 1
    it("finds nothing wrong with " .. name, function()
      local own = {}
      for path, text in pairs(files) do
        own[path] = path ~= "settings" and text or nil
      end
      local diagnostics = inspected.find(own, files.settings)
      local lines = {}
      for index, found in ipairs(diagnostics) do
        lines[index] = ("%s:%d: %s"):format(found.path, found.line, found.message)
      end
      assert.same({}, lines)
    end)
  end

  it("was asked about at least twelve", function()
    assert.is_true(count >= 12)
  end)
end)
