--- The text of a failure snapshot: all that a person needs to know about a failure.

local json = require "lib.json"
local prose = require "lib.prose"
local text = require "lib.text"
local words = require "loop.words"

local SCHEMA_VERSION <const> = 1
local LIMIT <const> = 12000 -- characters of one excerpt
local GAP <const> = "\n[… %d characters left out …]\n"

---@class mighost.Failure
---@field run string
---@field attempt integer
---@field retry_number integer
---@field created_at string
---@field target string|nil
---@field role string
---@field decision string
---@field retry string what to do with the target: same-target, new-target, none, human-review
---@field failure_kind string
---@field summary string one line
---@field why string|nil
---@field next_step string|nil
---@field artifacts string folder of the run
---@field evidence string[] paths of files

-- The front matter, in this order.
local FIELDS <const> = {
  { "run", "run" }, { "attempt", "attempt" }, { "retry", "retry_number" },
  { "created_at", "created_at" }, { "target", "target" }, { "role", "role" },
  { "decision", "decision" }, { "retry_recommendation", "retry" },
  { "failure_kind", "failure_kind" }, { "artifacts", "artifacts" },
}

---Values as JSON, which YAML readers accept too.
local function front_matter(failure)
  local lines = { "---", ("schema_version: %d"):format(SCHEMA_VERSION) }
  for _, field in ipairs(FIELDS) do
    local value = failure[field[2]]
    lines[#lines + 1] = ("%s: %s"):format(field[1], value == nil and "null" or json.encode(value))
  end
  lines[#lines + 1] = "evidence: " .. json.encode(json.array(failure.evidence))
  lines[#lines + 1] = "---"
  return table.concat(lines, "\n")
end

local function excerpt_of(evidence)
  local shown = evidence.excerpt and prose.verbatim(evidence.excerpt) or evidence.problem
  return ("### %s\n\n%s"):format(text.printable(evidence.path), shown)
end

local M = { LIMIT = LIMIT }

---The beginning and the end of what a program left, cleaned; what is in between is counted.
---@param bytes string
---@param limit? integer characters
---@return string
function M.excerpt(bytes, limit)
  local most = limit or LIMIT
  local clean = words.clean(bytes)
  local length = utf8.len(clean)
  if length <= most then
    return clean
  end
  local half = (most - #GAP:format(length)) // 2
  local head = clean:sub(1, utf8.offset(clean, half + 1) - 1)
  local tail = clean:sub(utf8.offset(clean, -half))
  return head .. GAP:format(length - 2 * half) .. tail
end

---@param failure mighost.Failure
---@param excerpts { path: string, excerpt: string|nil, problem: string|nil }[]
---@return string
function M.text(failure, excerpts)
  local parts = {
    front_matter(failure),
    ("# %s: %s"):format(failure.role, failure.failure_kind),
    "## What failed\n\n" .. failure.summary,
    "## Why\n\n" .. (failure.why or "Only the evidence says more."),
    "## Next step\n\n" .. (failure.next_step or "Read the evidence, then run mighost again."),
    #excerpts > 0 and "## Evidence",
  }
  for _, evidence in ipairs(excerpts) do
    parts[#parts + 1] = excerpt_of(evidence)
  end
  return prose.paragraphs(parts) .. "\n"
end

return M
