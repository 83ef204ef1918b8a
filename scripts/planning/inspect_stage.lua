--- Tries a stage without an agent: its prompt in sample work dirs, its judge on sample answers.

local samples = require "planning.inspect_sample"
local trial = require "planning.inspect_trial"

local HUGE <const> = 1 << 20 -- bytes; a line of them, and lines of them
local HEADERS <const> = { "Stage:", "Target:", "Staged work dir:", "Live migration dir:" }
local PROMPT_MEND <const> = "make it cope with what may be missing: `ctx.plan`, answers, phases, "
  .. "feedback"
local JUDGE_MEND <const> = "make it cope with any text, and with missing files"

-- Work dirs in which a prompt must be made, by what messages call them.
local VISITS <const> = {
  { about = "at the first visit", steps = "certain" },
  { about = "where the files it needs are blank", steps = "certain", is_blank = true },
  { about = "at a later visit, with feedback", steps = "possible", is_rich = true },
}

local function problem(code, field, message, mend)
  return { severity = "error", code = code, at = { field }, message = message, mend = mend }
end

---@class mighost.StageTrial
---@field file mighost.InspectedFile
---@field stage mighost.Stage
---@field report mighost.ReportProblem
---@field place string folder for samples
---@field root string
---@field count integer
---@field steps { certain: string[], possible: string[] } stages that were accepted before it
local Trial <const> = {}
Trial.__index = Trial

---@return mighost.SampleContext|nil
---@return string? message
---@return string? NAME
function Trial:sample(visit, globs)
  self.count = self.count + 1
  return samples.context {
    place = ("%s/%d"):format(self.place, self.count), root = self.root, step = self.stage.name,
    globs = globs, steps = self.steps[visit.steps], is_blank = visit.is_blank,
    is_rich = visit.is_rich,
  }
end

local function all_globs(stage)
  local globs = table.move(stage.needs or {}, 1, #(stage.needs or {}), 1, {})
  return table.move(stage.produces or {}, 1, #(stage.produces or {}), #globs + 1, globs)
end

---Tells what is wrong with a prompt that was made; whether it is one.
function Trial:check_text(text, about)
  local function tell(code, message, mend, severity)
    local found = problem(code, "prompt", message, mend)
    found.severity = severity or "error"
    self.report(self.file, found)
    return false
  end
  if type(text) ~= "string" or not text:find("%S") then
    return tell("prompt-empty", ("the prompt %s is %s"):format(about, type(text) == "string"
      and "blank" or "a " .. type(text) .. ", not a text"), "return the text for the agent")
  elseif not utf8.len(text) then
    return tell("prompt-not-text", ("the prompt %s is not UTF-8"):format(about),
      "return valid UTF-8")
  end
  for _, header in ipairs(HEADERS) do
    if ("\n" .. text):find("\n" .. header, 1, true) then
      tell("repeats-header", ("the prompt writes the line '%s', which mighost puts in front of it")
        :format(header), "leave that line out", "warning")
    end
  end
  return true
end

function Trial:try_prompt(visit)
  local sample, message, name = self:sample(visit, self.stage.needs or {})
  if not sample then
    return nil, message, name
  end
  local about = { code = "prompt-failed", field = "prompt", mend = PROMPT_MEND,
    what = "the prompt fails " .. visit.about }
  local ok, text = trial.call(self.file, self.report, about, self.stage.prompt, sample.ctx)
  ok = ok and self:check_text(text, visit.about)
  if ok then
    local again, second = trial.call(self.file, self.report, about, self.stage.prompt, sample.ctx)
    if again and second ~= text then
      self.report(self.file, problem("prompt-varies", "prompt",
        "the prompt differs from call to call, so it cannot be replayed from a recording",
        "make it depend on `ctx` alone"))
    end
  end
  sample.dir:close()
  return ok and text
end

---The prompt at every visit; one that fails at the first fails at the rest too, as a rule.
---@return string|nil prompt the last one, "" where it fails
---@return string? message
---@return string? NAME
function Trial:try_prompts()
  local prompt
  for _, visit in ipairs(VISITS) do
    local text, message, name = self:try_prompt(visit)
    if text == nil then
      return nil, message, name
    elseif not text then
      return ""
    end
    prompt = text
  end
  return prompt
end

---Tells what is wrong with what a judge made of an answer; whether nothing is.
function Trial:check_verdict(outcome, reason, about)
  local declared = false
  for _, name in ipairs(self.stage.outcomes) do
    declared = declared or name == outcome
  end
  local function tell(code, message, mend)
    self.report(self.file, problem(code, "judge", ("the judge, given %s, %s"):format(about,
      message), mend))
  end
  if outcome ~= nil and not declared then
    tell("undeclared-outcome", ("answers %s, not one of its outcomes"):format(
      type(outcome) == "string" and ("%q"):format(outcome) or "a " .. type(outcome)),
      ("return one of: %s; or nil and why"):format(table.concat(self.stage.outcomes, ", ")))
  elseif outcome == nil and (type(reason) ~= "string" or not reason:find("%S")) then
    tell("no-reason", "refuses without a reason", "return nil and a sentence that says why")
  elseif outcome ~= nil and reason ~= nil and type(reason) ~= "string" then
    tell("no-reason", ("gives a %s as its reason"):format(type(reason)),
      "return the reason as a text, or none")
  else
    return true
  end
  return false
end

function Trial:try_answer(sample, text, files, about)
  local ok, outcome, reason = trial.call(self.file, self.report, {
    code = "judge-failed", field = "judge", mend = JUDGE_MEND,
    what = ("the judge fails when it is given %s"):format(about),
  }, self.stage.judge, { text = text, files = files }, sample.ctx)
  return ok and self:check_verdict(outcome, reason, about), outcome, reason
end

local function to_answers(prompt)
  local bytes = {}
  for byte = 0, 255 do
    bytes[#bytes + 1] = string.char(byte)
  end
  return {
    { "an empty answer", "" },
    { "a blank answer", " \n\t\r\n" },
    { "a huge answer in one line", ("x"):rep(HUGE) },
    { "a huge answer", ("1. word: word - word\n"):rep(HUGE // 21) },
    { "a binary answer", table.concat(bytes) },
    { "an echo of its prompt", prompt },
  }
end

function Trial:try_answers(prompt)
  local sample, message, name = self:sample(VISITS[1], self.stage.needs or {})
  if not sample then
    return nil, message, name
  end
  for _, answer in ipairs(to_answers(prompt)) do
    -- One that is wrong for one of these is for others too, and a runaway one takes its time.
    if not self:try_answer(sample, answer[2], {}, answer[1]) then
      break
    end
  end
  sample.dir:close()
  return true
end

---An example, once all that the stage leaves is there.
function Trial:try_examples()
  if #(self.stage.examples or {}) == 0 then
    return true
  end
  local sample, message, name = self:sample(VISITS[1], all_globs(self.stage))
  if not sample then
    return nil, message, name
  end
  for index, example in ipairs(self.stage.examples) do
    local about = "example " .. index
    local ok, outcome, reason = self:try_answer(sample, example.text, {}, about)
    if ok and outcome ~= example.outcome then
      self.report(self.file, {
        severity = "error", code = "wrong-example", at = { "examples", index },
        message = ("%s is to be %s, but is %s"):format(about, example.outcome or "refused",
          outcome or "refused: " .. tostring(reason)),
        mend = "change the example, or the judge",
      })
    end
  end
  sample.dir:close()
  return true
end

local M = {}

---@param file mighost.InspectedFile a stage that was loaded
---@param about { place: string, root: string, certain: string[], possible: string[] }
---@param report mighost.ReportProblem
---@return true|nil
---@return string? message where no sample could be made
---@return string? NAME
function M.try(file, about, report)
  local self = setmetatable({
    file = file, stage = file.value, report = report, place = about.place, root = about.root,
    count = 0, steps = { certain = about.certain, possible = about.possible },
  }, Trial)
  local prompt, message, name = self:try_prompts()
  local ok = prompt
  if prompt then
    ok, message, name = self:try_answers(prompt)
  end
  if not ok then
    return nil, message, name
  end
  return self:try_examples()
end

return M
