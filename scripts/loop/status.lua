--- The status block in an agent's answer: what it says about its own work, believed only as far as
--- choosing between trying again, giving up and asking a person.
---
--- Only the last complete pair of marks counts: agents quote their instructions, and correct
--- themselves.  A value that is none of those asked for reads as absent, and so does an empty one.

local tables = require "lib.tables"
local text = require "lib.text"

local BEGIN <const> = "BEGIN_MIGHOST_STATUS"
local END <const> = "END_MIGHOST_STATUS"
local MAX_ITEMS <const> = 50
local MAX_VALUE <const> = 4000 -- bytes

local set <const> = tables.to_set

-- What a value must be one of; any other field is free text.
local CHOICES <const> = {
  decision = set { "commit", "retry", "abandon", "blocked" },
  retry_recommendation = set { "same-target", "new-target", "none", "human-review" },
  failure_kind = set {
    "timeout", "stuck", "agent-infra-failure", "agent-exited-nonzero", "agent-requested-transition",
    "validation-failed", "validation-infra-failure", "phase-failed", "phase-ready-no",
    "phase-ready-unverifiable", "phase-effort-over-budget", "planning-rejected",
    "planning-blocked",
  },
}
local FREE <const> = set {
  "phase_reached", "summary", "commit_rationale", "next_retry_focus", "tests_run",
}

---@class mighost.AgentStatus
---@field phase_reached string|nil
---@field decision "commit"|"retry"|"abandon"|"blocked"|nil
---@field retry_recommendation "same-target"|"new-target"|"none"|"human-review"|nil
---@field failure_kind string|nil
---@field summary string|nil
---@field commit_rationale string|nil
---@field next_retry_focus string|nil
---@field tests_run string|nil
---@field evidence string[]

---A line without what is around its words; linear in its length, whatever it is made of.
local function trim(line)
  local first = line:find("[^%s]") or #line + 1
  local last = #line
  while last >= first and line:find("^%s", last) do
    last = last - 1
  end
  return line:sub(first, last)
end

---The lines between the last two marks that belong together.
local function find_block(answer)
  local lines, begun, first, last = text.lines(answer), nil, nil, nil
  for index, line in ipairs(lines) do
    local word = trim(line)
    if word == BEGIN then
      begun = index
    elseif word == END and begun then
      first, last, begun = begun + 1, index - 1, nil
    end
  end
  return lines, first, last
end

---Not longer than a file that others read should hold, at a character's end.
local function bound(value)
  if #value <= MAX_VALUE then
    return value
  end
  local cut = MAX_VALUE
  while cut > 0 and value:byte(cut + 1) & 0xC0 == 0x80 do
    cut = cut - 1
  end
  return value:sub(1, cut)
end

local function take_field(status, key, value)
  local choices = CHOICES[key]
  if choices then
    value = value:lower()
    status[key] = choices[value] and value or nil
  elseif FREE[key] then
    status[key] = value ~= "" and bound(value) or nil
  end
end

local M = { BEGIN = BEGIN, END = END }

---@param answer string
---@return mighost.AgentStatus|nil status nil without a complete block
function M.parse(answer)
  local lines, first, last = find_block(answer)
  if not first then
    return nil
  end
  local status, in_evidence = { evidence = {} }, false
  for index = first, last do
    local line = trim(lines[index])
    local key, value = line:match("^([%a_]+)%s*:(.*)$")
    local item = in_evidence and line:match("^[-*]%s+(.*)$")
    if key then
      in_evidence = key:lower() == "evidence"
      take_field(status, key:lower(), trim(value))
    elseif item and #status.evidence < MAX_ITEMS and item ~= "" then
      status.evidence[#status.evidence + 1] = bound(item)
    end
  end
  return status
end

---What an agent is told about the block.
---@return string
function M.contract()
  return table.concat({
    "End your answer with this block, each mark on a line of its own:",
    "",
    BEGIN,
    "phase_reached: how far you came, in a few words",
    "decision: commit, or retry, abandon or blocked where the work must not be kept",
    "retry_recommendation: same-target, new-target, none or human-review",
    "failure_kind: agent-requested-transition where the decision is not commit",
    "summary: what was done, in one sentence",
    "commit_rationale: why the change is made, in one sentence, for the commit message",
    "next_retry_focus: where another attempt has to look, if there is one",
    "tests_run: the checks that you ran and what they said",
    "evidence:",
    "- a fact that supports the above, as many lines as needed",
    END,
  }, "\n")
end

return M
