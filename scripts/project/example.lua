--- Starting points for a team's own scripts: the files in examples/<kind>/ go into `.mighost/`,
--- each with the program that tests it and a recording for that test.

local fs = require "host.fs"
local sys = require "host.sys"

local FOLDER <const> = ".mighost"
local SPECS <const> = "spec"
local RECORDED <const> = "^recordings/[^/]+"
-- The pipeline's own stage is the example of a stage: one text, so that they cannot differ.
local SHARED <const> = { pipeline = { of = "stage", path = "stages/security-review.lua" } }

local M = {}

--- The kinds that have an example.
M.kinds = { "stage", "rule", "agent", "pipeline" }

local function open_source(kind)
  return fs.open_dir(("%s/scripts/examples/%s"):format(sys.share(), kind))
end

--- Adds all files below a folder: { path, text }.
local function read_below(dir, rel, files)
  local entries, message, name = dir:list(rel)
  if not entries then
    return nil, message, name
  end
  for _, entry in ipairs(entries) do
    local path = rel and rel .. "/" .. entry.name or entry.name
    if entry.kind == "directory" then
      local ok, why, errno = read_below(dir, path, files)
      if not ok then
        return nil, why, errno
      end
    else
      local text, why, errno = dir:read(path)
      if not text then
        return nil, why, errno
      end
      table.insert(files, { path = path, text = text })
    end
  end
  return true
end

--- Adds the file that an example shares with that of another kind.
local function read_shared(shared, files)
  local dir <close>, message, name = open_source(shared.of)
  if not dir then
    return nil, message, name
  end
  local text, why, errno = dir:read(shared.path)
  table.insert(files, { path = shared.path, text = text })
  return text and true, why, errno
end

--- All files of the example of a kind, in byte order of their paths.
local function read_example(kind)
  local dir <close>, message, name = open_source(kind)
  if not dir then
    return nil, message, name
  end
  local files = {}
  local ok, why, errno = read_below(dir, nil, files)
  if ok and SHARED[kind] then
    ok, why, errno = read_shared(SHARED[kind], files)
  end
  table.sort(files, function(a, b)
    return a.path < b.path
  end)
  return ok and files, why, errno
end

--- What is on the way to a file and is no folder: a link leads elsewhere.
local function find_obstacle(target, path)
  for above in path:gmatch("()/") do
    local place = path:sub(1, above - 1)
    local found = target:stat(place)
    if not found then
      return nil
    elseif found.kind ~= "directory" then
      return place
    end
  end
end

--- What a file is: missing, the same, or in the way.
local function compare(file, target)
  local obstacle = find_obstacle(target, file.path)
  if obstacle then
    return "in the way", obstacle
  elseif not target:stat(file.path) then
    return "missing"
  end
  return target:read(file.path) == file.text and "the same" or "in the way", file.path
end

--- The files that are to be written; one that is there and says something else is in the way.
local function choose(files, target, kind)
  local wanted = {}
  for _, file in ipairs(files) do
    local state, path = compare(file, target)
    if state == "in the way" then
      return nil, ("%s/%s is in the way of the example of a %s"):format(FOLDER, path, kind),
        "EUSAGE"
    elseif state == "missing" then
      table.insert(wanted, file)
    end
  end
  return wanted
end

local function write_all(target, wanted, notify)
  local told = {}
  for _, file in ipairs(wanted) do
    local above = file.path:match("^(.*)/[^/]*$")
    local ok, message, name = target:mkdir(above)
    if ok then
      ok, message, name = target:write(file.path, file.text)
    end
    if not ok then
      return nil, message, name
    end
    local what = file.path:match(RECORDED) or file.path -- a recording may be many files
    if not told[what] then
      notify(("created %s/%s"):format(FOLDER, what))
    end
    told[what] = true
  end
  return true
end

---@class mighost.Example
---@field kind string
---@field files string[]   relative to the project's root
---@field spec string      the program that tests it, likewise

local function describe(kind, files)
  local example = { kind = kind, files = {} }
  for i, file in ipairs(files) do
    example.files[i] = FOLDER .. "/" .. file.path
    if file.path:find("^" .. SPECS .. "/") then
      example.spec = example.files[i]
    end
  end
  return example
end

--- `.mighost/`, made where it is missing.
local function open_target(root)
  local above <close>, message, name = fs.open_dir(root)
  if not above then
    return nil, message, name
  end
  local made, why, errno = above:mkdir(FOLDER)
  if not made then
    return nil, why, errno
  end
  return above:open_dir(FOLDER)
end

--- Whether the example of a kind could be written.
---@param root string
---@param kind "stage"|"rule"|"agent"|"pipeline"
---@return true? ok, string? message, string? name
function M.check(root, kind)
  local files, message, name = read_example(kind)
  if not files then
    return nil, message, name
  end
  local above <close>, why, errno = fs.open_dir(root)
  if not above then
    return nil, why, errno
  end
  local target <close>, trouble, number = above:open_dir(FOLDER)
  if not target then
    return number == "ENOENT" or nil, trouble, number
  end
  local wanted, conflict, code = choose(files, target, kind)
  return wanted and true, conflict, code
end

--- Writes the example of a kind; writes nothing if a file of somebody else's is in the way.
---@param root string
---@param kind "stage"|"rule"|"agent"|"pipeline"
---@param notify fun(done: string)
---@return mighost.Example? example, string? message, string? name
function M.write(root, kind, notify)
  local files, message, name = read_example(kind)
  if not files then
    return nil, message, name
  end
  local target <close>, why, errno = open_target(root)
  if not target then
    return nil, why, errno
  end
  local wanted, conflict, code = choose(files, target, kind)
  if not wanted then
    return nil, conflict, code
  end
  local written, problem, number = write_all(target, wanted, notify)
  if not written then
    return nil, problem, number
  end
  return describe(kind, files)
end

return M
