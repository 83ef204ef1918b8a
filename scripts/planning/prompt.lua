--- Puts a whole prompt together: what the engine knows, the stage's own text, what people said.

local M = {}

local function one_line(text)
  return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

---The text without blanks at its end; byte by byte, since a pattern is slow on long runs of them.
local function trim_end(text)
  local last = #text
  while last > 0 and text:find("^%s", last) do
    last = last - 1
  end
  return text:sub(1, last)
end

local function header(ctx)
  return table.concat({
    "Stage: " .. ctx.step,
    "Target: " .. one_line(ctx.target),
    "Staged work dir: " .. ctx.work_dir,
    "Live migration dir: " .. ctx.live_dir,
  }, "\n")
end

local function feedback_section(entries)
  local lines = { "## Feedback from people", "" }
  for index, entry in ipairs(entries) do
    lines[#lines + 1] = ("%d. %s"):format(index, (trim_end(entry.text):gsub("\n", "\n   ")))
  end
  return table.concat(lines, "\n")
end

---The prompt of one call.
---@param ctx mighost.Context
---@param work string what the stage asks for
---@return string
function M.assemble(ctx, work)
  local parts = { header(ctx), trim_end(work) }
  if #ctx.feedback > 0 then
    parts[#parts + 1] = feedback_section(ctx.feedback)
  end
  if ctx.taste then
    parts[#parts + 1] = "## Taste\n\n" .. trim_end(ctx.taste)
  end
  return table.concat(parts, "\n\n") .. "\n"
end

return M
