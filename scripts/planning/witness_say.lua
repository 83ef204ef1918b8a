--- Reports what an agent changed but must not: one line for people, all of it for the evidence.

local text = require "lib.text"

local SHOWN <const> = 3
local ORDER <const> = { -- what matters most comes first
  "hooks", "config", "mighost's configuration", "the agent's settings", "HEAD", "refs", "the index",
  "the stash", "mighost's state", "mighost's own records",
}

local function rank(label)
  for index, name in ipairs(ORDER) do
    if name == label then
      return index
    end
  end
  return #ORDER + 1
end

---The differences by label, the labels in order.
local function group(found)
  local labels, by_label = {}, {}
  for _, difference in ipairs(found) do
    local label = difference.label
    if not by_label[label] then
      by_label[label] = {}
      labels[#labels + 1] = label
    end
    table.insert(by_label[label], difference)
  end
  table.sort(labels, function(a, b)
    if rank(a) ~= rank(b) then
      return rank(a) < rank(b)
    end
    return a < b
  end)
  return labels, by_label
end

---A path as people know it.
local function shorten(path, project)
  local top = project.worktree .. "/"
  local home = os.getenv "HOME"
  if path:sub(1, #top) == top then
    return path:sub(#top + 1)
  elseif home and path:sub(1, #home + 1) == home .. "/" then
    return "~" .. path:sub(#home + 1)
  end
  return path
end

local function describe(difference, project)
  local words = ("%s %s"):format(text.printable(shorten(difference.path, project)), difference.how)
  if difference.restored == nil then
    return words
  end
  return words .. (difference.restored and " (put back)" or " (cannot be put back)")
end

local M = {}

---One line: what, and the first few paths.
---@param found mighost.Difference[]
---@param project mighost.Project
---@param kind "planning"|"work"
---@param who string|nil
---@return string
function M.line(found, project, kind, who)
  local labels, by_label = group(found)
  local parts = {}
  for _, label in ipairs(labels) do
    local words, all = {}, by_label[label]
    for index = 1, math.min(#all, SHOWN) do
      words[index] = describe(all[index], project)
    end
    local more = #all > SHOWN and (" and %d more"):format(#all - SHOWN) or ""
    parts[#parts + 1] = ("%s: %s%s"):format(text.printable(label), table.concat(words, ", "), more)
  end
  return ("%s reached beyond its %s: %s"):format(who or "the agent",
    kind == "work" and "work tree" or "work dir", table.concat(parts, "; "))
end

---All of them, one on each line.
---@param found mighost.Difference[]
---@param project mighost.Project
---@return string
function M.list(found, project)
  local labels, by_label = group(found)
  local lines = {}
  for _, label in ipairs(labels) do
    for _, difference in ipairs(by_label[label]) do
      lines[#lines + 1] = ("%s: %s\n"):format(text.printable(label), describe(difference, project))
    end
  end
  return table.concat(lines)
end

return M
