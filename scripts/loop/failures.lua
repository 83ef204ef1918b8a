--- Failure snapshots: <place>/failures/<run>-attempt-NNN-retry-NN-<role>.md, one for each failure.

local folder = require "project.folder"
local snapshot = require "loop.snapshot"
local text = require "lib.text"

local EXCERPT_BYTES <const> = 4 * snapshot.LIMIT -- of each end of a file; a character has 4 at most
local FOLDER <const> = "/failures"
local MOST_EXCERPTS <const> = 8
local PRIVATE <const> = { durable = false, mode = 384 } -- 0600
local SAME_NAMES <const> = 1000

---The bytes of a file that can be in an excerpt: both ends of a long one.
local function read_ends(path)
  local file <close>, why = io.open(path, "rb")
  local size = file and file:seek("end")
  if not size or not file:seek("set", 0) then
    return nil, why or "it is not a file"
  elseif size <= 2 * EXCERPT_BYTES then
    return file:read("a")
  end
  local head, problem = file:read(EXCERPT_BYTES)
  local tail = head and file:seek("set", size - EXCERPT_BYTES) and file:read("a")
  return tail and head .. tail, problem or "it became shorter"
end

local function excerpts_of(paths)
  local excerpts = {}
  for index = 1, math.min(#paths, MOST_EXCERPTS) do
    local bytes, why = read_ends(paths[index])
    excerpts[index] = {
      path = paths[index],
      excerpt = bytes and bytes ~= "" and snapshot.excerpt(bytes) or nil,
      problem = bytes == "" and "It is empty."
        or not bytes and "It cannot be read: " .. text.printable(tostring(why)) or nil,
    }
  end
  return excerpts
end

---A name that no earlier snapshot has.
local function free_name(dir, failure)
  local stem = ("%s-attempt-%03d-retry-%02d-%s"):format(failure.run, failure.attempt,
    failure.retry_number, (failure.role:gsub("[^%w.-]", "-")))
  for number = 2, SAME_NAMES do
    if not dir:stat(stem .. ".md") then
      break
    end
    stem = stem:gsub("%~%d+$", "") .. "~" .. number
  end
  return stem .. ".md"
end

---The runs that left any, the newest first. Their names begin with a time in seconds; within one
---the last snapshot's own time counts.
local function runs_in(dir)
  local runs, by_owner = {}, {}
  for _, entry in ipairs(dir:list() or {}) do
    local owner = entry.name:match("^(.-)%-attempt%-%d")
    local info = owner and dir:stat(entry.name)
    if info then
      local run = by_owner[owner] or { stamp = owner:match("^[^-]*"), last = 0, names = {} }
      runs[#runs + 1] = not by_owner[owner] and run or nil
      by_owner[owner] = run
      run.names[#run.names + 1], run.last = entry.name, math.max(run.last, info.mtime)
    end
  end
  table.sort(runs, function(a, b)
    if a.stamp ~= b.stamp then
      return a.stamp > b.stamp
    end
    return a.last > b.last
  end)
  return runs
end

local M = {}

---Writes a snapshot.
---@param place string the project's folder in the state directory
---@param failure mighost.Failure
---@return string|nil path
---@return string? message
---@return string? NAME
function M.keep(place, failure)
  local dir <close>, message, name = folder.open(place .. FOLDER)
  if not dir then
    return nil, "cannot keep a failure snapshot: " .. message, name
  end
  local file = free_name(dir, failure)
  local written, why, code =
    dir:write(file, snapshot.text(failure, excerpts_of(failure.evidence)), PRIVATE)
  return written and ("%s%s/%s"):format(place, FOLDER, file), why, code
end

---Removes all but those of the newest runs that left any.
---@param place string the project's folder in the state directory
---@param kept integer how many runs
function M.prune(place, kept)
  local dir <close> = folder.open_if_there(place .. FOLDER)
  for index, run in ipairs(dir and runs_in(dir) or {}) do
    for _, name in ipairs(index > kept and run.names or {}) do
      dir:remove(name)
    end
  end
end

return M
