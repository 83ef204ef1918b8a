--- What a stage, a rule and an agent file must return; everything that is wrong with one, each with
--- its place in the table and how to mend it.  `pipeline_check` does the same for pipelines.

local check = require "lib.check"

local STAGE <const> = {
  name = "string", outcomes = "strings", needs = "strings?", produces = "strings?",
  prompt = "function", judge = "function", examples = "list?", timeout = "number?",
  silence = "number?",
}
local EXAMPLE <const> = { text = "string", outcome = "string?" }
local RULE <const> = { modes = "strings", check = "function" }
local AGENT <const> = {
  needs_model = "boolean", inherits_env = "boolean", passes = "strings?",
  secrets = "strings?", attached = "boolean?",
  command = "function", answer = "function", interactive = "function?",
}
local MODES <const> = {
  ["planning-snapshot"] = true, ["ready-publish"] = true, ["execution-gate"] = true, doctor = true,
}
local ALL_MODES <const> = "planning-snapshot, ready-publish, execution-gate, doctor"
local LONGEST <const> = 1000000000 -- seconds that host.proc can be told
local PLAIN_NAME <const> = "^%w[%w._-]*$" -- it stands in tables, on terminals, in commits
local FIELD_MENDS <const> = {
  ["unknown-field"] = "remove it, or write it as the field that is meant",
  ["missing-field"] = "add it",
  ["wrong-type"] = "change its value to what it must be",
}

---@class mighost.Problem something wrong in a file of a team
---@field severity "error"|"warning"
---@field code string
---@field message string what is wrong, without the file
---@field at (string|integer)[] keys that lead to the place from the table that the file returns
---@field mend string what to do about it, a sentence without a capital and a full stop

local function problem(code, at, message, mend)
  return { severity = "error", code = code, at = at, message = message, mend = mend }
end

---Whether the table has the declared fields; a list of problems.
local function check_fields(value, spec, at)
  local problems = {}
  for index, found in ipairs(check.problems(value, spec)) do
    local place = table.move(at, 1, #at, 1, {})
    if found.code ~= "missing-field" then
      place[#place + 1] = found.field
    end
    problems[index] = problem(found.code, place, found.message, FIELD_MENDS[found.code])
  end
  return problems
end

local function check_outcomes(stage, problems)
  local seen = {}
  for index, outcome in ipairs(stage.outcomes) do
    if outcome == "" then
      problems[#problems + 1] = problem("empty-name", { "outcomes", index },
        "field 'outcomes' has an empty name", "name the outcome")
    elseif not outcome:find(PLAIN_NAME) then
      problems[#problems + 1] = problem("unsafe-name", { "outcomes", index },
        ("field 'outcomes' has %q, not a plain name"):format(outcome),
        "use letters, digits, '.', '_' and '-', beginning with a letter or a digit")
    elseif seen[outcome] then
      problems[#problems + 1] = problem("duplicate-name", { "outcomes", index },
        ("field 'outcomes' names %s twice"):format(outcome), "remove one of them")
    end
    seen[outcome] = true
  end
  if #stage.outcomes == 0 then
    problems[#problems + 1] = problem("no-outcomes", { "outcomes" }, "field 'outcomes' is empty",
      "name at least one outcome, such as \"completed\"")
  end
  return seen
end

local function check_limits(stage, problems)
  for _, field in ipairs { "silence", "timeout" } do
    local seconds = stage[field] or 1
    if not (seconds > 0 and seconds <= LONGEST) then -- nor is it what is no number, 0/0
      problems[#problems + 1] = problem("bad-limit", { field },
        ("fields 'timeout' and 'silence' are seconds, more than 0 and at most %d"):format(LONGEST),
        "give such a number, or leave the field out")
    end
  end
end

---Whether only mighost writes a file: what an agent leaves there is put back.
local function is_own(glob)
  return glob == "manifest.json" or glob:find("^%.planning/") ~= nil
end

---Globs are compared with paths inside the migration.
local function check_globs(stage, problems)
  for _, field in ipairs { "needs", "produces" } do
    for index, glob in ipairs(stage[field] or {}) do
      if glob == "" or glob:find("^/") or ("/" .. glob .. "/"):find("/%.%.?/") then
        problems[#problems + 1] = problem("bad-glob", { field, index },
          ("field '%s' has %q, not a path inside a migration"):format(field, glob),
          "write it relative to the migration, such as \"plan.md\" or \"phase-*.md\"")
      elseif field == "produces" and is_own(glob) then
        problems[#problems + 1] = problem("own-file", { field, index },
          ("field 'produces' has %q, which only mighost writes"):format(glob),
          "name files that the agent leaves, or leave it out")
      end
    end
  end
end

local function check_examples(stage, outcomes, problems)
  for index, example in ipairs(stage.examples or {}) do
    local at = { "examples", index }
    if type(example) ~= "table" then
      problems[#problems + 1] = problem("wrong-type", at,
        ("field 'examples' has a %s; each must be a table with 'text'"):format(type(example)),
        "write { text = \"…\", outcome = \"…\" }")
    else
      local found = check_fields(example, EXAMPLE, at)
      table.move(found, 1, #found, #problems + 1, problems)
      if type(example.outcome) == "string" and not outcomes[example.outcome] then
        problems[#problems + 1] = problem("undeclared-outcome", { "examples", index, "outcome" },
          ("example %d has the outcome %s, not one of the stage's"):format(index,
            example.outcome), "name one of 'outcomes', or declare it there")
      end
    end
  end
end

local M = { MODES = MODES }

---What is wrong with a stage.
---@param value table what the file returned
---@param name string the file's, without .lua
---@return mighost.Problem[]
function M.stage(value, name)
  if value.edges ~= nil then
    return { problem("both-kinds", { "edges" }, "has edges, so it is a pipeline, not a stage",
      "move the stage and the pipeline into files of their own") }
  end
  local problems = check_fields(value, STAGE, {})
  if #problems > 0 then
    return problems
  elseif value.name ~= name then
    problems[1] = problem("wrong-name", { "name" },
      ("field 'name' must be %q as the file, not %q"):format(name, value.name),
      "give the field the file's name, or the file the field's")
  end
  local outcomes = check_outcomes(value, problems)
  check_limits(value, problems)
  check_globs(value, problems)
  check_examples(value, outcomes, problems)
  return problems
end

---What is wrong with a rule.
---@param value table what the file returned
---@return mighost.Problem[]
function M.rule(value)
  local problems = check_fields(value, RULE, {})
  if #problems > 0 then
    return problems
  end
  for index, mode in ipairs(value.modes) do
    if not MODES[mode] then
      problems[#problems + 1] = problem("unknown-mode", { "modes", index },
        ("field 'modes' names %s, which is not a mode"):format(mode), "name one of " .. ALL_MODES)
    end
  end
  if #value.modes == 0 then
    problems[1] = problem("no-modes", { "modes" }, "field 'modes' is empty: the rule never runs",
      "name one or more of " .. ALL_MODES)
  end
  return problems
end

---Names of variables that no environment can have would match nothing, without a word.
local function check_variables(agent, field, pattern, problems)
  for index, name in ipairs(agent[field] or {}) do
    if not name:find(pattern) then
      problems[#problems + 1] = problem("bad-variable", { field, index },
        ("field '%s' has %q, which is not the name of a variable"):format(field, name),
        field == "passes" and "write a name, or its beginning with a star behind it: \"OURS_*\""
          or "write the name of a variable")
    end
  end
end

---What is wrong with an agent.
---@param value table what the file returned
---@return mighost.Problem[]
function M.agent(value)
  local problems = check_fields(value, AGENT, {})
  if #problems == 0 and value.attached and not value.interactive then
    problems[1] = problem("missing-field", { "attached" },
      "field 'attached' needs the field 'interactive'", "add 'interactive', or remove 'attached'")
  elseif #problems == 0 then
    check_variables(value, "passes", "^[%a_][%w_]*%*?$", problems)
    check_variables(value, "secrets", "^[%a_][%w_]*$", problems)
  end
  return problems
end

return M
