--- What an agent printed, as its adapter reads it: from memory where it is whole, else the log.

local fs = require "host.fs"

local text = require "lib.text"

local READ_CHUNK <const> = 1 << 16
local LINE_LIMIT <const> = 16 << 20 -- what is behind it in one line is passed over
local LAST_LINE_LIMIT <const> = 200 -- bytes, for messages

---@class mighost.Output
---@field bytes integer how much was printed
---@field whole boolean whether `head` is everything
---@field text fun(max: integer): string at most `max` bytes from the start
---@field lines fun(): fun(): string|nil an iterator over the lines, each cut at 16 MiB
---@field last_line fun(): string|nil the last line with something in it, fit for a message
---@field read fun(n: integer): string|nil the next `n` bytes at most, nil at the end

local function whole_file(path, max)
  local file <close> = io.open(path, "rb")
  return file and file:read(max) or ""
end

local function whole_lines(all)
  local position = 1
  return function()
    if position > #all then
      return nil
    end
    local line, after = all:match("^([^\n]*)\n?()", position)
    position = after
    return line
  end
end

---A line that is longer than a chunk, in one piece: joining its chunks would hold it three times.
local function reread(file, from, size)
  local resume = file:seek()
  file:seek("set", from)
  local line = file:read(math.min(size, LINE_LIMIT)) or ""
  file:seek("set", resume)
  return line
end

local function chunked_lines(path)
  local file = io.open(path, "rb")
  local chunk, start = file and file:read(READ_CHUNK), 0 -- where the chunk begins in the file
  local position = 1
  return function()
    if not chunk then
      return nil
    end
    local from, within, first = start + position - 1, chunk, position
    local stop = chunk:find("\n", position, true)
    while chunk and not stop do
      start, position = start + #chunk, 1
      chunk, within = file:read(READ_CHUNK), nil
      stop = chunk and chunk:find("\n", 1, true)
    end
    local size = start + (stop or 1) - 1 - from
    local line = within and within:sub(first, stop - 1) or reread(file, from, size)
    if stop then
      position = stop + 1
    end
    if chunk and position > #chunk then
      start, position = start + #chunk, 1
      chunk = file:read(READ_CHUNK)
    end
    return line
  end, nil, nil, file
end

local function read_end(path)
  local file <close> = io.open(path, "rb")
  local size = file and file:seek("end")
  return size and file:seek("set", math.max(0, size - READ_CHUNK)) and file:read(READ_CHUNK) or ""
end

---A pattern would try every beginning of a long line.
local function last_line_of(all)
  local stop = #all
  while stop > 0 and all:find("^%s", stop) do
    stop = stop - 1
  end
  local start = stop
  while start > 1 and not all:find("^[\r\n]", start - 1) do
    start = start - 1
  end
  return all:sub(start, stop)
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
  function output.last_line()
    local tail = captured.whole and captured.head:sub(-READ_CHUNK) or read_end(path)
    local last = last_line_of(tail)
    return last ~= "" and text.printable(last:sub(1, LAST_LINE_LIMIT)) or nil
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

---A file that the agent was told to write; one that is not a regular file counts as not written.
---@param path string
---@return mighost.Output
function M.of_file(path)
  local dir <close> = fs.open_dir(path:match("^(.*)/") or ".")
  local info = dir and dir:stat(path:match("[^/]+$"))
  local size = info and info.kind == "file" and info.size or 0
  return M.open({ bytes = size, head = "", whole = size == 0 }, path)
end

return M
