--- Puts texts for agents and people together.

local M = {}

---Paragraphs with a blank line between them; false entries are left out.
---@param parts (string|false)[]
---@return string
function M.paragraphs(parts)
  local kept = {}
  for _, part in ipairs(parts) do
    if part then
      kept[#kept + 1] = part
    end
  end
  return table.concat(kept, "\n\n")
end

---Somebody else's text, fenced so that nothing in it can end the fence.
---@param text string
---@return string
function M.verbatim(text)
  local longest = 2
  for run in text:gmatch("`+") do
    longest = math.max(longest, #run)
  end
  local fence = ("`"):rep(longest + 1)
  local last = #text
  while last > 0 and text:find("^[\r\n]", last) do
    last = last - 1
  end
  return ("%s\n%s\n%s"):format(fence, (text:sub(1, last):gsub("\r\n", "\n")), fence)
end

---One list item on each line.
---@param items string[]
---@return string
function M.list(items)
  return items[1] and "- " .. table.concat(items, "\n- ") or ""
end

---"1 phase", "3 phases".
---@param count integer
---@param word string singular
---@return string
function M.count(count, word)
  return ("%d %s%s"):format(count, word, count == 1 and "" or "s")
end

return M
