--- Tries an agent's file without starting anything: the command that it gives for a sample call,
--- and what it makes of sample reports.

local agent_files = require "planning.agent_files"
local check = require "lib.check"
local output = require "planning.output"
local places = require "planning.places"
local trial = require "planning.inspect_trial"

local COMMAND <const> = {
  argv = "strings", env = "map?", stdin = "string?", writes = "strings?", updates = "strings?",
  files = "map?", settings = "list?",
}
local KINDS <const> = {
  ["rate-limited"] = true, auth = true, refused = true, empty = true, broken = true,
}
local COMMAND_MEND <const> = "return { argv = { … }, env = { … }, stdin = … }, or nil and why"
local ANSWER_MEND <const> = "return { text = … }, or nil, why and a kind of trouble"

local function problem(field, code, message, mend)
  return { severity = "error", code = code, at = { field }, message = message, mend = mend }
end

---Whether a map has texts only.
local function is_of_texts(map)
  for key, value in pairs(map or {}) do
    if type(key) ~= "string" or type(value) ~= "string" then
      return false
    end
  end
  return true
end

---What is wrong with a command.
local function fault_of(call, command, why)
  if command == nil then
    return (type(why) ~= "string" or not why:find("%S")) and "is refused without a reason" or nil
  elseif type(command) ~= "table" then
    return ("is a %s, not a table"):format(type(command))
  end
  local first = check.problems(command, COMMAND)[1]
  if first then
    return "is not sound: " .. first.message
  elseif not command.argv[1] or command.argv[1] == "" then
    return "names no program"
  elseif not is_of_texts(command.env) or not is_of_texts(command.files) then
    return "is not sound: 'env' and 'files' have texts only"
  end
  local fault = agent_files.problem(call, command) or places.problem(call, command)
  return fault and "is not sound: " .. fault or nil
end

local function try_command(file, field, call, report)
  local fn = file.value[field]
  local ok, command, why = trial.call(file, report, {
    code = "command-failed", field = field, mend = COMMAND_MEND,
    what = ("%s fails for a sample call"):format(field),
  }, fn, call)
  local fault = ok and fault_of(call, command, why)
  if fault then
    report(file, problem(field, "bad-command", ("what %s gives for a sample call %s"):format(field,
      fault), COMMAND_MEND))
  end
  return ok and not fault and command or nil
end

local function stream(text)
  return output.open({ bytes = #text, head = text, tail = "", whole = true }, "/dev/null")
end

---Reports of programs that did well, failed, were ended, or printed what nobody expects; what they
---printed is in the files, too, that the command names.
local function sample_reports(command)
  local function of(fields, stdout, stderr)
    fields.stdout, fields.stderr, fields.files = stream(stdout), stream(stderr), {}
    for name in pairs(command and command.files or {}) do
      fields.files[name] = stream(stdout)
    end
    return fields
  end
  return {
    { "an answer", of({ exit = 0 }, "An answer.\n", "") },
    { "nothing printed", of({ exit = 0 }, "", "") },
    { "a failure", of({ exit = 1 }, "", "cannot connect\n") },
    { "a signal", of({ signal = 9, ended_by = "timeout" }, "half an ans", "") },
    { "bytes that are not text", of({ exit = 0 }, "\xff\0{\"type\":", "\27[2J") },
  }
end

local function fault_in_answer(answer, why, kind)
  if answer == nil then
    if type(why) ~= "string" or not why:find("%S") then
      return "is refused without a reason"
    end
    return kind ~= nil and not KINDS[kind] and ("has the unknown kind %s"):format(tostring(kind))
      or nil
  elseif type(answer) ~= "table" or type(answer.text) ~= "string" then
    return "is not a table with a text"
  elseif answer.usage ~= nil and type(answer.usage) ~= "table" then
    return "has a usage that is not a table"
  end
end

local function try_answer(file, about, sample, report)
  local ok, answer, why, kind = trial.call(file, report, {
    code = "answer-failed", field = "answer", mend = ANSWER_MEND,
    what = "answer fails for " .. about,
  }, file.value.answer, sample)
  local fault = ok and fault_in_answer(answer, why, kind)
  if fault then
    report(file, problem("answer", "bad-answer", ("what answer makes of %s %s"):format(about,
      fault), ANSWER_MEND))
  end
  return ok and not fault
end

local M = {}

---@param file mighost.InspectedFile an agent that was loaded
---@param call mighost.AgentCall
---@param report mighost.ReportProblem
function M.try(file, call, report)
  local command = try_command(file, "command", call, report)
  if file.value.interactive then
    try_command(file, "interactive", call, report)
  end
  for _, sample in ipairs(sample_reports(command)) do
    if not try_answer(file, sample[1], sample[2], report) then
      return
    end
  end
end

return M
