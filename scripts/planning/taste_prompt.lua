--- The prompt for an agent that works on a taste together with a person.

local FRAME <const> = [[
A person decides with you, at the terminal, what a good change to their code looks like. The text
that comes of it, their taste, ends every prompt that asks an agent to plan or to change their code.

File: %s

%s

## What makes a taste useful

- It is short: a page at most, headings and lists, sentences that tell an agent what to do.
- It decides: "prefer deleting code to adding it" helps, "write good code" does not.
- It says what differs here from what everybody does anyway.
- It covers size and boundaries of changes, what may break and what may not, tests, names and
  comments, dependencies, and what the person never wants to see.

## How to work

%s

Change that one file and nothing else; leave its first line as it is where it says `taste-version`.
When the person is content, write the file and end. mighost looks at it then and puts it into use.]]

-- By mode: what the text starts from, and what to do.
local MODES <const> = {
  interview = {
    "It holds a text to start from. Ask, and write it anew.",
    "Ask one question at a time, few, the ones that matter most first; offer an answer where the\n"
      .. "code around you suggests one. Then show the text and ask what is wrong with it.",
  },
  refine = {
    "It holds the taste as it is. The person wants some of it changed.",
    "Ask what should change, propose the new wording, and keep what nobody asked you to change.",
  },
  upgrade = {
    "It holds a taste that was written for an older mighost. What one starts from today is:\n\n%s",
    "Keep every opinion that is there. Find what today's text speaks of and theirs does not, and\n"
      .. "ask the person about that, one question at a time.",
  },
}

local M = {}

---@param mode "interview"|"refine"|"upgrade"
---@param path string the file to change
---@param default string what a taste starts from today
---@return string
function M.assemble(mode, path, default)
  local start, how = table.unpack(MODES[mode])
  if mode == "upgrade" then
    start = start:format((default:gsub("[^\n]+", "    %0")))
  end
  return FRAME:format(path, start, how) .. "\n"
end

return M
