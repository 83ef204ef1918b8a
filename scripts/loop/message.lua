--- Messages of the loop's commits: why a change was made, and what was run to see that it holds.

local words = require "loop.words"

local FALLBACK <const> = "the agent gave no reason"
local SUBJECTS <const> = { "^the ", "^all ", "^changes? ", "^it ", "^is ", "^are " }
local SAYS_NOTHING <const> = {
  [""] = true, done = true, commit = true, ready = true, ["ready to commit"] = true,
  ["ready for commit"] = true, ["to be committed"] = true,
}

---Whether a summary says only that there is something to commit.
local function is_mere(summary)
  local plain = summary:lower():gsub("%p", ""):gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")
  for _, subject in ipairs(SUBJECTS) do
    plain = plain:gsub(subject, "", 1)
  end
  return SAYS_NOTHING[plain] == true
end

local M = {}

---Why the agent made the change, as it says: one short line.
---@param project mighost.Project
---@param status mighost.AgentStatus|nil
---@return string
function M.why(project, status)
  local said = status and status.commit_rationale
  if not said and status and status.summary and not is_mere(status.summary) then
    said = status.summary
  end
  local line = said and words.flatten(project, said) or ""
  return line ~= "" and line or FALLBACK
end

---@param project mighost.Project
---@param settings { prefix: string, validation_text: string }
---@param about string what the subject says behind the prefix
---@param why string one line
---@return string
function M.build(project, settings, about, why)
  return ("%s: %s\n\nWhy:\n%s\n\nValidation:\n%s\n"):format(settings.prefix,
    words.flatten(project, about), why, words.flatten(project, settings.validation_text))
end

return M
