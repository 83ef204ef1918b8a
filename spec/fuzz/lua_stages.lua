--- Fuzzes what the stages make of answers: any answer gets a declared outcome, or none with a
--- reason; line ends and an echo of the prompt in front change nothing.

local root = assert(require("host.sys").realpath(debug.getinfo(1, "S").source:sub(2)))
  :match("^(.*)/spec/fuzz/")
package.path = package.path .. ";" .. root .. "/?.lua"

local contract = require "lib.contract"
local corpus = require "spec.fuzz.corpus"
local fuzzer = require "spec.fuzz.fuzzer"
local generate = require "spec.support.generate"
local mutate = require "spec.fuzz.mutate"
local shipped = require "spec.support.shipped"
local stages = require "spec.support.stage"
local tables = require "lib.tables"

local LONGEST_REASON <const> = 3000
local KEYS <const> = { "review", "final-decision", "chosen-approach" }
local WORDS <const> = { "clear", "findings", "approve-auto", "approve-needs-human", "reject" }

local function check_reason(reason)
  assert(type(reason) == "string" and reason ~= "", "no reason")
  assert(#reason < LONGEST_REASON, "an endless reason")
  assert(utf8.len(reason), "a reason that is not UTF-8")
  assert(not reason:find("%c"), "a reason with control characters")
end

local function judge(stage, text, ctx)
  local outcome, reason = stages.judge(stage, text, ctx)
  local is_declared = outcome == nil or tables.contains(stage.outcomes, outcome)
  assert(is_declared, "an outcome that is not declared")
  if outcome == nil or reason ~= nil then
    check_reason(reason)
  end
  return outcome, reason
end

--- A workspace as it should be, or with damaged texts and odd names.
local function make_files(random)
  local texts = stages.plan()
  for path, text in pairs(random(2) == 1 and stages.plan() or {}) do
    local kind = random(6)
    if kind == 1 then
      texts[path] = nil
    elseif kind == 2 then
      texts[path] = mutate.text(random, text)
    elseif kind == 3 then
      texts[path:gsub("[%w]+%.md$", (mutate.soup(random, 3):gsub("%%", "%%%%"))) .. ".md"] = text
    end
  end
  return texts
end

local function check_contract(random, text)
  for _, key in ipairs(KEYS) do
    local values = contract.values(text, key)
    assert(contract.last(text, key) == values[#values], "another last value")
    for _, value in ipairs(values) do
      local word, reason = contract.decision(value, WORDS)
      assert(word or not reason, "a reason for nothing")
      contract.word(value, WORDS)
      check_reason(contract.excerpt(value))
    end
  end
  local outcome, count = contract.review(text)
  assert((outcome == "clear" or outcome == "findings") and count == #contract.items(text))
  contract.name(mutate.soup(random, 8), { "small", "big", "Small" })
end

local function check_real(stage, answer, prompt)
  local ctx = stages.context(stages.plan())
  local outcome = judge(stage, answer, ctx)
  assert(judge(stage, answer:gsub("\r?\n", "\r\n"), ctx) == outcome, "CRLF changes the outcome")
  for _, key in ipairs(KEYS) do
    if contract.last(answer, key) then
      assert(judge(stage, prompt .. "\n\n" .. answer, ctx) == outcome,
        "an echo of the prompt changes the outcome")
    end
  end
end

return fuzzer.run("stages", { ... }, function(opts)
  local loaded = {}
  for index, name in ipairs(shipped.steps) do
    local stage = stages.load(name)
    loaded[index] = { stage = stage, answers = corpus.answers(name, opts.corpus),
      prompt = corpus.prompt(name) }
    for _, answer in ipairs(loaded[index].answers) do
      check_real(stage, answer, loaded[index].prompt)
    end
  end
  return function(random)
    local entry = generate.pick(random, loaded)
    local answer = generate.pick(random, entry.answers)
    if random(8) == 1 then
      answer = entry.prompt .. "\n" .. answer
    end
    local text = random(6) == 1 and mutate.soup(random, 40)
      or mutate.text(random, answer, entry.answers)
    local ctx = stages.context(make_files(random))
    local outcome = judge(entry.stage, text, ctx)
    assert(judge(entry.stage, text, ctx) == outcome, "another outcome the second time")
    check_contract(random, text)
  end
end)
