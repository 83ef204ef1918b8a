--- What an adapter in a process of its own sees of an agent's output: everything is read here, in
--- pieces of a bounded size.

local TEXT_MAX <const> = 16 << 20 -- bytes at once
local BATCH <const> = 1 << 16     -- of lines; a longer line goes alone
local OPEN_MAX <const> = 64       -- readings of lines in one call

---@class mighost.JailViews
---@field private files table[] that were opened for lines
---@field private count integer
local Views <const> = {}
Views.__index = Views

local function check_size(size)
  if math.type(size) ~= "integer" or size < 0 then
    error("the size must be a whole number, not " .. tostring(size), 0)
  end
  return math.min(size, TEXT_MAX)
end

---Several lines at a time; nil when there are no more.
local function batches(next_line)
  return function()
    local lines, size = {}, 0
    repeat
      local line = next_line()
      lines[#lines + 1] = line
      size = size + #(line or "") + 1
    until not line or size > BATCH
    return #lines > 0 and lines or nil
  end
end

function Views:open_lines(output)
  self.count = self.count + 1
  if self.count > OPEN_MAX then
    error(("lines() can be called %d times at most"):format(OPEN_MAX), 0)
  end
  local next_line, _, _, file = output.lines()
  self.files[#self.files + 1] = file
  return batches(next_line)
end

function Views:output(output)
  return {
    bytes = output.bytes,
    last_line = output.last_line,
    text = function(max)
      return output.text(check_size(max))
    end,
    read = function(size)
      return output.read(check_size(size))
    end,
    open_lines = function()
      return self:open_lines(output)
    end,
  }
end

---A report with functions that can be handed over.
---@param report mighost.AgentReport
---@return table
function Views:report(report)
  local files = {}
  for name, output in pairs(report.files) do
    files[name] = self:output(output)
  end
  return {
    exit = report.exit, signal = report.signal, ended_by = report.ended_by, files = files,
    stdout = self:output(report.stdout), stderr = self:output(report.stderr),
  }
end

---Closes what a script did not read to its end.
function Views:__close()
  for _, file in ipairs(self.files) do
    file:close()
  end
end

local M = {}

---The views for one call.
---@return mighost.JailViews to be closed
function M.new()
  return setmetatable({ files = {}, count = 0 }, Views)
end

return M
