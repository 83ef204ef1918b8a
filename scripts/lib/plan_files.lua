--- The files of a plan, for the stages that ask for them and judge them: names, headings, guide.

local text_of = require "lib.text"

local HEADINGS <const> = { "Precondition", "Definition of Done" }
local MOST_SHOWN <const> = 10

---@class mighost.lib.plan_files
local M = {}

---What every prompt that asks for phase files says about them: one wording, in one place.
M.PHASE_GUIDE = [[
Phase files are named `phase-<n>-<name>.md`: numbers from 1 without gaps, in the order of
execution; `<name>` is a short lower-case slug, used once. An agent that has not seen this
conversation will execute each file on its own, so everything it needs is in plan.md and in that
file.

Each phase is independently shippable: after it the tree builds, every test passes, and the
project could stay like that for good. Nothing is added that only a later phase uses or tests. A
phase that cannot be split and cannot be taken back in one revert is too large.

Sections of a phase file, each under a `## ` heading with exactly this name:
- `Precondition`: what must be true before the first edit, checkable in a minute by a program or a
  person: a file or function that exists, what a command prints. Name what an earlier phase left
  behind, not that it "is complete". The host runs the project's validation before and after every
  phase, so "tests pass" does not belong here, and neither does what becomes true during the
  phase.
- `Scope`: the files to change or add, and what is deliberately left alone.
- `Steps`: the edits in order, with functions, types and interfaces by name, and the failure
  cases.
- `Validation`: the commands to run, which exist or are made by this phase, and what they show. At
  least one of them fails if the phase is done wrong.
- `Definition of Done`: observable results, each with the place to look or the command to run.
- `Rollback`: how to go back, and what data or state a plain `git revert` would leave behind.
- `Required Effort`: one word, low, medium, high or xhigh: the lowest at which a capable agent
  will do this phase safely.
- `Effort Reason`: one sentence.]]

---Names of the approaches among the files of a workspace: `approaches/<idea>.md` gives `<idea>`.
---@param files string[]
---@return string[] names sorted
function M.approaches(files)
  local names = {}
  for _, path in ipairs(files) do
    names[#names + 1] = path:match("^approaches/([^/]+)%.md$")
  end
  table.sort(names)
  return names
end

---The phase files among the files of a workspace, sorted.
---@param files string[]
---@return string[] paths
function M.phases(files)
  local paths = {}
  for _, path in ipairs(files) do
    paths[#paths + 1] = path:match("^phase%-%d+%-[^/]+%.md$")
  end
  table.sort(paths)
  return paths
end

---The required headings that a phase file lacks. A heading is a whole line: `##`, blanks, the words
---in any letter case, blanks; one in a code fence counts too, as it does for all who read it.
---@param text string
---@return string[] headings
function M.missing_headings(text)
  local missing = {}
  for _, heading in ipairs(HEADINGS) do
    local pattern = "^##[ \t]+" .. heading:lower() .. "[ \t]*$"
    local found = false
    for line in text:gmatch("[^\r\n]+") do
      found = found or line:lower():find(pattern) ~= nil
    end
    if not found then
      missing[#missing + 1] = heading
    end
  end
  return missing
end

---Names for a reason that is read in one line: harmless, and not more than a few.
---@param names string[]
---@return string
function M.show(names)
  local shown = {}
  for index = 1, math.min(#names, MOST_SHOWN) do
    shown[index] = text_of.printable(names[index])
  end
  if #names > MOST_SHOWN then
    shown[#shown + 1] = ("and %d more"):format(#names - MOST_SHOWN)
  end
  return table.concat(shown, ", ")
end

local function check_phase(ctx, path)
  local shown = M.show { path }
  local text, why = ctx.read(path)
  if not text then
    return nil, ("cannot read %s: %s"):format(shown, why or "it is not there")
  end
  local missing = M.missing_headings(text)
  if #missing > 0 then
    return nil, ("%s lacks the heading \"## %s\""):format(shown,
      table.concat(missing, '" and "## '))
  end
  return true
end

---Judges the files that expand and revise must leave: plan.md, and phase files with both headings.
---A file that looks like a phase but would never be run as one is refused, not passed over.
---@param ctx mighost.Context
---@return integer? phases how many there are
---@return string? why
function M.check(ctx)
  local files = ctx.files()
  local has_plan = false
  for _, path in ipairs(files) do
    has_plan = has_plan or path == "plan.md"
    if path:find("^phase%-[^/]*%.md$") and #M.phases { path } == 0 then
      return nil, M.show { path } .. " is not named phase-<n>-<name>.md with a number for <n>"
    end
  end
  if not has_plan then
    return nil, "plan.md was not written"
  end
  local phases = M.phases(files)
  if #phases == 0 then
    return nil, "no phase-<n>-<name>.md was written"
  end
  for _, path in ipairs(phases) do
    local ok, why = check_phase(ctx, path)
    if not ok then
      return nil, why
    end
  end
  return #phases
end

return M
