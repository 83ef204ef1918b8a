--- Starting points for a team's own scripts: what lies in examples/<kind>/ goes into `.mighost/`,
--- each with the program that tests it and what was recorded for that.

local fs = require "host.fs"
local sys = require "host.sys"

local FOLDER <const> = ".mighost"
local SPECS <const> = "spec"
local RECORDED <const> = "^recordings/[^/]+"

local M = {}

--- What there is an example of.
M.kinds = { "stage", "rule", "agent", "pipeline" }

local function open_source(kind)
  return fs.open_dir(("%s/scripts/examples/%s"):format(sys.share(), kind))
end

--- All files below a folder, in byte order.
local function list_files(dir, rel, found)
  local entries, message, name = dir:list(rel)
  if not entries then
    return nil, message, name
  end
  for _, entry in ipairs(entries) do
    local path = rel and rel .. "/" .. entry.name or entry.name
    if entry.kind == "directory" then
      local ok, why, errno = list_files(dir, path, found)
      if not ok then
        return nil, why, errno
      end
    else
      table.insert(found, path)
    end
  end
  return found
end

--- The files that are to be written; one that is there and says something else is in the way.
local function choose(source, target, kind)
  local paths, message, name = list_files(source, nil, {})
  if not paths then
    return nil, message, name
  end
  local wanted = {}
  for _, path in ipairs(paths) do
    local text, why, errno = source:read(path)
    if not text then
      return nil, why, errno
    end
    local there = target:stat(path) and (target:read(path) or false)
    if there == nil then
      table.insert(wanted, { path = path, text = text })
    elseif there ~= text then
      return nil, ("%s/%s is in the way of the example of a %s"):format(FOLDER, path, kind),
        "EUSAGE"
    end
  end
  return wanted, paths
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

local function describe(kind, paths)
  local example = { kind = kind, files = {} }
  for i, path in ipairs(paths) do
    example.files[i] = FOLDER .. "/" .. path
    if path:find("^" .. SPECS .. "/") then
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

--- Writes the example of a kind; nothing where a file of somebody's is in the way.
---@param root string
---@param kind "stage"|"rule"|"agent"|"pipeline"
---@param notify fun(done: string)
---@return mighost.Example? example, string? message, string? name
function M.write(root, kind, notify)
  local source <close>, message, name = open_source(kind)
  if not source then
    return nil, message, name
  end
  local target <close>, why, errno = open_target(root)
  if not target then
    return nil, why, errno
  end
  local wanted, paths, code = choose(source, target, kind)
  if not wanted then
    return nil, paths, code
  end
  local written, problem, number = write_all(target, wanted, notify)
  if not written then
    return nil, problem, number
  end
  return describe(kind, paths)
end

return M
