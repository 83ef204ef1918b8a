--- What agents are asked in the loop's own roles: whether a phase may start, to carry it out, to
--- work on a target; and what they are told when they are asked again.

local prose = require "lib.prose"
local status = require "loop.status"

local READY <const> = [[
A plan is carried out phase by phase, without anybody watching. Say whether the phase below may
start now. You change nothing: read, then decide.

Check the phase's precondition against the code as it is, not against what the plan says of it.
Whether the project's validation is green is not your concern: it is run before and after.

- yes: the precondition holds.
- no: it does not hold yet, but may later, without a person's doing.
- unverifiable: it cannot be found out from here; a person has to say.

End with one line of its own: `ready: yes`, `ready: no` or `ready: unverifiable`, alone or followed
by a dash and the reason in one sentence.]]

local EXECUTE <const> = [[
Carry out the phase below of a plan, as a whole and nothing beyond it, until its Definition of Done
is met. Nobody watches; whoever reads your change later sees one commit.

- Work in the repository. Do not touch the plan itself: everything below the live migration dir is
  read-only for you.
- Do not commit, switch branches, tag or stash: your change is committed for you.
- When you are done, the validation command is run. If it is red, everything you did is thrown
  away: run it yourself before you say that you are done.
- Leave nothing behind that does not belong to the change: no notes, no temporary files.]]

local REFACTOR <const> = [[
Improve the code of the target below, in one change that keeps its behaviour and that somebody will
be glad to review. Nobody watches; whoever reads your change later sees one commit.

- Work in the repository, on the target's files; others only where the change demands it. Do not
  touch the live migration dir.
- Do not commit, switch branches, tag or stash: your change is committed for you.
- When you are done, the validation command is run. If it is red, everything you did is thrown
  away: run it yourself before you say that you are done.
- Where nothing is worth changing, change nothing and say so.]]

---@class mighost.EarlierTry what the try before this one came to
---@field summary string
---@field excerpt string|nil what the validation printed last
---@field focus string|nil where the agent said to look

local function header(lines)
  local out = {}
  for _, line in ipairs(lines) do
    if line[2] then
      out[#out + 1] = ("%s: %s"):format(line[1], (line[2]:gsub("%s+", " ")))
    end
  end
  return table.concat(out, "\n")
end

local function validation_section(command)
  return "## Validation command\n\n" .. prose.verbatim(command)
end

local function earlier_section(earlier, more)
  if not earlier then
    return false
  end
  return prose.paragraphs {
    "## An earlier try\n\nThis was tried before and thrown away: " .. earlier.summary,
    earlier.focus and "The earlier agent said where to look: " .. earlier.focus or false,
    (earlier.excerpt or "") ~= ""
      and "The last that was printed:\n\n" .. prose.verbatim(earlier.excerpt),
    more or false,
  }
end

local function file_list(files)
  local items = {}
  for index, file in ipairs(files) do
    items[index] = ("`%s`"):format(file)
  end
  return #items > 0 and "## Files\n\n" .. prose.list(items)
end

local function taste_section(taste)
  return taste and "## Taste\n\n" .. taste or false
end

local M = {}

---@param about { target: string, slug: string, file: string, text: string, live_dir: string }
---@return string
function M.ready(about)
  return prose.paragraphs {
    header { { "Role", "phase.ready-check" }, { "Target", about.target },
      { "Live migration dir", about.live_dir }, { "Phase", about.file } },
    READY, "## The phase\n\n" .. prose.verbatim(about.text),
  } .. "\n"
end

---@param about { target: string, slug: string, file: string, text: string, live_dir: string,
---  validation: string, taste: string|nil }
---@param earlier mighost.EarlierTry|nil
---@return string
function M.execute(about, earlier)
  return prose.paragraphs {
    header { { "Role", "phase.execute" }, { "Target", about.target },
      { "Live migration dir", about.live_dir }, { "Phase", about.file } },
    EXECUTE, "## The phase\n\n" .. prose.verbatim(about.text), validation_section(about.validation),
    earlier_section(earlier), "## Output contract\n\n" .. status.contract(),
    taste_section(about.taste),
  } .. "\n"
end

---@param about { description: string, files: string[], scoping: string|nil, live_dir: string,
---  validation: string, instructions: string|nil, fix: string|nil, taste: string|nil }
---@param earlier mighost.EarlierTry|nil
---@return string
function M.refactor(about, earlier)
  return prose.paragraphs {
    header { { "Role", "refactor" }, { "Target", about.description },
      { "Live migration dir", about.live_dir } },
    about.instructions or REFACTOR, file_list(about.files),
    about.scoping and "## Scope\n\n" .. about.scoping or false,
    validation_section(about.validation),
    earlier_section(earlier, about.fix), "## Output contract\n\n" .. status.contract(),
    taste_section(about.taste),
  } .. "\n"
end

return M
