--- Puts a whole prompt together: what the engine knows, the stage's own work, what people said.

local M = {}

local function one_line(text)
  return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
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
    lines[#lines + 1] = ("%d. %s"):format(index, (entry.text:gsub("%s+$", ""):gsub("\n", "\n   ")))
  end
  return table.concat(lines, "\n")
end

---The prompt of one call.
---@param ctx mighost.Context
---@param work string what the stage asks for
---@return string
function M.assemble(ctx, work)
  local parts = { header(ctx), (work:gsub("%s+$", "")) }
  if #ctx.feedback > 0 then
    parts[#parts + 1] = feedback_section(ctx.feedback)
  end
  if ctx.taste then
    parts[#parts + 1] = "## Taste\n\n" .. ctx.taste:gsub("%s+$", "")
  end
  return table.concat(parts, "\n\n") .. "\n"
end

return M
