--- Whether a target can be done in one go or needs a plan first: what an agent is asked, and what
--- its answer says.

local contract = require "lib.contract"
local prose = require "lib.prose"
local text = require "lib.text"

local KEY <const> = "decision"
local WORDS <const> = { "cohesive-cleanup", "needs-plan" }
local MOST_FILES <const> = 40

local WORK <const> = [[
Work on an existing code base is about to begin. Decide whether it can be done in one go, or has to
be planned in phases first. You change nothing: read the files and what uses them, then decide.

It is a cohesive cleanup when one change of reasonable size does it: reviewed as one commit, checked
by the tests there are, taken back by one revert, without a moment in between at which the project
could not be shipped.

It needs a plan when it has to go step by step: a format, an interface or a guarantee that others
rely on changes; callers must be moved over one after another; old and new must live side by side
for a while; the order matters; something cannot be taken back; or a person has to decide first.

When in doubt, look again; if it is still in doubt, it needs a plan.]]

local CONTRACT <const> = [[
## Output contract

End with one line of its own: `decision: cohesive-cleanup` or `decision: needs-plan`, alone or
followed by a dash and the reason in one sentence.]]

local M = {}

---The files of a target, as lines of a prompt.
---@param files string[]
---@return string|false
function M.list_files(files)
  local items = {}
  for index = 1, math.min(#files, MOST_FILES) do
    items[index] = ("`%s`"):format(text.printable(files[index]))
  end
  if #files > MOST_FILES then
    items[#items + 1] = ("and %d more"):format(#files - MOST_FILES)
  end
  return #items > 0 and "Files:\n\n" .. prose.list(items)
end

---What the agent is asked.
---@param target mighost.Target
---@param taste? string
---@return string
function M.prompt(target, taste)
  local has_taste = taste ~= nil and taste:find("%S") ~= nil
  return prose.paragraphs {
    WORK,
    "Target: " .. text.printable(target.description),
    M.list_files(target.files),
    target.scoping ~= nil
      and "What a person said of the scope:\n\n" .. prose.verbatim(target.scoping),
    has_taste and "## Taste\n\n" .. taste:gsub("%s+$", ""),
    CONTRACT,
  } .. "\n"
end

---What an answer decides.
---@param answer string
---@return "cohesive-cleanup"|"needs-plan"|nil
---@return string reason given, or why nothing is decided
function M.parse(answer)
  local value = contract.last(answer, KEY)
  if not value then
    return nil, ("there is no line \"%s: %s\""):format(KEY, table.concat(WORDS, "|"))
  end
  local word, reason = contract.decision(value, WORDS)
  if not word then
    return nil, ("%s says %s, not one of: %s"):format(KEY, contract.excerpt(value),
      table.concat(WORDS, ", "))
  end
  return word, reason or "no reason is given"
end

return M
