--- What an agent printed, as its adapter reads it: from memory where it is whole, else the log.

local READ_CHUNK <const> = 1 << 16

---@class mighost.Output
---@field bytes integer how much was printed
---@field whole boolean whether `head` is everything
---@field text fun(max: integer): string at most `max` bytes from the start
---@field lines fun(): fun(): string|nil an iterator over the lines
---@field read fun(n: integer): string|nil the next `n` bytes at most, nil at the end

local function whole_file(path, max)
  local file <close> = io.open(path, "rb")
  return file and file:read(max) or ""
end

local function whole_lines(text)
  local position = 1
  return function()
    if position > #text then
      return nil
    end
    local line, after = text:match("^([^\n]*)\n?()", position)
    position = after
    return line
  end
end

local function chunked_lines(path)
  local file = io.open(path, "rb")
  return function()
    local line = file and file:read("l")
    if not line and file then
      file:close()
      file = nil
    end
    return line
  end
end

local M = {}

---@param captured { bytes: integer, head: string, whole: boolean }
---@param path string the log file
---@return mighost.Output
function M.open(captured, path)
  local offset = 0
  local output = { bytes = captured.bytes, whole = captured.whole }
  function output.text(max)
    if captured.whole or max <= #captured.head then
      return captured.head:sub(1, max)
    end
    return whole_file(path, max)
  end
  function output.lines()
    if captured.whole then
      return whole_lines(captured.head)
    end
    return chunked_lines(path)
  end
  function output.read(n)
    local file <close> = io.open(path, "rb")
    if not file or not file:seek("set", offset) then
      return nil
    end
    local chunk = file:read(math.min(n, READ_CHUNK))
    offset = offset + #(chunk or "")
    return chunk
  end
  return output
end

---A file that the agent was told to write.
---@param path string
---@return mighost.Output
function M.of_file(path)
  local file <close> = io.open(path, "rb")
  local size = file and file:seek("end") or 0
  return M.open({ bytes = size, head = "", whole = size == 0 }, path)
end

return M
